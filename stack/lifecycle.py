"""Up, down and restart; one at a time in a checkout."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from stack import directories, environment, external, health, supervision
from stack.console import say, step
from stack.environment import Environment
from stack.lock import exclusive
from stack.startup import start_application, start_servers
from stack.status import overview


def up() -> None:
    """Bring everything up and return when all of it is healthy. Raises StackError where it is not."""
    directories.prepare()
    with exclusive("up"):
        environment.write_dotenv()
        settings = environment.read()
        if is_up(settings):
            say("already up\n")
        else:
            with all_or_nothing():
                start_servers(settings)
                start_application(settings)
        say(overview(settings))


def is_up(settings: Environment) -> bool:
    """Say whether every program runs and the API calls itself healthy."""
    running = supervision.programs()
    wanted = (*external.ours(settings), *supervision.APPLICATION)
    return bool(running) and all(running[name].runs for name in wanted) and health.is_healthy()


def down(names: Sequence[str] = ()) -> None:
    """Stop the programs of these names, or everything where there is none."""
    wanted = [supervision.named(name) for name in names] or supervision.PROGRAMS
    directories.prepare()
    with exclusive("down"):
        if supervision.programs():
            stop(wanted)
        else:
            say("nothing runs")


def restart(names: list[str]) -> None:
    """Restart the programs of these names, or everything where there is none."""
    wanted = [supervision.named(name) for name in names] or supervision.PROGRAMS
    directories.prepare()
    with exclusive("restart"):
        settings = environment.read()
        if supervision.programs():
            stop(wanted)
        directories.prepare()
        start_servers(settings)
        start_application(settings)
        say(overview(settings))


def stop(names: Iterable[str]) -> None:
    """Stop programs, those of the application before the servers that they need; after all of them the supervisor."""
    names = set(names)
    if application := names.intersection(supervision.APPLICATION):
        with step("stop " + ", ".join(name for name in supervision.APPLICATION if name in application)):
            supervision.stop(application)
    if servers := names.intersection(supervision.SERVERS):
        with step("stop " + ", ".join(name for name in supervision.SERVERS if name in servers)):
            supervision.stop(servers)
    if names == set(supervision.PROGRAMS):
        supervision.stop_supervisor()


@contextmanager
def all_or_nothing() -> Iterator[bool]:
    """Stop everything again when the block fails, unless something ran before; yield whether it did."""
    ran = bool(supervision.programs())
    try:
        yield ran
    except BaseException:
        if not ran and supervision.programs():
            stop(supervision.PROGRAMS)
        raise


@contextmanager
def with_servers(what: str) -> Iterator[None]:
    """Hold the lock with Postgres and Redis running; servers that ran before go on running after."""
    directories.prepare()
    with exclusive(what), all_or_nothing() as ran:
        start_servers(environment.read())
        yield
        if not ran:
            stop(supervision.PROGRAMS)
