"""Recovers a stack that is only partly supervised, before anything is started or stopped."""

from checkout import paths
from stack.console import step
from stack.lifecycle import directories
from stack.processes import discovery
from stack.programs import postgres, supervisor, table
from stack.programs.supervisor import ProgramState


def recover() -> None:
    """End what is left of an earlier start whose supervisor or files are gone."""
    if not is_fully_supervised():
        # By one call for each group, if the supervisor responds: by itself it stops programs one by one.
        for group in (table.APPLICATION, table.SERVERS):
            supervisor.stop(group)
        end_all_processes()
        directories.check_runtime()
    elif workers := discovery.orphans(supervisor.pid()):
        # Their program was killed and is started again: nothing may run twice.
        discovery.kill(workers)


def end_all_processes() -> None:
    """End every process of this checkout, supervised or orphaned, and remove the sockets."""
    if found := discovery.processes():
        runtimes = discovery.runtimes(found)
        with step("end what was left running"):
            discovery.end(found, {name: program.stop_signal for name, program in table.PROGRAMS.items()})
        # The directories of the sockets from before the checkout was moved.
        for runtime in runtimes - {paths.RUNTIME}:
            directories.remove_former_runtime(runtime)
    directories.remove_runtime()


def is_fully_supervised() -> bool:
    """Return whether a supervisor responds, and all files and sockets of it and its servers exist."""
    running = supervisor.programs()
    return bool(running) and supervisor.has_its_pid_file() and all(_has_its_files(found) for found in running.values())


def _has_its_files(found: ProgramState) -> bool:
    # A program that is starting has not created its files yet.
    if found.state != "RUNNING":
        return True
    if found.name == "postgres":
        return postgres.PID_FILE.exists() and any(path.is_socket() for path in postgres.sockets())
    return found.name != "redis" or (paths.REDIS_DATA.exists() and paths.REDIS_SOCKET.exists())
