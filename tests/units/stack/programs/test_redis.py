"""The configuration of Redis, read back by the server's own rules of quoting."""

import shlex
from pathlib import Path

import pytest

from checkout import paths, servers
from stack.programs import redis


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / 'with space, "quotes" and 100 %'
    directory.mkdir()
    monkeypatch.setattr(paths, "REDIS_DATA", directory / "redis")
    monkeypatch.setattr(paths, "REDIS_CONFIGURATION", directory / "redis.conf")
    monkeypatch.setattr(paths, "REDIS_PASSWORD_FILE", directory / "redis.password")
    return directory


def settings_of(path: Path) -> dict[str, str]:
    return dict(shlex.split(line) for line in path.read_text().splitlines())


def test_without_a_port_it_listens_on_the_socket_alone_and_has_no_password(state: Path) -> None:
    settings = settings_of(redis.configure(0))

    assert settings["port"] == "0"
    assert settings["dir"] == str(state / "redis")
    assert "requirepass" not in settings
    assert servers.redis_password() == ""


def test_a_port_brings_a_generated_password_that_only_this_user_can_read(state: Path) -> None:
    path = redis.configure(6380)

    assert settings_of(path)["requirepass"] == servers.redis_password() != ""
    assert {file.stat().st_mode & 0o777 for file in (path, paths.REDIS_PASSWORD_FILE)} == {0o600}
