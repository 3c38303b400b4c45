"""The snapshots that there are: databases of the cluster, each with a description in its comment."""

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from stack.errors import StackError

PREFIX = "snapshot_"
# A database that is being made; a start drops what an interrupted command has left.
UNFINISHED = "unfinished_"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")
# A name of Postgres has at most 63 bytes.
_LONGEST = 50

_LIST = """
    SELECT datname, pg_database_size(oid), shobj_description(oid, 'pg_database')
    FROM pg_database WHERE datname LIKE 'snapshot\\_%' ORDER BY datname
"""


@dataclass(frozen=True)
class Snapshot:
    """A snapshot: when it was made (ISO 8601, UTC), of which branch and commit, with which migrations and tasks.

    migrations are those of the project's apps, as app.name; tasks are those that waited; size is in bytes.
    """

    name: str
    created: str = ""
    branch: str = ""
    commit: str = ""
    migrations: list[str] = field(default_factory=list)
    tasks: int = 0
    size: int = 0

    def comment(self) -> str:
        """Return what is stored with the database."""
        return json.dumps({key: value for key, value in asdict(self).items() if key not in ("name", "size")})


def require_name(name: str) -> None:
    """Raise StackError for a name that no snapshot can have."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise StackError(
            f"{name!r} cannot be the name of a snapshot: small letters, digits, . _ and -, at most {_LONGEST}."
            " Nothing was done. An example: just snapshot before-orders"
        )


def listed(server: Any) -> list[Snapshot]:
    """Return all snapshots, the oldest first. server is a connection to the cluster."""
    found = [_read(*row) for row in server.execute(_LIST).fetchall()]
    return sorted(found, key=lambda snapshot: snapshot.created)


def _read(database: str, size: int, comment: str | None) -> Snapshot:
    known = json.loads(comment or "{}")
    return Snapshot(database.removeprefix(PREFIX), size=size, **known)


def find(server: Any, name: str) -> Snapshot:
    """Return a snapshot by its name. Raises StackError, with the names that there are, if there is none."""
    found = listed(server)
    for snapshot in found:
        if snapshot.name == name:
            return snapshot
    names = ", ".join(snapshot.name for snapshot in found) or "none"
    raise StackError(f"there is no snapshot {name!r}. Nothing was changed. Snapshots that there are: {names}")
