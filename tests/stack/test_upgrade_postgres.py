"""`just upgrade-postgres`: a cluster of an older Postgres, with other options than ours, becomes one of this Postgres.

UPGRADE_KILLS says how often it is killed on the way (1).
"""

import contextlib
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from tests.harness import old_postgres
from tests.harness.checkout import Checkout, eventually
from tests.harness.faults import assert_well, runtime_of

pytestmark = pytest.mark.long

KILLS = int(os.environ.get("UPGRADE_KILLS", "1"))
FILL = """
    CREATE EXTENSION citext; CREATE EXTENSION pg_trgm;
    CREATE TABLE parts (id bigserial PRIMARY KEY, name citext UNIQUE, note text NOT NULL);
    INSERT INTO parts (name, note) SELECT 'Part ' || n, md5(n::text) FROM generate_series(1, 100000) n;
    CREATE INDEX ON parts USING gin (left(note, 6) gin_trgm_ops);
    CREATE MATERIALIZED VIEW totals AS SELECT left(note, 1) AS letter, count(*) FROM parts GROUP BY 1;
    CREATE SEQUENCE odd START 7 INCREMENT 3; SELECT nextval('odd'), nextval('odd'), lo_create(4711);
    CREATE ROLE reader LOGIN PASSWORD 'secret'; CREATE ROLE "two words"; GRANT "two words" TO reader;
    GRANT SELECT ON parts TO "two words"; ALTER ROLE reader SET work_mem = '8MB';
"""
# Each in a transaction of its own.
SETTINGS = (
    "ALTER DATABASE app SET default_transaction_read_only = off",
    "ALTER SYSTEM SET log_min_duration_statement = 12345",
    "SELECT pg_reload_conf()",
    'CREATE DATABASE "of ""old""" TEMPLATE template0 ENCODING \'LATIN1\' LOCALE \'C\'',
    'COMMENT ON DATABASE "of ""old""" IS \'in another encoding\'',
    'ALTER DATABASE "of ""old""" SET default_transaction_read_only = on',
)
CONNECT = '\\connect "of ""old"""'
QUERIES = (
    "SELECT count(*), md5(string_agg(concat(id, name, note), ',' ORDER BY id)) FROM parts",
    "SELECT * FROM parts WHERE name = 'PART 4242'",
    "SELECT * FROM totals ORDER BY letter",
    "SELECT count(*), max(applied) FROM django_migrations",
    "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1",
    "SELECT extname FROM pg_extension ORDER BY 1",
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database ORDER BY 1",
    "SELECT rolname, rolpassword FROM pg_authid WHERE NOT starts_with(rolname, 'pg_') ORDER BY 1",
    "SELECT rolconfig FROM pg_roles WHERE rolname = 'reader'",
    "SELECT has_table_privilege('reader', 'parts', 'SELECT'), has_table_privilege('reader', 'parts', 'DELETE')",
    "SELECT oid FROM pg_largeobject_metadata",
    "SHOW log_min_duration_statement",
)


