"""Up, down and restart; one at a time in a checkout."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

from checkout import servers
from stack.console import paint, say, step
from stack.lifecycle import directories, limits, migrations, recovery
from stack.lifecycle.startup import is_up, start_application, start_servers
from stack.processes import discovery
from stack.processes.lock import exclusive
from stack.processes.signals import signals_ignored
from stack.programs import data_lock, start_record, supervisor, table, web
from stack.settings import environment, external_servers, overrides, unknown_names, validation
from stack.settings.environment import Environment


@contextmanager
def exclusive_stack(what: str) -> Iterator[None]:
    """Hold the checkout's lock, with trusted directories and a stack that is fully supervised."""
    directories.make_state()
    with exclusive(what):
        # Not earlier: a `just down` that we waited for removes the runtime directory.
        directories.check_runtime()
        recovery.recover()
        directories.forget_former_runtime()
        yield


def up(show: Callable[[Environment], None], *, yes: bool = False) -> None:
    """Start everything, show it when it is healthy, and return. Raises StackError if it does not become healthy.

    An interruption before it returns leaves nothing started. yes answers the question whether to write into a database
    or Redis that is not the checkout's own.
    """
    with exclusive_stack("up"):
        environment.write_dotenv()
        settings = environment.read()
        unknown_names.warn()
        _warn_of_rewritten_migrations()
        _prepare(settings, yes=yes)
        with overrides.remembered():
            validation.require()
            _stop_what_has_changed(settings)
            with stopped_on_failure():
                if is_up(settings):
                    say("already up\n")
                else:
                    start_servers(settings)
                    start_application(settings)
                show(settings)


def _warn_of_rewritten_migrations() -> None:
    if found := migrations.rewritten():
        say(
            paint("yellow", f"  changed since applied: {', '.join(found)}")
            + ". The database is as it was. If the tables differ now: just reset"
        )


def _prepare(settings: Environment, *, yes: bool = False) -> None:
    """Check disk space and limits, and ask before external data are written. Raises StackError."""
    if not supervisor.programs():
        directories.require_space()
    limits.require(settings)
    if settings.database_url or settings.redis_url:
        # The drivers take long to import.
        from stack.settings import consent

        consent.require_consent(settings, yes=yes)


def _stop_what_has_changed(settings: Environment) -> None:
    """Stop the programs whose settings have changed, and servers that are external now."""
    if supervisor.programs() and not supervisor.has_current_programs():
        say("  the programs of the stack have changed")
        stop_everything()
        directories.check_runtime()
    running = [name for name, found in supervisor.programs().items() if found.pid]
    wanted = (*external_servers.managed(settings), *table.APPLICATION)
    others = {name for name in running if name not in wanted} | set(start_record.changed(running))
    if "web" in others and settings.port != servers.web_port():
        web.require(settings.port)
    if others:
        say(f"  started with other settings: {', '.join(sorted(others))}")
        stop(others)


def down(names: Sequence[str] = ()) -> None:
    """Stop the named programs, or everything if no name is given."""
    wanted = [table.find(name).name for name in names]
    directories.make_state()
    with exclusive("down"):
        directories.check_runtime()
        if not supervisor.programs() and not discovery.processes():
            say("nothing runs")
        if wanted:
            stop(wanted)
        else:
            stop_everything()
            overrides.forget()


def restart(names: list[str], show: Callable[[Environment], None] | None = None) -> None:
    """Restart the named programs, or everything if no name is given, and show all."""
    wanted = [table.find(name).name for name in names]
    with exclusive_stack("restart"):
        settings = environment.read()
        _prepare(settings)
        with overrides.remembered():
            validation.require()
            running = [name for name, found in supervisor.programs().items() if found.runs]
            if wanted and supervisor.has_current_programs():
                stop(wanted)
            else:
                stop_everything()
                directories.check_runtime()
            # What somebody has stopped stays stopped, unless it is named.
            names = [name for name in table.APPLICATION if not wanted or not running or name in {*wanted, *running}]
            with stopped_on_failure():
                start_servers(settings)
                start_application(settings, names)
                if show:
                    show(settings)


def stop(names: Iterable[str]) -> None:
    """Stop programs, the application before its servers."""
    names = set(names)
    for group in (table.APPLICATION, table.SERVERS):
        if wanted := [name for name in group if name in names]:
            with step("stop " + ", ".join(wanted)):
                supervisor.stop(wanted)


def stop_everything() -> None:
    """Stop all programs, their supervisor, and orphaned processes of an earlier start."""
    if supervisor.programs():
        stop(table.PROGRAMS)
        supervisor.shut_down()
    recovery.end_all_processes()
    for data in table.DATA.values():
        data_lock.release(data)


@contextmanager
def stopped_on_failure() -> Iterator[bool]:
    """Stop everything if the block fails, unless something ran before; yield whether it did."""
    ran = bool(supervisor.programs())
    try:
        yield ran
    except BaseException:
        if not ran:
            with signals_ignored():
                stop_everything()
                overrides.forget()
        raise


@contextmanager
def with_servers(what: str, *, synchronise: bool = True, for_tests: bool = False) -> Iterator[None]:
    """Hold the lock with Postgres and Redis running; servers that ran before keep running afterwards.

    for_tests starts the servers of the tests: the checkout's own, whatever DATABASE_URL and REDIS_URL say.
    """
    with exclusive_stack(what), stopped_on_failure() as ran:
        settings = environment.read_for_tests() if for_tests else environment.read()
        before = {name for name, found in supervisor.programs().items() if found.runs}
        if not ran:
            directories.require_space()
        limits.require(settings)
        with nullcontext() if ran else overrides.remembered():
            start_servers(settings, synchronise=synchronise)
        yield
        if not ran:
            stop_everything()
            overrides.forget()
        elif started := [name for name in external_servers.managed(settings) if name not in before]:
            stop(started)
