"""gunicorn's threaded worker, whose threads wait for connections and requests themselves."""

import errno
import os
import select
import time
from contextlib import suppress
from socket import SHUT_RD, socket

from gunicorn.workers.gthread import DEFAULT_WORKER_DATA_TIMEOUT, STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from apps.core.health import draining

# Seconds between two signs of life for the main process, which waits for `timeout` seconds.
_NOTIFY = 0.5
# Milliseconds in which a thread waits for the first request of a connection, while other processes accept the next one.
_PATIENCE = 2
# The thread that gets an event has the socket to itself until it is armed again.
_ONCE = select.EPOLLIN | select.EPOLLONESHOT
# Another connection could not be accepted at once either: the process, or the machine, has no more of what it takes.
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Connection(TConn):  # type: ignore[misc] # gunicorn has no types
    """A client's connection. It has a number in the epoll from the first time that it waits there."""

    waits_again = False

    def has_data(self) -> bool:
        """Return whether a request arrives within a moment. Unlike gunicorn's wait this takes no file descriptor."""
        waiting = select.poll()
        waiting.register(self.sock, select.POLLIN)
        return bool(waiting.poll(_PATIENCE))


class SharedPollWorker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """Let all threads wait in one epoll, for connections and for their requests.

    In gunicorn's own worker the main thread waits, hands each request to another thread and gets the connection back:
    more system calls, and two more changes of the thread for each request. And it accepts whatever arrives while it
    runs: eight connections that stay open often end up in one process, and the other processes, and their cores, are
    idle. Here a process whose threads are busy accepts nothing.
    """

    def init_process(self) -> None:
        self._events = select.epoll()
        self._listeners: dict[int, socket] = {listener.fileno(): listener for listener in self.sockets}
        self._open: set[Connection] = set()
        # Those on which nothing is accepted at the moment.
        self._resting: set[socket] = set()
        # The end of the pipe wakes all threads. Made now: later there may be no file descriptor.
        self._waker, self._wakes = os.pipe()
        # Those that wait for a request. gunicorn compares their number with its limit.
        self.keepalived_conns: dict[int, Connection] = {}
        self._ended = False
        super().init_process()

    def run(self) -> None:
        for listener in self.sockets:
            listener.setblocking(False)  # noqa: FBT003 - its signature
            self._events.register(listener, _ONCE)
        # Signals end a wait of the main thread.
        self.poller.register(self.method_queue.fileno(), select.EPOLLIN, self.method_queue.run_callbacks)
        try:
            threads = [self.tpool.submit(self._serve) for _ in range(self.cfg.threads)]
            while self.alive and self.is_parent_alive() and not any(thread.done() for thread in threads):
                self._watch()
            self._finish()
        finally:
            self._end()

    def _watch(self, end: float = float("inf")) -> None:
        """Give a sign of life, and close connections that have waited for too long, or until the end (monotonic)."""
        self.notify()
        if draining.has_begun():
            # Answers close their connections, so that clients go to another server.
            self.cfg.set("keepalive", 0)
        now = time.monotonic()
        for connection in list(self.keepalived_conns.values()):
            if now > min(connection.timeout, end):
                # The thread that sees its end closes it. A request that has just arrived is answered before.
                with suppress(OSError):
                    connection.sock.shutdown(SHUT_RD)
        self._welcome()
        self.wait_for_and_dispatch_events(timeout=_NOTIFY)

    def _finish(self) -> None:
        """Accept nothing more; answer what is under way, and what clients may have sent on open connections."""
        self.alive = False
        for listener in self.sockets:
            self._events.unregister(listener)
        now = time.monotonic()
        while self._open and time.monotonic() < now + self.cfg.graceful_timeout:
            self._watch(end=now + STOP_KEEPALIVE_LINGER)

    def _end(self) -> None:
        self._ended = True
        os.close(self._wakes)
        self._events.register(self._waker, select.EPOLLIN)
        self.tpool.shutdown(wait=False)
        for listener in self.sockets:
            listener.close()

    def _serve(self) -> None:
        """Do what comes, in a thread: accept a connection and answer its request, or that of an open one, in turn."""
        listener: socket | None = None
        while not self._ended:
            for number, _ in self._events.poll(0 if listener else None, 1):
                listener = self._listeners.get(number, listener)
                if connection := self.keepalived_conns.pop(number, None):
                    self._answer(connection)
            # Where one has arrived there may be more, which would wait behind the requests of all open connections.
            if listener and not self._accept(listener):
                listener = None

    def _accept(self, listener: socket) -> bool:
        """Accept a connection, and return whether there was one."""
        if not self.alive or len(self._open) >= self.worker_connections:
            self._resting.add(listener)
            # The last connection may have been closed just before.
            self._welcome()
            return False
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in _EXHAUSTED:
                # Announced again at once, it would keep the thread busy with nothing.
                self.log.warning("Connections wait to be accepted: %s", error.strerror)
                self._resting.add(listener)
            else:
                # Another process was quicker, or the client is gone.
                self._arm(listener)
            return False
        connection = Connection(self.cfg, client, address, listener.getsockname())
        self._open.add(connection)
        self._arm(listener)
        if connection.has_data():
            self._answer(connection)
        else:
            self._wait_for_request(connection, max(self.cfg.keepalive, DEFAULT_WORKER_DATA_TIMEOUT))
        return True

    def _welcome(self) -> None:
        """Accept again where that has stopped, if there is room."""
        while self._resting and self.alive and len(self._open) < self.worker_connections:
            # Another thread may have taken it.
            with suppress(KeyError):
                self._arm(self._resting.pop())

    def _arm(self, listener: socket) -> None:
        # A worker that ends has taken it out.
        with suppress(FileNotFoundError, ValueError):
            self._events.modify(listener, _ONCE)

    def _answer(self, connection: Connection) -> None:
        connection.data_ready = True
        try:
            keep = self.handle(connection)
        except (Exception, SystemExit):
            # As sys.exit() of an application does. Without this thread half of the process would be gone.
            self.log.exception("A request ended its thread")
            keep = False
        if not self.alive:
            # It was the last of max_requests, or the worker ends: the main thread goes on.
            self.method_queue.defer(bool)
        if keep:
            self._wait_for_request(connection, self.cfg.keepalive)
        else:
            self._close(connection)

    def _wait_for_request(self, connection: Connection, seconds: float) -> None:
        connection.timeout = time.monotonic() + seconds
        number = connection.sock.fileno()
        # What was read together with a request is not announced again, but that the client takes an answer is: after
        # those that wait already, so that a client with many requests stops nobody.
        has_more = connection.parser and connection.parser.unreader.buf.getvalue()
        events = _ONCE | select.EPOLLOUT if has_more else _ONCE
        self.keepalived_conns[number] = connection
        wait = self._events.modify if connection.waits_again else self._events.register
        connection.waits_again = True
        wait(number, events)

    def _close(self, connection: Connection) -> None:
        self._open.discard(connection)
        # gunicorn has closed it already if TLS, or an answer that had begun, failed.
        with suppress(OSError):
            connection.close(graceful=True)
        self._welcome()
