"""Start the API on a database of its own, and let schemathesis loose on it: as a user, then as staff.

What fails stops the recipe: a server error, a status or an answer that the schema does not know, hostile data that
is accepted, good data that is not; fewer cases than asked for; an operation that never succeeded.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
import requests

from checkout import paths, servers
from conf.env import read_env
from conf.settings.api import THROTTLE_RATES

HERE = Path(__file__).parent
FIGURES = paths.FUZZ_FIGURES
DATABASE = "fuzz"
ROLES = ("user", "staff")
# Of all cases so many must come to the view: not stopped for want of a token, or for there being too many.
PAST = 0.7
# Cases that there are at least in a run of 40 examples, and how many that is for each example.
LEAST, LEAST_EACH = 3000, 75


def environment() -> dict[str, str]:
    """Return the settings of the tests, with a database of its own, limits that no run reaches, and a fast hash."""
    port = read_env().str("POSTGRES_PORT", default="5432")
    return os.environ | {
        "ENVIRONMENT": "test",
        # Databases of Redis that no process of the tests has.
        "PYTEST_XDIST_WORKER": "gw80",
        "TEST_DATABASE_URL": f"postgres://{servers.POSTGRES_USER}@/{DATABASE}?host={quote(str(paths.RUNTIME))}&port={port}",
        "THROTTLE_RATES": ",".join(f"{scope}=1000000/s" for scope in THROTTLE_RATES),
        "WEB_CONCURRENCY": "1",
        "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        "PYTHONPATH": str(paths.ROOT),
        "POSTGRES_PORT": port,
    }


def fresh_database(env: dict[str, str]) -> None:
    where = {"host": str(paths.RUNTIME), "port": env["POSTGRES_PORT"], "user": servers.POSTGRES_USER}
    with psycopg.connect(dbname=servers.POSTGRES_DATABASE, autocommit=True, **where) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=paths.ROOT, env=env, check=True)


def start_api(env: dict[str, str]) -> tuple["subprocess.Popen[bytes]", str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "gunicorn", "--config=python:conf.gunicorn", f"--bind={address}", "conf.wsgi"]
    process = subprocess.Popen(command, cwd=paths.ROOT, env=env, stdout=subprocess.DEVNULL)
    for _ in range(300):
        try:
            requests.get(f"http://{address}/livez", timeout=1)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return process, f"http://{address}"
    process.terminate()
    raise SystemExit("The API did not start.")


def fuzz(url: str, role: str, examples: int, env: dict[str, str]) -> int:
    config = ["--config-file", str(HERE / "schemathesis.toml")]
    command = [Path(sys.executable).with_name("schemathesis"), *config, "run", f"{url}/api/schema/", "--checks=all"]
    # The hooks have one in its place.
    command += ["--exclude-checks=positive_data_acceptance"]
    command += [f"--max-examples={examples}", "--continue-on-failure", "--no-color", "--max-response-time=20"]
    return subprocess.run(command, cwd=paths.ROOT, env=env | {"FUZZ_ROLE": role}, check=False).returncode


def least_of(examples: int) -> int:
    """Return how many cases there must be: fewer where fewer examples are asked for."""
    return min(LEAST, LEAST_EACH * examples)


def judge(least: int) -> list[str]:
    """Return what the figures, which the hooks wrote, lack."""
    files = [FIGURES / f"{role}.json" for role in ROLES]
    if not all(file.is_file() for file in files):
        return ["schemathesis did not run to its end"]
    counts = [json.loads(file.read_text()) for file in files]
    cases, past = (sum(count[name] for count in counts) for name in ("cases", "past"))
    never = set(counts[0]["operations"]) - {name for count in counts for name in count["succeeded"]}
    print(f"{cases} cases, {past / cases:.0%} past authentication and throttle; never a 2xx: {sorted(never) or 'none'}")
    problems = [f"fewer than {least} cases"] if cases < least else []
    problems += [f"fewer than {PAST:.0%} past authentication and throttle"] if past < PAST * cases else []
    return problems + [f"{name} never succeeded" for name in never]


def main() -> int:
    parser = argparse.ArgumentParser(prog="just fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=40, help="cases of each kind for each operation (40)")
    parser.add_argument(
        "--least", type=int, help=f"cases that there must be in all ({LEAST_EACH} an example, {LEAST} at most)"
    )
    arguments = parser.parse_args()
    least = arguments.least or least_of(arguments.examples)
    env = environment()
    # Those of the last run would be judged, should this one not get so far.
    shutil.rmtree(FIGURES, ignore_errors=True)
    fresh_database(env)
    process, url = start_api(env)
    try:
        failed = [role for role in ROLES if fuzz(url, role, arguments.examples, env)]
    finally:
        process.terminate()
        process.wait()
    problems = [f"failures as {role}, see above" for role in failed] + judge(least)
    print("\n".join(f"error: {problem}" for problem in problems) or "ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
