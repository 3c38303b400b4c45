"""`just debug`: one program in the foreground under the debugger, for an editor to attach to."""

import signal
import subprocess
import sys

from checkout import paths, servers
from stack.commands import status
from stack.console import say
from stack.errors import StackError
from stack.lifecycle import up_down

PORTS = {"web": 5678, "worker": 5679, "test": 5680}
PROGRAMS = {
    "web": ["manage.py", "runserver", "--noreload"],
    # One process, so that breakpoints in tasks are hit.
    "worker": ["-m", "celery", "-A", "conf", "worker", "--loglevel=INFO", "--pool=solo"],
    "test": ["-m", "pytest"],
}

# Like `-m debugpy`, but without a traceback when it is left by Ctrl-C, even while it waits for an editor.
_DEBUGPY = """
import runpy, sys
try:
    runpy.run_module("debugpy", run_name="__main__", alter_sys=True)
except KeyboardInterrupt:
    sys.exit(130)
"""


def run(arguments: list[str]) -> int:
    """Run web or worker instead of the stack's own until Ctrl-C, or run pytest. They get all further arguments."""
    if not arguments or arguments[0] not in PROGRAMS:
        raise StackError(
            f"debug takes one of {', '.join(PROGRAMS)}, for example: just debug web. Nothing was started or stopped."
        )
    name, *rest = arguments
    return _test(rest) if name == "test" else _in_place_of_the_stacks_own(name, rest)


def _test(arguments: list[str]) -> int:
    """Run pytest under the debugger."""
    with up_down.with_servers("debug test", for_tests=True):
        return _debugged("test", arguments, "--wait-for-client")


def _in_place_of_the_stacks_own(name: str, arguments: list[str]) -> int:
    up_down.up(status.show_overview)
    port = [str(servers.web_port())] if name == "web" else []
    # The reloader would start the stack's own again when a file is saved.
    up_down.down([name, "reload"])
    try:
        return _debugged(name, [*port, *arguments])
    finally:
        up_down.up(status.show_overview)


def _debugged(name: str, arguments: list[str], *options: str) -> int:
    address = f"127.0.0.1:{PORTS[name]}"
    say(f"{name}: attach the debugger to {address}")
    # Frozen modules cannot have breakpoints; debugpy would warn about them.
    command = [sys.executable, "-X", "frozen_modules=off", "-c", _DEBUGPY, "--listen", address, *options]
    process = subprocess.Popen([*command, *PROGRAMS[name], *arguments], cwd=paths.ROOT)
    # Ctrl-C reaches the program, which shares the terminal; wait until it has ended.
    ours = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, ours)
