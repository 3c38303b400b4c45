"""What a person sees who works with the stack: reasons, names, and no error where there was none."""

import os
import re
import signal
import sys
import time
from pathlib import Path
from threading import Thread

import psycopg
import pytest
import requests

from tests.harness.checkout import Checkout, eventually
from tests.harness.faults import assert_well, runtime_of
from tests.harness.health import stopped, tell_supervisor

pytestmark = pytest.mark.long


def execute(stack: Checkout, statement: str) -> None:
    with psycopg.connect(host=str(runtime_of(stack)), user="postgres", dbname="app", autocommit=True) as connection:
        connection.execute(statement)


def test_status_says_what_is_not_well_and_why(stack: Checkout) -> None:
    with stopped(stack, "worker"):
        eventually(lambda: not stack.health()["components"]["worker"]["ok"], "a worker that is missed")
        done = stack.just("status", check=False)

    assert done.returncode == 1
    assert "not well: worker: no worker answers: it is stopped. Start it: just up" in done.stdout
    assert "just logs" in done.stdout
    eventually(lambda: stack.health()["status"] == "ok", "health")


def test_restart_of_one_program_does_not_start_what_somebody_has_stopped(stack: Checkout) -> None:
    stack.just("down", "worker")

    said = stack.just("restart", "web").stdout

    assert re.search(r"^worker +stopped", said, re.MULTILINE)
    assert re.search(r"^web +running", said, re.MULTILINE)
    stack.just("up")
    assert_well(stack)


