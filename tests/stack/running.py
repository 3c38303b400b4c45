"""A recipe that goes on running while the test looks on."""

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Self

# Becomes the leader of a session whose terminal it is, so that Ctrl-C and hang-up reach the recipe as they do
# for people; what it prints goes to a file, too, for the test to read.
_IN_A_TERMINAL = ("setsid", "--ctty", "--wait", "sh", "-c", 'out=$1; shift; "$@" | tee "$out"', "_")


class Running:
    """Use it as a context: at its end the recipe is interrupted where it still runs."""

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
            [*_IN_A_TERMINAL, self._output.name, *command],
            cwd=cwd,
            env=environment,
            stdin=inside,
            stdout=inside,
            stderr=inside,
        )
        os.close(inside)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(60)
        self._output.close()

    def text(self) -> str:
        return Path(self._output.name).read_text()

    def succeeds(self) -> str:
        """Wait for its end and return what it printed."""
        assert self.process.wait(300) == 0, self.text()
        return self.text()

    def type(self, keys: bytes) -> None:
        os.write(self._terminal, keys)

    def close_terminal(self) -> None:
        os.close(self._terminal)
