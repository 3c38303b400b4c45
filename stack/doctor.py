"""`just doctor`: looks at everything that the stack stands on, and says for each problem what to do."""

from collections.abc import Callable

from conf import local
from stack import environment, examination, wheels
from stack.console import say
from stack.environment import Environment
from stack.errors import StackError

_CHECKS: tuple[tuple[str, Callable[[Environment], str]], ...] = (
    ("tools", examination.tools),
    ("packages", wheels.check),
    (".env", examination.settings_file),
    ("state", examination.state),
    ("disk", examination.disk),
    ("limits", examination.what_the_machine_allows),
    ("sockets", examination.sockets),
    ("Postgres", examination.postgres_programs),
    ("Redis", examination.redis_programs),
    ("cluster", examination.cluster),
    ("data", examination.data),
    ("processes", examination.processes),
    ("files", examination.files),
    ("port", examination.port),
    ("elsewhere", examination.elsewhere),
    ("health", examination.how_it_is),
)


def examine() -> bool:
    """Print what was found, a line each; say whether all is well."""
    try:
        settings = environment.read()
    except StackError as error:
        say(f"  WRONG  .env        {error}")
        return False
    # A list, for every check is to be made.
    results = [_examine(name, check, settings) for name, check in _CHECKS]
    wrong = results.count(False)
    say(f"\n{wrong} of {len(results)} need attention" if wrong else f"\nall is well in {local.ROOT}")
    return not wrong


def _examine(name: str, check: Callable[[Environment], str], settings: Environment) -> bool:
    try:
        say(f"  ok     {name:<10}  {check(settings)}")
    except (StackError, OSError) as error:
        say(f"  WRONG  {name:<10}  {error}")
        return False
    return True
