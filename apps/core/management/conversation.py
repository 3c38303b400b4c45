"""A command that a tool of the stack asks questions: stack/processes/children.py is the other side."""

import json
import os
import sys
from abc import abstractmethod
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class ConversationCommand(BaseCommand):
    """Answer each question, a line of JSON on standard input, by a line of JSON.

    Answers do not go to standard output, to which what is run may print, but to the descriptor that is given.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("descriptor", type=int, help="where to write the answers, one line of JSON each")

    def handle(self, *args: Any, **options: Any) -> None:
        with os.fdopen(options["descriptor"], "w", buffering=1) as answers:
            for line in sys.stdin:
                answers.write(f"{json.dumps(self.answer(json.loads(line)))}\n")

    @abstractmethod
    def answer(self, question: dict[str, Any]) -> Any:
        """Return what JSON can express."""