class Old(NamedTuple):
    """A checkout whose cluster is an older Postgres', and the variables with which it runs."""

    checkout: Checkout
    variables: dict[str, str]
    programs: Path

    def psql(self, *commands: str) -> str:
        words = [word for command in commands for word in ("-c", command)]
        return self.checkout.just("psql", "-qAt", "--set=ON_ERROR_STOP=1", *words, **self.variables).stdout

    def contents(self) -> str:
        return self.psql(*QUERIES) + self.psql(CONNECT, "SELECT ascii(letter) FROM letters")

    def upgrade(self, *options: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        return self.checkout.just("upgrade-postgres", "--old-bin", str(self.programs), *options, check=check)


@pytest.fixture(scope="module")
def old(make_checkout: Callable[..., Checkout], tmp_path_factory: pytest.TempPathFactory) -> Old:
    """Return a checkout that is up with an older Postgres, whose cluster has rows."""
    checkout, programs = make_checkout(), old_postgres.programs()
    redis = old_postgres.redis_programs(tmp_path_factory.mktemp("redis") / "bin")
    old_postgres.make_cluster(programs, checkout.state / "postgres", "--locale=C.UTF-8", "--encoding=UTF8")
    made = Old(checkout, {"POSTGRES_BIN": str(programs), "REDIS_BIN": str(redis)}, programs)
    checkout.just("up", **made.variables)
    made.psql(FILL)
    made.psql(*SETTINGS)
    letters = "CREATE TABLE letters AS SELECT chr(233) AS letter"
    made.psql(CONNECT, "SET default_transaction_read_only = off", letters)
    return made


@pytest.fixture(scope="module")
def contents(old: Old) -> str:
    """Return what is in the old cluster, a snapshot included. The stack is down then."""
    old.checkout.just("down", "web", "worker", "beat", "reload", **old.variables)
    old.checkout.just("snapshot", "before", **old.variables)
    found = old.contents()
    old.checkout.just("down", **old.variables)
    return found


@pytest.fixture(scope="module")
def seconds(old: Old, contents: str) -> float:
    """Upgrade; return how long it took."""
    started = time.monotonic()
    old.upgrade("--yes")
    return time.monotonic() - started


def test_it_is_refused_while_the_stack_runs(old: Old) -> None:
    refused = old.upgrade("--yes", check=False)

    assert (refused.returncode, "Stop it first: just down" in refused.stderr) == (1, True), refused.stderr
    assert_well(old.checkout)


def test_a_start_says_how_to_upgrade(old: Old, contents: str) -> None:
    major = old_postgres.major(old.programs)
    assert "100000|" in contents
    for words in (("up",), ("doctor",)):
        refused = old.checkout.just(*words, check=False)
        assert refused.returncode == 1
        assert f"was made by Postgres {major}" in refused.stdout + refused.stderr
        assert "just upgrade-postgres" in refused.stdout + refused.stderr
    assert old.checkout.processes() == []


def test_a_dry_run_and_a_question_without_a_terminal_change_nothing(old: Old, contents: str) -> None:
    before = files(old.checkout)

    said = old.upgrade("--dry-run").stdout
    refused = old.upgrade(check=False)

    assert "5 databases" in said
    assert "To answer yes: --yes" in refused.stderr
    assert files(old.checkout) == before
    assert not runtime_of(old.checkout).exists()


def test_a_server_that_somebody_started_by_hand_is_left_alone(old: Old, contents: str) -> None:
    with old_postgres.server(old.programs, old.checkout.state / "postgres"):
        refused = old.upgrade("--yes", check=False)

    assert "a server uses" in refused.stderr
    assert files(old.checkout) == ["postgres"]


def test_extensions_that_the_new_postgres_lacks_are_named_before_anything_is_copied(old: Old, contents: str) -> None:
    with old_postgres.server(old.programs, old.checkout.state / "postgres") as psql:
        psql("SET allow_system_table_mods = on", "INSERT INTO pg_extension VALUES (1, 'gone', 10, 2200, true, '1.0')")
    refused = old.upgrade("--yes", check=False)
    with old_postgres.server(old.programs, old.checkout.state / "postgres") as psql:
        psql("SET allow_system_table_mods = on", "DELETE FROM pg_extension WHERE extname = 'gone'")

    assert "gone (in app)" in refused.stderr
    assert files(old.checkout) == ["postgres"]


def test_what_earlier_commands_have_left_is_named_and_kept(old: Old, contents: str) -> None:
    kept = old.checkout.state / f"postgres.{old_postgres.major(old.programs)}"
    interrupted = old.checkout.state / "snapshots/rewind.json"

    kept.mkdir()
    refused = old.upgrade("--yes", check=False)
    kept.rmdir()
    interrupted.write_text("{}")
    refused_again = old.upgrade("--yes", check=False)
    interrupted.unlink()

    assert "is kept from an earlier upgrade" in refused.stderr
    assert "a rewind was interrupted" in refused_again.stderr
    assert files(old.checkout) == ["postgres"]


def test_ctrl_c_leaves_the_old_cluster_and_no_process(old: Old, contents: str) -> None:
    with old.checkout.start("upgrade-postgres", "--old-bin", str(old.programs), "--yes", terminal=True) as running:
        eventually(lambda: "roles" in running.text(), running.text)
        running.type(b"\x03")
        assert running.process.wait(30) != 0, running.text()
        assert "Traceback" not in running.text()
    assert files(old.checkout) == ["postgres"]
    assert old.checkout.processes() == []


def test_everything_comes_along_and_the_stack_goes_on_with_it(old: Old, contents: str, seconds: float) -> None:
    sys.stdout.write(f"upgraded in {seconds:.1f} s\n")
    kept = f"postgres.{old_postgres.major(old.programs)}"

    old.checkout.just("up")

    assert new(old).contents() == contents
    assert_well(old.checkout)
    assert f"{kept} is kept" in old.checkout.just("doctor").stdout
    old.checkout.just("down")
    old.checkout.just("rewind", "before")
    assert "is one of Postgres" in old.upgrade("--yes").stdout
    assert files(old.checkout) == ["postgres", kept]


@pytest.mark.timeout(900)
def test_a_kill_at_any_time_leaves_the_old_or_the_new_cluster_whole(old: Old, contents: str, seconds: float) -> None:
    seed = random.randrange(1_000_000)  # noqa: S311 - of a test
    dice = random.Random(seed)  # noqa: S311
    for number in range(KILLS):
        back_to_the_old_cluster(old)
        process = subprocess.Popen(
            ["just", "upgrade-postgres", "--old-bin", str(old.programs), "--yes"],
            cwd=old.checkout.path,
            env=old.checkout.environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
        )
        time.sleep(dice.uniform(0.3, seconds * 1.1))
        kill(process, with_servers=number % 2 == 0)

        up = old.checkout.just("up", check=False)

        sys.stdout.write(f"kill {number}, seed {seed}: {'the old' if up.returncode else 'the new'} cluster\n")
        if up.returncode:
            assert "just upgrade-postgres" in up.stderr, up.stderr
            assert files(old.checkout) == ["postgres"]
            old.upgrade("--yes")
            old.checkout.just("up")
        assert new(old).contents() == contents
        old.checkout.just("down")


def test_the_old_cluster_is_deleted_when_somebody_says_so(old: Old) -> None:
    major = old_postgres.major(old.programs)
    refused = old.checkout.just("upgrade-postgres", "--delete-old", check=False)
    assert f"postgres.{major}" in refused.stderr
    assert files(old.checkout) == ["postgres", f"postgres.{major}"]

    old.checkout.just("upgrade-postgres", "--delete-old", "--yes")

    assert files(old.checkout) == ["postgres"]
    assert old.checkout.just("doctor").returncode == 0


def new(old: Old) -> Old:
    """Return the checkout as one that runs with the stack's own Postgres."""
    return old._replace(variables={})


def back_to_the_old_cluster(old: Old) -> None:
    shutil.rmtree(old.checkout.state / "postgres")
    (old.checkout.state / f"postgres.{old_postgres.major(old.programs)}").rename(old.checkout.state / "postgres")


def files(checkout: Checkout) -> list[str]:
    """Return the clusters, and what a command has left of one."""
    return sorted(path.name for path in checkout.state.glob("postgres*") if path.is_dir())


def kill(process: "subprocess.Popen[bytes]", *, with_servers: bool) -> None:
    """Kill what was typed with all that it has started, or without the servers, which the kernel tells then."""
    found = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for one in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            if with_servers or one.name() != "postgres":
                one.kill()
    process.wait()
