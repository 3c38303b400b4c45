"""`migrate` on a database that is in use, and by several at once: with real connections and processes."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from pytest_django import Settings

from apps.core.management.commands import migrate
from checkout import paths

LOCK = "LOCK TABLE core_effect IN ACCESS EXCLUSIVE MODE"


class Output(StringIO):
    """What a command writes; acts when the command has written a text, however slow the machine is."""

    def __init__(self, awaited: str, action: Callable[[], object]) -> None:
        super().__init__()
        self._awaited, self._action = awaited, action

    def write(self, text: str) -> int:
        if self._awaited in text:
            self._action()
        return super().write(text)


@pytest.fixture(autouse=True)
def _migrated_again(transactional_db: None) -> Iterator[None]:
    yield
    call_command("migrate", verbosity=0)


@pytest.fixture
def other(transactional_db: None) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """Return another session of the test database."""
    parameters = connection.get_connection_params()
    names = ("host", "port", "user", "dbname")
    with psycopg.connect(**{name: parameters[name] for name in names if name in parameters}) as found:
        yield found


@pytest.mark.long
def test_a_migration_that_does_not_get_its_lock_is_tried_again(
    other: "psycopg.Connection[tuple[object, ...]]", settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MIGRATE_LOCK_TIMEOUT = 0.2
    monkeypatch.setattr(migrate, "_PAUSE_SECONDS", 0.1)
    other.execute(LOCK)
    said = Output("did not get its lock", other.rollback)
    call_command("migrate", "core", "0001", stdout=said)
    assert "core.0002_effect did not get its lock within 0.2 s" in said.getvalue()
    assert "core_effect" not in connection.introspection.table_names()


@pytest.mark.long
def test_one_that_never_gets_it_says_what_to_look_for_and_nothing_is_half_done(
    other: "psycopg.Connection[tuple[object, ...]]", settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MIGRATE_LOCK_TIMEOUT = 0.1
    monkeypatch.setattr(migrate, "_PAUSE_SECONDS", 0)
    monkeypatch.setattr(migrate, "_ATTEMPTS", 3)
    other.execute(LOCK)
    with pytest.raises(CommandError, match=r"3 times\. It was rolled back.*pg_stat_activity"):
        call_command("migrate", "core", "0001", verbosity=0)
    other.rollback()
    assert "core_effect" in connection.introspection.table_names()


@pytest.mark.long
def test_two_at_once_wait_for_each_other(transactional_db: None) -> None:
    call_command("migrate", "core", "zero", verbosity=0)
    name = connection.settings_dict["NAME"]
    code = (
        "import django; django.setup()\n"
        "from django.db import connection; from django.core.management import call_command\n"
        f"connection.settings_dict['NAME'] = {name!r}\n"
        "call_command('migrate')"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "conf.settings"}
    command = [sys.executable, "-c", code]
    running = [
        subprocess.Popen(command, cwd=paths.ROOT, env=environment, text=True, stdout=-1, stderr=-1)  # noqa: S603
        for _ in range(3)
    ]
    said = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    assert sum("Applying core.0001_initial... OK" in out for out, _ in said) == 1


def test_who_waits_is_told_and_asks_again(other: "psycopg.Connection[tuple[object, ...]]") -> None:
    other.execute("SELECT pg_advisory_lock(%s)", [migrate._LOCK])
    said = Output("Another migrate is at work", threading.Timer(0.3, other.close).start)
    began = time.monotonic()
    call_command("migrate", stdout=said)
    assert "Another migrate is at work" in said.getvalue()
    assert time.monotonic() - began >= 0.3
