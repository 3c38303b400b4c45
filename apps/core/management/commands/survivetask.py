import json
import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.core.survival import deliveries, lookup


class Command(BaseCommand):
    help = "Run a task again and again, and kill it, as standard input says. `just survive` calls it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("descriptor", type=int, help="where to write the answers, one line of JSON each")

    def handle(self, *args: Any, **options: Any) -> None:
        # Not to standard output, to which a task may print.
        with os.fdopen(options["descriptor"], "w", buffering=1) as answers:
            for line in sys.stdin:
                question = json.loads(line)
                answer = _find(question) if question["do"] == "find" else _run(question)
                answers.write(f"{json.dumps(answer)}\n")


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
