"""`just dev`: up, follow the logs, and down when it is interrupted or its terminal closes.

A stack that runs already goes on afterwards: then `dev` only looks at it.
"""

from contextlib import suppress

from stack.commands import status
from stack.console import say
from stack.errors import StackError
from stack.lifecycle import up_down
from stack.logs import display, keys
from stack.logs.records import Record
from stack.logs.rendering import Form
from stack.processes.signals import Interrupted, signals_ignored
from stack.programs import supervisor, table

HELP = "keys: r restart web, f one program after the other, 1 one line a record, s status, q quit"


class View:
    """What is shown, which keys change: of which program (empty for all), and whether records are cut to a line."""

    def __init__(self) -> None:
        self.program = ""
        self.form = Form.PEOPLE
        self.done = False
        self._programs = ["", *(program.log_name for program in table.PROGRAMS.values())]

    def wants(self, record: Record) -> bool:
        """Return whether a record is to be shown."""
        return self.program in ("", record.program)

    def press(self, key: str) -> None:
        """Do what a key stands for; any other key shows which there are."""
        actions = {"r": _restart_web, "f": self._next_program, "1": self._cut, "s": _show_status, "q": self._quit}
        actions.get(key, _help)()

    def _next_program(self) -> None:
        following = self._programs.index(self.program) + 1
        self.program = self._programs[following % len(self._programs)]
        say(f"-- {self.program or 'all programs'}")

    def _cut(self) -> None:
        self.form = Form.PEOPLE if self.form is Form.LINE else Form.LINE
        say(f"-- {'one line a record' if self.form is Form.LINE else 'whole records'}")

    def _quit(self) -> None:
        self.done = True


def run() -> int:
    """Run the stack in the foreground; returns the exit status."""
    ran = bool(supervisor.programs())
    with suppress(Interrupted):
        up_down.up(status.show_overview)
        # A closed terminal is a signal, or output that fails, whichever comes first.
        with suppress(OSError):
            _follow()
    if ran:
        with suppress(OSError):
            say("the stack ran before, and goes on. To stop it: just down")
        return 0
    with signals_ignored():
        up_down.down()
    return 0


def _follow() -> None:
    view = View()
    with keys.pressed() as read:

        def tick() -> bool:
            for key in read():
                view.press(key)
            return not view.done

        say(f"{HELP}\n")
        files = {program.log_name: program.log_file for program in table.PROGRAMS.values()}
        display.follow(files, form=lambda: view.form, wants=view.wants, tick=tick)


def _restart_web() -> None:
    try:
        up_down.restart(["web"])
    except StackError as error:
        say(f"error: {error}")


def _show_status() -> None:
    from stack.settings import environment

    status.show_overview(environment.read())


def _help() -> None:
    say(f"-- {HELP}")
