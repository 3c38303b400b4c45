"""Whatever happened to the stack: bring it into a state that can be led, before anything is started or stopped."""

from checkout import paths
from stack.console import step
from stack.lifecycle import directories
from stack.processes import discovery
from stack.programs import postgres, supervisor, table
from stack.programs.supervisor import ProgramState


def heal() -> None:
    """End the rest of an earlier start that can no longer be led: its supervisor or its files are gone."""
    if not is_whole():
        # Where the supervisor can be told, it stops all at once; on its own it goes one by one.
        for group in (table.APPLICATION, table.SERVERS):
            supervisor.stop(group)
        end_everything()
        directories.check_runtime()
    elif workers := discovery.orphans(supervisor.pid()):
        # Their program was killed, and is started again: nothing may run twice.
        discovery.kill(workers)


def end_everything() -> None:
    """End every process of this checkout, reachable or not, and take the sockets away."""
    if found := discovery.processes():
        runtimes = discovery.runtimes(found)
        with step("end what was left running"):
            discovery.end(found, {name: program.stop_signal for name, program in table.PROGRAMS.items()})
        # Where the checkout was before it was moved.
        for runtime in runtimes - {paths.RUNTIME}:
            directories.remove_former_runtime(runtime)
    directories.remove_runtime()


def is_whole() -> bool:
    """Return whether a supervisor answers, and all that it and its servers have opened is still in its place."""
    running = supervisor.programs()
    return bool(running) and supervisor.is_in_place() and all(_is_in_place(found) for found in running.values())


def _is_in_place(found: ProgramState) -> bool:
    # One that starts just now has its files still to make.
    if found.state != "RUNNING":
        return True
    if found.name == "postgres":
        return postgres.PID_FILE.exists() and any(path.is_socket() for path in postgres.sockets())
    return found.name != "redis" or (paths.REDIS_DATA.exists() and paths.REDIS_SOCKET.exists())
