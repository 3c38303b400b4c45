"""A recipe that goes on running while the test looks on."""

import contextlib
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from threading import Event, Thread
from typing import Self

# A shell that leads a session whose terminal it has, so that Ctrl-C and hang-up reach the recipe as they do for people.
_IN_A_TERMINAL = ("setsid", "--ctty", "--wait", "sh", "-c", '"$@"; exit $?', "_")
_STYLE = re.compile("\x1b\\[[0-9;]*m")


class Running:
    """Use it as a context: at its end the recipe is interrupted where it still runs."""

    _reader: Thread | None = None

    def __init__(self, words: list[str], *, cwd: Path, environment: dict[str, str], terminal: bool) -> None:
        self._output = tempfile.NamedTemporaryFile()  # noqa: SIM115 - closed by __exit__
        command = [shutil.which("just") or "just", *words]
        if not terminal:
            self.process = subprocess.Popen(
                command, cwd=cwd, env=environment, start_new_session=True, stdout=self._output, stderr=self._output
            )
            return
        self._terminal, inside = pty.openpty()
        self.process = subprocess.Popen(
            [*_IN_A_TERMINAL, *command],
            cwd=cwd,
            env=environment,
            stdin=inside,
            stdout=inside,
            stderr=inside,
        )
        os.close(inside)
        self._closing = Event()
        self._reader = Thread(target=self._read_terminal, daemon=True)
        self._reader.start()

    def _read_terminal(self) -> None:
        """Copy what is shown into the file; close the terminal here, where nobody is reading it meanwhile."""
        with open(self._output.name, "ab", buffering=0) as file:  # noqa: PTH123 - a name
            while not self._closing.is_set():
                ready, _, _ = select.select([self._terminal], [], [], 0.05)
                try:
                    file.write(os.read(self._terminal, 65536) if ready else b"")
                except OSError:
                    # Everybody on the other side has gone.
                    break
        os.close(self._terminal)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(60)
        if self._reader:
            self.close_terminal()
        self._output.close()

    def text(self) -> str:
        if self._reader and self.process.poll() is not None:
            # To the end.
            self._reader.join(2)
        return _STYLE.sub("", Path(self._output.name).read_text())

    def succeeds(self) -> str:
        """Wait for its end and return what it printed."""
        assert self.process.wait(300) == 0, self.text()
        return self.text()

    def type(self, keys: bytes) -> None:
        os.write(self._terminal, keys)

    def close_terminal(self) -> None:
        assert self._reader
        self._closing.set()
        self._reader.join()
