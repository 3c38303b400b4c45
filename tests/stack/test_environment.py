"""Nothing foreign gets in: whatever the machine exports or the home holds, the stack does what .env and uv.lock say."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.harness import hostile_environment as hostile
from tests.harness.checkout import Checkout, eventually
from tests.harness.faults import assert_well

pytestmark = pytest.mark.long

_PATH = f"{Path(sys.executable).resolve().parent}:/usr/local/bin:/usr/bin:/bin"
_PRINT = "from django.conf import settings; print(settings.SLOW_QUERY_MS)"
_CACHE = os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache/uv")
# Where this machine gets its packages from is its owner's choice.
_INDEX = {
    name: value
    for name, value in os.environ.items()
    if name.startswith(("UV_INDEX", "UV_DEFAULT_INDEX")) or name.endswith(("_PROXY", "_proxy")) or "SSL_CERT" in name
}


def surroundings(kind: str, home: Path) -> dict[str, str]:
    """Return an environment: an empty one, or a hostile one with a hostile home."""
    if kind == "empty":
        return {"PATH": _PATH} | _INDEX
    hostile.fill(home)
    assert len(hostile.VARIABLES) > 40
    return {"PATH": _PATH, "HOME": str(home), "UV_CACHE_DIR": _CACHE} | _INDEX | hostile.VARIABLES


@pytest.mark.parametrize("kind", ["empty", "hostile"])
def test_up_test_status_and_down_pass_in_whatever_surroundings(
    make_checkout: Callable[..., Checkout], tmp_path: Path, kind: str
) -> None:
    checkout = make_checkout(kind)
    environment = surroundings(kind, tmp_path)

    # By ./just, which installs its tools in these surroundings, too.
    for words in (["up"], ["test", "-q", "-n", "0", "apps/core/tests/test_ping_view.py"], ["status"], ["down"]):
        done = subprocess.run(
            [checkout.path / "just", *words],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        if words == ["up"]:
            assert_well(checkout)
            assert_utc(checkout)

    assert checkout.processes() == []


def assert_utc(checkout: Checkout) -> None:
    """Hold all lines to one clock, whatever the time zone of who started the stack: else they have no order."""
    now = datetime.now(UTC)
    stamps = [line[:23] for line in checkout.log("postgres").splitlines() if " UTC " in line]
    stamps += [line["timestamp"][:23].replace("T", " ") for line in checkout.log_lines("backend")]
    written = [datetime.strptime(f"{stamp} +0000", "%Y-%m-%d %H:%M:%S.%f %z") for stamp in stamps]
    redis = re.findall(r"^\d+:\w (\d\d \w{3} \d{4} [\d:]{8})", checkout.log("redis"), re.MULTILINE)
    written += [datetime.strptime(f"{stamp} +0000", "%d %b %Y %H:%M:%S %z") for stamp in redis]
    assert stamps
    assert redis
    assert all(abs(now - time) < timedelta(minutes=10) for time in written)


@pytest.fixture
def env_file(stack: Checkout) -> Iterator[Path]:
    """Return the stack's .env, which is as before at the end."""
    path = stack.path / ".env"
    before = path.read_text()
    yield path
    path.write_text(before)
    stack.just("up")


def test_a_changed_env_file_is_seen_without_any_recipe(stack: Checkout, env_file: Path) -> None:
    before = len(stack.log_lines("backend"))
    env_file.write_text(env_file.read_text() + "SLOW_REQUEST_MS=0 # each is\n")

    def warned() -> bool:
        with suppress(requests.RequestException):
            # The API starts again meanwhile.
            requests.get(f"{stack.url}/api/v1/core/ping/", timeout=30)
        return any(line["level"] == "warning" for line in stack.log_lines("backend")[before:])

    eventually(warned, "a slow request")
    assert any(line["event"] == "settings reloaded" for line in stack.log_lines("reload"))


