import gc
from pathlib import Path

import pytest
from django.conf import settings

from apps.core.throttling.limiter import limiter

# What is logged in a run is a result of it, too.
pytest_plugins = [
    "tests.harness.database",
    "tests.harness.log_audit",
    "tests.harness.reports",
    "apps.core.tests.worker",
]


def pytest_configure() -> None:
    # Tests flush Redis: never development's.
    if not settings.TEST:
        pytest.exit(f"Tests need ENVIRONMENT=test, and it is {settings.ENVIRONMENT}.", returncode=2)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import the directories of tests that the marks leave out."""
    slow = collection_path.parent.name == "tests" and f"not {collection_path.name}" in config.option.markexpr
    return True if slow else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # First, or in the end one process would have them left while the others have nothing to do.
    items.sort(key=lambda item: not item.get_closest_marker("long"))


def pytest_collection_finish() -> None:
    # What is there now stays to the end: collections of garbage need not look at all of Django each time.
    gc.freeze()


@pytest.fixture(autouse=True)
def _fresh_limits(request: pytest.FixtureRequest) -> None:
    """What one test used up must not throttle the next. Tests of stacks use servers of their own."""
    if not request.node.get_closest_marker("stack"):
        limiter().client.flushdb()
