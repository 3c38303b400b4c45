"""The accounts and tokens of the benchmark, in a database of its own."""

from typing import NamedTuple

PASSWORD = "correct horse battery staple"  # noqa: S105 - of a benchmark
_BATCH = 5000


class Seeded(NamedTuple):
    """Tokens of an ordinary user, of others with many tokens, and of one of the staff; and who may log in."""

    user: str
    fifty: str
    thousand: str
    staff: str
    pk: int
    email: str
    password: str
    accounts: int


def seed(accounts: int) -> Seeded:
    """Create so many accounts."""
    from knox.models import get_token_model  # noqa: PLC0415 - Django has to be set up first

    from apps.users.models import CustomUser  # noqa: PLC0415

    tokens = get_token_model().objects
    for first in range(0, accounts, _BATCH):
        CustomUser.objects.bulk_create(
            CustomUser(email=f"user{number}@example.com", first_name="Ada", last_name="Lovelace")
            for number in range(first, min(first + _BATCH, accounts))
        )
    users = [
        CustomUser.objects.create_user(email=f"{name}@example.com", password=PASSWORD, is_staff=name == "staff")
        for name in ("one", "fifty", "thousand", "staff", "login")
    ]
    made = {user.email.partition("@")[0]: tokens.create(user=user)[1] for user in users}
    for user, count in zip(users, (0, 49, 999, 0, 0), strict=True):
        for _ in range(count):
            tokens.create(user=user)
    # Logins end the oldest of an account's sessions, so they have an account of their own.
    one = users[0]
    return Seeded(
        made["one"], made["fifty"], made["thousand"], made["staff"], one.pk, users[-1].email, PASSWORD, accounts
    )
