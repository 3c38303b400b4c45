"""Becomes one of the stack's programs: `python -m stack.run NAME`, what supervisord starts.

It replaces itself with the program, so that supervisord signals the program and not a wrapper.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

from conf import local
from stack import environment, leftovers, ownership, pids, postgres, program, redis, servers, unprivileged, web
from stack.console import complain
from stack.errors import StackError

# What the kernel sends when the supervisor has died, where it is not TERM. A worker that was asked to end would
# wait for its Redis, which ends at the same moment; what it ran comes back after the visibility timeout either way.
_DEATH_SIGNALS = {"postgres": signal.SIGINT, "worker": signal.SIGKILL}
_CELERY = (sys.executable, "-m", "celery", "--quiet", "-A", "conf")


def postgres_command() -> list[str]:
    _own("postgres")
    postgres.clear_stale_files()
    unprivileged.give(postgres.CLUSTER)
    return postgres.command(servers.find().postgres_bin, environment.read().postgres_port)


def redis_command() -> list[str]:
    configuration = redis.configure(environment.read().redis_port)
    _own("redis")
    return [str(servers.find().redis_server), str(configuration)]


def _own(server: str) -> None:
    # One that was killed may take a while to end with all its children.
    ownership.claim(program.DATA[server], seconds=20)
    ownership.stamp(program.DATA[server])


def web_command() -> list[str]:
    listener = web.listen(environment.read().port)
    web.remember_listener()
    listeners = [listener, web.listen_on_ipv6(web.kept())]
    for found in filter(None, listeners):
        found.set_inheritable(True)
    binds = [f"--bind=fd://{found.detach()}" for found in listeners if found]
    return [sys.executable, "-m", "gunicorn", "--config", "python:conf.gunicorn", *binds, "conf.wsgi"]


def worker_command() -> list[str]:
    # The only worker has no neighbours; to look for them takes a second of every start.
    alone = ("--without-gossip", "--without-mingle")
    return [*_CELERY, "worker", "--loglevel=INFO", "--concurrency=2", *alone]


def beat_command() -> list[str]:
    # No pid file: one that a killed beat leaves behind would keep the next one from starting.
    return [*_CELERY, "beat", "--loglevel=INFO", "--pidfile="]


def reload_command() -> list[str]:
    return [sys.executable, "-m", "stack.reload"]


COMMANDS: dict[str, Callable[[], list[str]]] = {
    "postgres": postgres_command,
    "redis": redis_command,
    "web": web_command,
    "worker": worker_command,
    "beat": beat_command,
    "reload": reload_command,
}


def die_with_parent(number: int) -> None:
    """Have the kernel signal us when supervisord dies, however it dies (Linux; prctl(2))."""
    if sys.platform == "linux":
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, number)
        if os.getppid() == 1:
            sys.exit("the supervisor is gone")


def for_forking(platform: str) -> dict[str, str]:
    """Return the variables for programs that fork: else macOS ends their children (celery/celery#4113)."""
    return {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"} if platform == "darwin" else {}


def main(name: str) -> None:
    """Replace this process with the program."""
    die_with_parent(_DEATH_SIGNALS.get(name, signal.SIGTERM))
    # The children of one that was killed: nothing may run twice, and one of them may hold the port.
    leftovers.kill(leftovers.processes(name))
    if name != "reload":
        # The reloader stays while others are started anew, with what was given since.
        environment.adopt()
    pids.write(name, os.getpid())
    try:
        command = COMMANDS[name]()
        environment.note_start(name)
    except StackError as error:
        complain(str(error))
        sys.exit(1)
    if name in program.SERVERS:
        # For Python's wheels alone.
        os.environ.pop("LD_LIBRARY_PATH", None)
    os.environ.update(for_forking(sys.platform))
    os.chdir(local.ROOT)
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1])
