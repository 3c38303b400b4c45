"""Whatever happened to the stack: bring it into a state that can be led, before anything is started or stopped."""

from conf import local
from stack import directories, leftovers, postgres, program, redis, supervision
from stack.console import step
from stack.program import Program


def heal() -> None:
    """End the rest of an earlier start that can no longer be led: its supervisor or its files are gone."""
    if not is_whole():
        # Where the supervisor can be told, it stops all at once; on its own it goes one by one.
        for group in (program.APPLICATION, program.SERVERS):
            supervision.stop(group)
        end_everything()
        directories.check_runtime()
    elif workers := leftovers.orphans(supervision.pid()):
        # Their program was killed, and is started again: nothing may run twice.
        leftovers.kill(workers)


def end_everything() -> None:
    """End every process of this checkout, reachable or not, and take the sockets away."""
    if found := leftovers.processes():
        runtimes = leftovers.runtimes(found)
        with step("end what was left running"):
            leftovers.end(found)
        # Where the checkout was before it was moved.
        for runtime in runtimes - {local.RUNTIME}:
            directories.remove_former_runtime(runtime)
    directories.remove_runtime()


def is_whole() -> bool:
    """Say whether a supervisor answers, and all that it and its servers have opened is still in its place."""
    running = supervision.programs()
    return bool(running) and supervision.is_in_place() and all(_is_in_place(found) for found in running.values())


def _is_in_place(found: Program) -> bool:
    # One that starts just now has its files still to make.
    if found.state != "RUNNING":
        return True
    if found.name == "postgres":
        return postgres.PID_FILE.exists() and any(path.is_socket() for path in postgres.sockets())
    return found.name != "redis" or (redis.DATA.exists() and local.REDIS_SOCKET.exists())
