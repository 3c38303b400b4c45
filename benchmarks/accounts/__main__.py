"""Can one tell by the time of an answer whether an address has an account? `just bench accounts`.

Known and unknown addresses take turns, so that a busy machine slows both; argon2, as in production. Exit status 1
where the medians of 50 differ by more than 10 %.
"""

import os
import sys
from statistics import median
from time import perf_counter

# Databases of its own, in Postgres and Redis.
os.environ.update(ENVIRONMENT="test", PYTEST_XDIST_WORKER="gw79", DJANGO_SETTINGS_MODULE="conf.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402 - Django must be set up first
from django.test import Client, override_settings  # noqa: E402
from django.test.utils import setup_databases, setup_test_environment, teardown_databases  # noqa: E402
from django.urls import reverse  # noqa: E402

from apps.users.models import CustomUser  # noqa: E402

ROUNDS = 50
WARM = 5
PASSWORD = "engine-no-1842"  # noqa: S105
LIMITLESS = dict.fromkeys(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "1000000/s")
SETTINGS = {
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.Argon2PasswordHasher"],
    "REST_FRAMEWORK": {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": LIMITLESS},
}
REQUESTS = {
    "knox_login": {"password": "wrong"},
    "register": {"password": PASSWORD, "password2": PASSWORD},
    "password_reset": {},
}


def seconds(client: Client, name: str, email: str) -> float:
    data = {"email": email, **REQUESTS[name]}
    started = perf_counter()
    client.post(reverse(f"v1:users:{name}"), data, "application/json")
    return perf_counter() - started


def compare(name: str) -> float:
    """Return by how much the medians differ, as a part of the smaller one."""
    client = Client()
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(-WARM, ROUNDS):
        pair = {"known": f"user{number % 5}@example.com", "unknown": f"{name}{number}@example.com"}
        # Who is first takes turns, too.
        for kind in sorted(pair, reverse=bool(number % 2)):
            times[kind].append(seconds(client, name, pair[kind]))
    known, unknown = (median(values[WARM:]) for values in times.values())
    difference = abs(known - unknown) / min(known, unknown)
    print(f"{name:16} known {known * 1000:7.2f} ms   unknown {unknown * 1000:7.2f} ms   {difference:6.1%}")
    return difference


def main() -> int:
    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        with override_settings(**SETTINGS):
            for number in range(5):
                CustomUser.objects.create_user(f"user{number}@example.com", PASSWORD)
            differences = [compare(name) for name in REQUESTS]
    finally:
        teardown_databases(databases, verbosity=0)
    return 1 if max(differences) > 0.1 else 0  # noqa: PLR2004 - 10 %


if __name__ == "__main__":
    sys.exit(main())
