"""Limits of the machine that would keep the stack from starting: open files, processes, a user without a name."""

import os
import pwd
import resource

from stack.errors import StackError
from stack.settings import external_servers
from stack.settings.environment import Environment

# supervisord insists on both (minfds, minprocs); Postgres alone may open a thousand files.
_OPEN_FILES = 1024
_PROCESSES = 200


def require(settings: Environment) -> None:
    """Raise StackError for a limit that is too low, and for a user without a name."""
    _require_limit(resource.RLIMIT_NOFILE, _OPEN_FILES, "open files", "n")
    _require_limit(resource.RLIMIT_NPROC, _PROCESSES, "processes", "u")
    if "postgres" in external_servers.managed(settings):
        _require_name(os.getuid())


def _require_limit(limit: int, needed: int, what: str, option: str) -> None:
    hard = resource.getrlimit(limit)[1]
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise StackError(
            f"this session may have {hard} {what} at most (ulimit -H{option}), and the stack needs {needed}. Nothing"
            f" was started. Raise it in /etc/security/limits.conf, or start the container with a higher --ulimit."
        )


def _require_name(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise StackError(
            f"user number {uid} has no name on this machine, and Postgres does not start without one. Nothing was"
            f" started. Give it one: echo 'me:x:{uid}:{os.getgid()}::/tmp:/bin/sh' >> /etc/passwd (as root), or start"
            " the container as a user that it knows."
        ) from None
