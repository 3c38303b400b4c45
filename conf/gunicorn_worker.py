"""gunicorn's threaded worker, which leaves new connections to processes that have a thread for them."""

import time
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

# Seconds between two signs of life for the main process, which waits for `timeout` seconds.
_NOTIFY = 0.5
# Seconds after which a busy process accepts a connection nevertheless: the others may be as busy.
_PATIENCE = 0.002


class FairThreadWorker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """Accept while a thread is free.

    gunicorn's worker accepts whatever arrives while it runs. Eight connections that stay open often end up in one
    process then, and the other processes, and their cores, are idle: half of the speed, in every other run.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._busy = 0
        self._notified = self._full_since = float("-inf")

    def notify(self) -> None:
        # At each turn of the loop it would be a system call for each request.
        if time.monotonic() - self._notified >= _NOTIFY:
            self._notified = time.monotonic()
            super().notify()

    def enqueue_req(self, conn: Any) -> None:
        self._busy += 1
        if self._busy >= self.cfg.threads and self._accepting:
            self._full_since = time.monotonic()
            super().set_accept_enabled(False)
        super().enqueue_req(conn)

    def finish_request(self, conn: Any, fs: Any) -> None:
        self._busy -= 1
        super().finish_request(conn, fs)

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - gunicorn's signature
        if enabled and self._busy >= self.cfg.threads and time.monotonic() - self._full_since < _PATIENCE:
            return
        super().set_accept_enabled(enabled)
