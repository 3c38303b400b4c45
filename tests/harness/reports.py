"""What a test logged or said travels to pytest's first process as UTF-8, which has no half characters.

A plugin of pytest, which conftest.py loads. Without it one such line ends the whole run, with an internal error.
"""

from collections.abc import Generator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    return sendable((yield))


def sendable(value: Any) -> Any:
    """Return a report's data with half of each surrogate pair written as an escape."""
    match value:
        case str():
            return value.encode(errors="backslashreplace").decode()
        case dict():
            return {sendable(key): sendable(each) for key, each in value.items()}
        case list() | tuple():
            return type(value)(map(sendable, value))
    return value
