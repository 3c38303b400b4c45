"""Finds the task that is meant, and tells whether it takes these arguments."""

import inspect
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from celery import Task, current_app


class NoSuchTaskError(ValueError):
    """No task of this project has this name, or several do. The text is for people."""


def find(name: str) -> "Task[Any, Any]":
    """Return the project's task of a name, whole or its end. Raises NoSuchTaskError."""
    current_app.loader.import_default_modules()
    known = sorted(task for task in current_app.tasks if not task.startswith("celery."))
    found = [task for task in known if task == name] or [task for task in known if task.endswith(f".{name}")]
    if len(found) == 1:
        return current_app.tasks[found[0]]
    if found:
        raise NoSuchTaskError(f"{name!r} is the end of several names; type one of them: {', '.join(found)}")
    near = get_close_matches(name, [*known, *(task.rpartition(".")[2] for task in known)], n=3, cutoff=0.5)
    raise NoSuchTaskError(
        f"there is no task {name!r}. {'Near it: ' if near else 'There are: '}{', '.join(near or known)}"
    )


def refusal(task: "Task[Any, Any]", args: list[Any], kwargs: dict[str, Any]) -> str:
    """Return why a task does not take these arguments, in Python's words, with its signature; empty if it does."""
    # What Celery checks before it sends; a task of bind=True is not asked for itself.
    signature = inspect.signature(task.__header__)  # type: ignore[attr-defined] # not in the stubs
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        return f"{task.name}{signature}: {error}"
    return ""


def module_file(task: "Task[Any, Any]") -> str:
    """Return the file in which a task is defined, as its frames name it."""
    return str(Path(sys.modules[task.__module__].__file__ or ""))
