"""Puts a stack under load: commits rows and queues tasks, and prints each one that the server has confirmed.

Run in a checkout; a server that is away is a moment of silence, not the end.
"""

import contextlib
import itertools
import sys
import time

import django
import psycopg

from checkout import paths, servers

django.setup()

from apps.core.tasks import measure_wait  # noqa: E402 - needs Django


def confirm(kind: str, what: object) -> None:
    sys.stdout.write(f"{kind} {what}\n")
    sys.stdout.flush()


def commit_rows(numbers: "itertools.count[int]") -> None:
    place = f"host={paths.RUNTIME} user={servers.POSTGRES_USER} dbname={servers.POSTGRES_DATABASE} connect_timeout=2"
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number integer PRIMARY KEY)")
        while True:
            number = next(numbers)
            connection.execute("INSERT INTO kept VALUES (%s)", [number])
            confirm("row", number)
            if number % 4 == 0:
                confirm("task", measure_wait.delay(time.time()).id)
            time.sleep(0.03)


def main() -> None:
    numbers = itertools.count(int(time.time() * 10) % 10**9)
    while True:
        with contextlib.suppress(Exception):
            commit_rows(numbers)
        time.sleep(0.1)


if __name__ == "__main__":
    main()
