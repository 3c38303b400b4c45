"""Sample accounts: the same addresses and names at every run."""

from collections.abc import Iterator

from django.contrib.auth.hashers import check_password, make_password

from apps.users.models import CustomUser

ADMIN = "admin@example.com"
# Every run creates it, and the API documentation logs in with it.
USER = "user00001@example.com"
# Public, and therefore used only with DEBUG.
PASSWORD = "correct-horse-battery"  # noqa: S105
_SAMPLE = r"^(admin|user[0-9]+)@example\.com$"
_BATCH = 1000
_FIRST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Margaret", "Dennis", "Radia", "Ken", "Frances")
_LAST = ("Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Hamilton", "Ritchie", "Perlman", "Thompson")


def create_users(count: int, password: str) -> Iterator[list[str]]:
    """Create the missing ones of the first `count` sample users; yield their addresses in batches."""
    # One hash for all: hashing is slow by design, and they share a password anyway.
    digest = make_password(password)
    for start in range(1, count + 1, _BATCH):
        users = [_user(number, digest) for number in range(start, min(start + _BATCH, count + 1))]
        there = set(CustomUser.objects.filter(email__in=[user.email for user in users]).values_list("email", flat=True))
        missing = [user for user in users if user.email not in there]
        # Another process may seed at the same time.
        CustomUser.objects.bulk_create(missing, ignore_conflicts=True)
        yield [user.email for user in missing]


def _user(number: int, digest: str) -> CustomUser:
    return CustomUser(
        email=f"user{number:05}@example.com",
        password=digest,
        # Two lists whose lengths have no common divisor: 110 different names.
        first_name=_FIRST[number % len(_FIRST)],
        last_name=_LAST[number % len(_LAST)],
    )


def create_admin(password: str) -> bool:
    """Create the administrator; return whether it was missing."""
    if CustomUser.objects.filter(email=ADMIN).exists():
        return False
    CustomUser.objects.create_superuser(ADMIN, password)
    return True


def who_can_log_in(password: str) -> str:
    """Return the address of a sample account that still has this password; empty if there is none."""
    accounts = CustomUser.objects.filter(email__in=[ADMIN, USER], is_active=True).order_by("email")
    return next((user.email for user in accounts if check_password(password, user.password)), "")


def delete_samples() -> int:
    """Delete the sample accounts with everything that belongs to them; return how many."""
    _, deleted = CustomUser.objects.filter(email__regex=_SAMPLE).delete()
    return deleted.get("users.CustomUser", 0)
