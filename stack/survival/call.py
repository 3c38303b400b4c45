"""The task and its arguments, as they are typed: JSON values, and name=value."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """A task's name and its arguments."""

    task: str
    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return it as Python writes a call."""
        named = [f"{name}={value!r}" for name, value in self.kwargs.items()]
        return f"{self.task}({', '.join([*map(repr, self.args), *named])})"


def parse(task: str, words: Sequence[str]) -> Call:
    """Return the call. A word that is no JSON is a string; name=value is a keyword argument."""
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name.isidentifier():
            kwargs[name] = _value(value)
        else:
            args.append(_value(word))
    return Call(task, args, kwargs)


def _value(word: str) -> Any:
    try:
        return json.loads(word)
    except ValueError:
        return word
