"""`just doctor`: checks everything that the stack needs, and says for each problem what to do."""

import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

from checkout import paths
from stack.commands import compiled_packages, doctor_checks
from stack.console import say
from stack.errors import StackError
from stack.settings import environment
from stack.settings.environment import Environment

_CHECKS: tuple[tuple[str, Callable[[Environment], str]], ...] = (
    ("tools", doctor_checks.tools),
    ("packages", compiled_packages.check),
    (".env", doctor_checks.settings_file),
    ("state", doctor_checks.state),
    ("disk", doctor_checks.disk),
    ("limits", doctor_checks.machine_limits),
    ("sockets", doctor_checks.sockets),
    ("Postgres", doctor_checks.postgres_programs),
    ("Redis", doctor_checks.redis_programs),
    ("cluster", doctor_checks.cluster),
    ("data", doctor_checks.data),
    ("processes", doctor_checks.processes),
    ("files", doctor_checks.files),
    ("port", doctor_checks.port),
    ("external", doctor_checks.external),
    ("health", doctor_checks.running_health),
)


class Finding(NamedTuple):
    """What a check has found: that something is in order, or what to do about it."""

    name: str
    ok: bool
    message: str


def run(*, as_json: bool = False) -> bool:
    """Print one line for each check, or all as one JSON object; return whether all are fine."""
    found = []
    for finding in _findings():
        found.append(finding)
        if not as_json:
            say(f"  {'ok   ' if finding.ok else 'WRONG'}  {finding.name:<10}  {finding.message}")
    wrong = sum(not finding.ok for finding in found)
    if as_json:
        checks = [finding._asdict() for finding in found]
        say(json.dumps({"well": not wrong, "checkout": str(paths.ROOT), "checks": checks}, indent=1))
    else:
        say(f"\n{wrong} of {len(found)} need attention" if wrong else f"\nall is well in {paths.ROOT}")
    return not wrong


def _findings() -> Iterator[Finding]:
    try:
        settings = environment.read()
    except StackError as error:
        yield Finding(".env", ok=False, message=str(error))
        return
    for name, check in _CHECKS:
        yield _run_check(name, check, settings)


def _run_check(name: str, check: Callable[[Environment], str], settings: Environment) -> Finding:
    try:
        return Finding(name, ok=True, message=check(settings))
    except (StackError, OSError) as error:
        return Finding(name, ok=False, message=str(error))
