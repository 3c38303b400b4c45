"""The port of the API: 8000 or the next free one, remembered for the checkout. PORT pins it."""

import os
import socket
import sys

import psutil

from checkout import paths, servers
from stack.errors import StackError
from stack.processes import discovery
from stack.settings import environment

FIRST, LAST = 8000, 8999


def start_command() -> list[str]:
    """Listen on the port, and return the command line of the server, which inherits the sockets."""
    listener = listen(environment.read().port)
    remember_listener()
    sockets = [found for found in (listener, listen_on_ipv6(servers.web_port())) if found]
    for found in sockets:
        found.set_inheritable(True)
    binds = [f"--bind=fd://{found.detach()}" for found in sockets]
    return [sys.executable, "-m", "gunicorn", "--config", "python:conf.gunicorn", *binds, "conf.wsgi"]


def listen(pinned: int) -> socket.socket:
    """Return a listening socket on 127.0.0.1 and remember its port.

    The server inherits the socket, so there is no moment in which another checkout could take the port. Raises
    StackError for a pinned port that is taken.
    """
    for candidate in [pinned] if pinned else [servers.web_port() or FIRST, *range(FIRST, LAST + 1)]:
        if listener := _try(candidate):
            paths.PORT_FILE.write_text(str(candidate))
            return listener
    if pinned:
        raise _taken(pinned)
    raise StackError(f"no port from {FIRST} to {LAST} is free. Set PORT to one that is.")


def listen_on_ipv6(port: int) -> socket.socket | None:
    """Return a listening socket on [::1], or None without IPv6.

    `localhost` may resolve to it, and otherwise another program could take it.
    """
    try:
        listener = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    except OSError:
        return None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        listener.bind(("::1", port))
        listener.listen()
    except OSError:
        listener.close()
        return None
    return listener


def require(pinned: int) -> None:
    """Raise StackError for a pinned port that is taken. Called before anything is started."""
    if pinned:
        if not (listener := _try(pinned)):
            raise _taken(pinned)
        listener.close()


def _taken(pinned: int) -> StackError:
    return StackError(f"port {pinned} (PORT) is taken by {holder(pinned)}. Stop that, or set another PORT.")


def remember_listener() -> None:
    """Record that this process, and the program that it becomes, listens on the remembered port."""
    paths.WEB_PID_FILE.write_text(str(os.getpid()))


def is_listening() -> bool:
    """Return whether this checkout's API listens on the port: another program may have taken it meanwhile."""
    try:
        return discovery.is_program(int(paths.WEB_PID_FILE.read_text()), "web")
    except (FileNotFoundError, ValueError):
        return False


def _try(candidate: int) -> socket.socket | None:
    # macOS allows to bind a port on which a wildcard address listens, so try to connect first. Also to [::1], to which
    # `localhost` may resolve.
    if _answers(candidate):
        return None
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", candidate))
        listener.listen()
    except OSError:
        listener.close()
        return None
    return listener


def _answers(candidate: int) -> bool:
    return _answers_at(socket.AF_INET, "127.0.0.1", candidate) or _answers_at(socket.AF_INET6, "::1", candidate)


def _answers_at(family: socket.AddressFamily, host: str, candidate: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as client:
            return client.connect_ex((host, candidate)) == 0
    except OSError:
        # A machine without IPv6.
        return False


def holder(taken: int) -> str:
    """Return the name of the process that listens on a port, as far as this user may see it."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.laddr and connection.laddr.port == taken and connection.status == psutil.CONN_LISTEN:
                return (
                    f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
                    if connection.pid
                    else "another user"
                )
    except psutil.Error:
        pass
    return "another program"
