import pytest
from django.conf import settings

from apps.core.limiter import limiter

# What is logged in a run is a result of it, too.
pytest_plugins = ["tests.database", "tests.log_audit"]


def pytest_configure() -> None:
    # Tests flush Redis: never development's.
    if not settings.TEST:
        pytest.exit(f"Tests need ENVIRONMENT=test, and it is {settings.ENVIRONMENT}.", returncode=2)


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    """What one test used up must not throttle the next."""
    limiter().client.flushdb()
