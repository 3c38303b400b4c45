from pathlib import Path
from typing import Any

from apps.core.management.conversation import ConversationCommand
from apps.core.survival import deliveries, lookup


class Command(ConversationCommand):
    help = "Run a task again and again, and kill it, as standard input says. `just survive` calls it."

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        return _find(question) if question["do"] == "find" else _run(question)


def _find(question: dict[str, Any]) -> dict[str, str]:
    """Return the whole name of the task, and why it cannot be run with these arguments."""
    try:
        task = lookup.find(question["task"])
    except lookup.NoSuchTaskError as error:
        return {"name": "", "error": str(error)}
    return {"name": task.name, "error": lookup.refusal(task, question["args"], question["kwargs"])}


def _run(question: dict[str, Any]) -> dict[str, Any]:
    call = deliveries.Call(lookup.find(question["task"]), question["args"], question["kwargs"])
    kill = tuple(question["kill"]) if question["kill"] else None
    return deliveries.run(call, Path(question["steps"]), kill, question["seconds"])
