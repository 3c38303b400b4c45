"""The major version that made the cluster, against the one of the programs."""

import re
from pathlib import Path

from checkout import paths
from stack.errors import StackError
from stack.programs import postgres
from stack.upgrade import old_programs


def of_cluster() -> str:
    """Return the major version of the cluster's files, like 18. Raises StackError if the file is damaged."""
    version = (paths.POSTGRES_DATA / "PG_VERSION").read_text().strip()
    if not re.fullmatch(r"\d+(\.\d+)?", version):
        raise StackError(f"{paths.POSTGRES_DATA}/PG_VERSION is damaged. Nothing was touched. Restore a dump.")
    return version


def is_older(one: str, other: str) -> bool:
    """Return whether a major version is older than another one."""
    return float(one) < float(other)


def refuse_other(directory: Path) -> None:
    """Raise StackError for a cluster of another major version than the programs, with what to do."""
    cluster, programs = of_cluster(), postgres.major_version(directory)
    if cluster == programs:
        return
    fact = (
        f"{paths.POSTGRES_DATA} was made by Postgres {cluster}, and the programs here are Postgres {programs}. It was"
        " not touched."
    )
    if not is_older(cluster, programs):
        raise StackError(f"{fact} Go back to the programs of Postgres {cluster}: older ones cannot read it.")
    found = old_programs.find(cluster)
    if found:
        raise StackError(f"{fact} To upgrade it: just upgrade-postgres (Postgres {cluster} is in {found})")
    raise StackError(
        f"{fact} To upgrade it, the programs of Postgres {cluster} are needed, which are in none of the usual places."
        f"{old_programs.how_to_get(cluster)}"
    )