def test_what_somebody_has_stopped_stays_so_without_the_api_after_a_save_and_after_a_reset(stack: Checkout) -> None:
    stack.just("down", "web", "beat")
    assert re.search(r"^worker +running", stack.just("restart", "worker").stdout, re.MULTILINE)
    assert (
        "not well: web: the API does not answer: it is stopped. Start it: just up"
        in stack.just("status", check=False).stdout
    )

    views = stack.path / "apps/core/views.py"
    views.write_text(views.read_text() + "\n")
    eventually(lambda: "apps/core/views.py" in stack.log("reload"), "a reload")
    stack.just("reset", "--yes")

    said = stack.just("status", check=False).stdout
    assert re.search(r"^worker +running", said, re.MULTILINE)
    assert len(re.findall(r"^(?:web|beat) +stopped", said, re.MULTILINE)) == 2
    stack.just("up")
    assert_well(stack)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("logs", "backend"), "gunicorn"),
        (("status", "--watch"), "PROGRAM"),
        (("tasks", "--watch"), "queues"),
        (("redis-cli",), "To leave"),
        (("manage", "runserver", "0", "--noreload"), "Quit the server"),
        (("seed", "--users", "1000000"), "accounts"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_leaving_what_one_was_watching_is_no_error(stack: Checkout, words: tuple[str, ...], shown: str) -> None:
    with stack.start(*words, terminal=True) as watching:
        eventually(lambda: shown in watching.text(), "what is watched")
        time.sleep(0 if shown else 1)
        watching.type(b"\x03")
        watching.process.wait(20)
        text = watching.text()

    assert "error" not in text.lower()
    assert "Traceback" not in text
    assert "interrupted" not in text.lower()


def test_a_watched_status_shows_queues_and_no_answers_of_workers(stack: Checkout) -> None:
    with stack.start("status", "--watch", terminal=True) as watching:
        # Health asks the workers all the time.
        eventually(lambda: watching.text().count("queues:") >= 2 and stack.health()["status"] == "ok", "two rounds")
        watching.type(b"\x03")
        watching.process.wait(20)
        shown = watching.text()
    assert "pidbox" not in shown
    assert ":hint" not in shown


def test_colours_are_for_terminals_unless_they_are_asked_for(stack: Checkout) -> None:
    assert "\x1b[" not in stack.just("status").stdout
    assert "\x1b[" in stack.just("status", FORCE_COLOR="1").stdout
    assert "\x1b[" not in stack.just("status", FORCE_COLOR="1", NO_COLOR="1").stdout


def test_an_access_line_fits_into_a_row_of_80_columns_and_a_404_has_another_colour(stack: Checkout) -> None:
    for path in ("api/v1/core/ping/", "api/v1/no-such-thing/"):
        requests.get(f"{stack.url}/{path}", timeout=30)
    lines = stack.just("logs", "backend", "--no-follow").stdout.splitlines()
    rows = [line for line in lines if "/api/v1/core/ping/" in line or "/api/v1/no-such-thing/" in line]
    assert rows
    assert all(len(row) <= 80 for row in rows), rows
    coloured = stack.just("logs", "backend", "--no-follow", FORCE_COLOR="1").stdout
    assert "\x1b[32m200\x1b[0m" in coloured
    assert "\x1b[33m404\x1b[0m" in coloured


def test_the_small_redis_client_takes_a_database_and_says_what_it_knows(stack: Checkout) -> None:
    stack.just("redis-cli", "-n", "9", "SET", "here", "1")
    assert stack.just("redis-cli", "-n", "9", "GET", "here").stdout.strip() == "1"
    assert stack.just("redis-cli", "GET", "here").stdout.strip() in ("(nil)", "")
    assert "-n" in stack.just("redis-cli", "--help").stdout
    stack.just("redis-cli", "-n", "9", "DEL", "here")
    said = stack.run("sh", "-c", "printf '%s\\n' 'get \"a' PING | just redis-cli").splitlines()
    assert said == ["(error) No closing quotation", "PONG"]


def test_a_misspelt_setting_is_named_with_the_one_that_was_meant(stack: Checkout) -> None:
    dotenv = stack.path / ".env"
    before = dotenv.read_text()
    dotenv.write_text(f"{before}SLOW_QUERRY_MS=5\nAWS_REGION=eu\n")

    said = stack.just("up").stdout
    examined = stack.just("doctor", check=False)

    dotenv.write_text(before)
    assert "SLOW_QUERRY_MS is not a setting" in said
    assert "Did you mean SLOW_QUERY_MS?" in said
    assert "AWS_REGION" not in said
    assert examined.returncode == 1
    assert "SLOW_QUERRY_MS (did you mean SLOW_QUERY_MS?)" in examined.stdout
    stack.just("up")


def test_a_number_that_is_none_is_one_line_of_up_and_of_doctor(stack: Checkout) -> None:
    dotenv = stack.path / ".env"
    before = dotenv.read_text()
    dotenv.write_text(f"{before}TASK_TIME_LIMIT=abc\n")

    shown = stack.just("status").stdout
    up, examined = stack.just("up", check=False), stack.just("doctor", check=False)

    dotenv.write_text(before)
    assert "the programs have not taken the settings. .env, line" in shown
    assert (up.returncode, examined.returncode) == (1, 1)
    for said in (up.stderr, examined.stdout):
        assert "TASK_TIME_LIMIT" in said
        assert "Traceback" not in said
    assert "Nothing was started or stopped" in up.stderr
    assert_well(stack)


def test_the_login_that_seed_prints_works(stack: Checkout) -> None:
    said = stack.just("seed", "--users", "1").stderr
    command = said[said.index("curl") :].strip()
    done = stack.run("sh", "-c", command)
    assert '"token"' in done


def test_templates_are_reloaded_on_save(stack: Checkout) -> None:
    template = stack.path / "apps/core/templates/core/development/base.html"
    template.write_text(template.read_text().replace("</body>", "<p>a new line</p></body>"))
    eventually(lambda: "a new line" in requests.get(f"{stack.url}/", timeout=30).text, "the new page")
    eventually(lambda: stack.health()["status"] == "ok", "health")


def test_a_reload_while_web_starts_fails_no_request(stack: Checkout) -> None:
    tell_supervisor(stack, "stop(['web'])")
    listener = stack.state / "web.pid"
    listener.unlink()
    starting = Thread(target=tell_supervisor, args=(stack, "start(['web'])"))
    starting.start()
    eventually(lambda: listener.exists() and listener.read_text(), "a web process that listens")

    os.kill(int(listener.read_text()), signal.SIGHUP)

    assert requests.get(f"{stack.url}/livez", timeout=60).status_code == 200
    starting.join()


def test_a_changed_lock_is_said_to_need_a_restart(stack: Checkout) -> None:
    lock = stack.path / "uv.lock"
    before = lock.read_text()
    assert "uv.lock has changed" not in stack.just("status", check=False).stdout
    lock.write_text(f"{before}\n")
    assert "uv.lock has changed since the start" in stack.just("status", check=False).stdout
    lock.write_text(before)


def test_migrations_that_are_applied_and_unknown_to_the_code_are_seen(stack: Checkout) -> None:
    execute(stack, "INSERT INTO django_migrations (app, name, applied) VALUES ('users', '0099_of_a_branch', now())")
    # As after a `git switch`, which reloads the code.
    tell_supervisor(stack, "signal('web', 'HUP')")
    try:
        eventually(lambda: not ready(stack), "an API that is not ready")
        status, examined = stack.just("status", check=False), stack.just("doctor", check=False)
        up = stack.just("up", check=False)
    finally:
        execute(stack, "DELETE FROM django_migrations WHERE name = '0099_of_a_branch'")
    for said in (status.stdout, examined.stdout, up.stderr):
        assert "users.0099_of_a_branch" in said
        assert "just reset" in said
    assert up.returncode == 1
    eventually(lambda: ready(stack), "readiness, which is asked for once a second")
    stack.just("up")
    assert_well(stack)


def ready(stack: Checkout) -> bool:
    return requests.get(f"{stack.url}/readyz", timeout=30).status_code == 200


def test_code_that_cannot_be_imported_is_shown_within_seconds(stack: Checkout) -> None:
    stack.just("down")
    urls = stack.path / "apps/users/urls.py"
    before = urls.read_text()
    urls.write_text(f"{before}\nfrom apps.users import nothing_of_that_name\n")

    began = time.monotonic()
    done = stack.just("up", check=False)
    took = time.monotonic() - began

    urls.write_text(before)
    sys.stdout.write(f"said after {took:.1f} s\n")
    assert done.returncode == 1
    assert "cannot import name 'nothing_of_that_name'" in done.stderr
    assert took < 30
    stack.just("up")
    assert_well(stack)


def test_a_start_that_fails_shows_its_log_as_people_read_it(stack: Checkout, tmp_path: Path) -> None:
    stack.just("down")
    settings = stack.path / "conf/gunicorn.py"
    before = settings.read_text()
    settings.write_text(f"{before}\nraise SystemExit('gunicorn says no')\n")

    done = stack.just("up", check=False)

    settings.write_text(before)
    assert done.returncode == 1
    assert "gunicorn says no" in done.stderr
    assert '{"event"' not in done.stderr