@pytest.mark.parametrize("line", ["hunter2", "DEBUG=hunter2", "PORT=hunter2", "DATABASE_URL=hunter2"])
def test_a_broken_env_file_is_reported_and_what_runs_goes_on(stack: Checkout, env_file: Path, line: str) -> None:
    before = len(stack.log_lines("reload"))
    env_file.write_text(env_file.read_text() + f"{line}\n")

    eventually(lambda: len(stack.log_lines("reload")) > before, "a line of the reloader")
    said = stack.just("up", check=False)

    assert stack.log_lines("reload")[-1]["event"] == "settings not reloaded"
    assert said.returncode == 1
    assert "line" in said.stderr or "DATABASE_URL" in said.stderr
    assert "hunter2" not in stack.log("reload") + said.stderr + said.stdout
    assert_well(stack)


def test_what_a_failed_up_was_given_is_forgotten(stack: Checkout) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = stack.just("up", check=False, PORT=str(taken.getsockname()[1]))
        assert "is taken by" in done.stderr

    assert "already up" in stack.just("up").stdout


def test_up_takes_a_changed_env_file_and_restarts_only_what_it_concerns(stack: Checkout, env_file: Path) -> None:
    postgres = stack.pid("postgres")
    port = int((stack.state / "port").read_text()) + 500
    env_file.write_text(env_file.read_text() + f"PORT={port}\n")

    stack.just("up")

    assert stack.url.endswith(f":{port}")
    assert_well(stack)
    assert stack.pid("postgres") == postgres


def test_what_was_given_to_up_holds_until_down(stack: Checkout) -> None:
    def key() -> str:
        return stack.just("manage", "shell", "--verbosity=0", "-c", _PRINT).stdout.strip()

    stack.just("up", SLOW_QUERY_MS="41")
    stack.just("up")
    assert key() == "41"
    worker = stack.pid("worker")
    stack.just("restart", "worker")
    assert stack.pid("worker") != worker
    assert key() == "41"

    stack.just("up", SLOW_QUERY_MS="42")
    assert key() == "42"

    stack.just("down")
    stack.just("up")
    assert key() == "500"


def test_a_proxy_is_asked_for_nothing_of_ours(stack: Checkout) -> None:
    nowhere = "http://127.0.0.1:9"
    proxies = {"http_proxy": nowhere, "HTTP_PROXY": nowhere, "ALL_PROXY": nowhere}

    stack.just("restart", "web", **proxies)
    stack.just("status", **proxies)


@pytest.fixture
def broken_lock(stack: Checkout) -> Iterator[None]:
    lock = stack.path / "uv.lock"
    before = lock.read_text()
    lock.write_text(f"<<<<<<< HEAD\n{before}")
    yield
    lock.write_text(before)


@pytest.mark.parametrize("packages", ["installed", "gone"])
def test_looking_works_when_the_packages_do_not(
    stack: Checkout, broken_lock: None, tmp_path: Path, packages: str
) -> None:
    # Without an environment of the application the stack's own stands in.
    gone = {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "gone")} if packages == "gone" else {}

    assert "web" in stack.just("status", **gone).stdout
    assert "ready" in stack.just("logs", "redis", "--no-follow", **gone).stdout.lower()
    assert stack.just("psql", "-tAc", "SELECT 41 + 1", **gone).stdout.strip() == "42"
    assert stack.just("redis-cli", "PING", **gone).stdout.strip() == "PONG"
    assert "all is well" in stack.just("doctor", **gone).stdout
    stack.just("dump", str(tmp_path / "app.dump"), **gone)
    refused = stack.just("up", check=False, **gone)
    assert refused.returncode == 1
    assert "just uv lock" in refused.stderr
    assert_well(stack)


def test_stopping_works_when_the_packages_do_not(stack: Checkout, broken_lock: None) -> None:
    stack.just("down")

    assert stack.processes() == []
    (stack.state / "postgres.stamp").unlink(missing_ok=True)
