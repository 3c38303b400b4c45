"""A rewind that was interrupted: the next start finds the old or the new state, whole.

Postgres' part is one transaction that renames databases. What has to follow it, the queue, is recorded before; whether
the transaction was committed is told by the number of the database that has the application's name.
"""

import json
from pathlib import Path
from typing import Any

from checkout import paths, servers
from stack.data import catalog, clones, queue_file

_RECORD = paths.SNAPSHOTS / "rewind.json"


def queue_of(name: str) -> Path:
    """Return the file with the queue of a snapshot."""
    return paths.SNAPSHOTS / f"{name}.queue"


def intend(number: int, name: str) -> None:
    """Record that the database with this number is about to take the application's name, with a snapshot's queue."""
    partial = _RECORD.with_suffix(".partial")
    partial.write_text(json.dumps({"number": number, "name": name}))
    partial.rename(_RECORD)


def is_interrupted() -> bool:
    """Return whether a rewind waits to be completed or undone."""
    return _RECORD.is_file()


def finish(server: Any) -> bool:
    """Complete or undo what was interrupted; return whether the data are those of a snapshot now."""
    if not paths.SNAPSHOTS.is_dir():
        return False
    is_rewound = False
    if _RECORD.is_file():
        intended = json.loads(_RECORD.read_text())
        is_rewound = clones.number(server, servers.POSTGRES_DATABASE) == intended["number"]
        if is_rewound:
            queue_file.load(queue_of(intended["name"]))
            queue_file.forget_cache()
        _RECORD.unlink()
    _remove_leftovers(server)
    return is_rewound


def _remove_leftovers(server: Any) -> None:
    rows = server.execute("SELECT datname FROM pg_database").fetchall()
    for (database,) in rows:
        if database.startswith(catalog.UNFINISHED):
            clones.drop(server, database)
    names = {database.removeprefix(catalog.PREFIX) for (database,) in rows if database.startswith(catalog.PREFIX)}
    for path in paths.SNAPSHOTS.iterdir():
        if path.suffix == ".partial" or (path.suffix == ".queue" and path.stem not in names):
            path.unlink()
