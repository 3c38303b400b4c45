"""`just doctor`: checks everything that the stack needs, and says for each problem what to do."""

from collections.abc import Callable

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


def run() -> bool:
    """Print one line for each check; return whether all are fine."""
    try:
        settings = environment.read()
    except StackError as error:
        say(f"  WRONG  .env        {error}")
        return False
    # A list, so that every check runs.
    results = [_run_check(name, check, settings) for name, check in _CHECKS]
    wrong = results.count(False)
    say(f"\n{wrong} of {len(results)} need attention" if wrong else f"\nall is well in {paths.ROOT}")
    return not wrong


def _run_check(name: str, check: Callable[[Environment], str], settings: Environment) -> bool:
    try:
        say(f"  ok     {name:<10}  {check(settings)}")
    except (StackError, OSError) as error:
        say(f"  WRONG  {name:<10}  {error}")
        return False
    return True
