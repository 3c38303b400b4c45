"""Python programs beside a command that answer on a pipe of their own, and end when it ends, in whatever way."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

from checkout.parent_death import signal_when_parent_dies
from stack.errors import StackError

_STOP_SECONDS = 5


class Child:
    """A Python program that gets lines on standard input, and writes JSON to the descriptor in its last argument."""

    def __init__(self, words: Sequence[str], *, cwd: Path, environment: Mapping[str, str], log: Path) -> None:
        """Start it. What it prints goes to the log."""
        self.log = log
        reading, writing = os.pipe()
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, *words, str(writing)],
                cwd=cwd,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                text=True,
                pass_fds=(writing,),
                # Ctrl-C in the terminal is for the command, which ends this itself.
                start_new_session=True,
                preexec_fn=lambda: signal_when_parent_dies(signal.SIGKILL),  # noqa: PLW1509 - it calls the kernel alone
            )
        os.close(writing)
        self._answers: IO[str] = os.fdopen(reading)

    def tell(self, line: str) -> None:
        """Send a line. Raises StackError, with what the program printed, if it has ended."""
        try:
            print(line, file=self.process.stdin, flush=True)
        except OSError:
            raise self._ended() from None

    def answers(self) -> Iterator[Any]:
        """Yield the answers as they come, until the program ends."""
        for line in self._answers:
            yield json.loads(line)

    def ask(self, **question: Any) -> Any:
        """Send a question and return the answer. Raises StackError, with what the program printed, if it has ended."""
        self.tell(json.dumps(question))
        for answer in self.answers():
            return answer
        raise self._ended()

    def _ended(self) -> StackError:
        # Its last words come after it has closed the pipe.
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_STOP_SECONDS)
        said = self.log.read_text(errors="replace").strip()
        return StackError(f"a program of this command ended; the data are as they were. It said:\n{said}")

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        """Return the child."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.stop()
