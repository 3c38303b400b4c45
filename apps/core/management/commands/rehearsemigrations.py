from typing import Any

from django.db import connection
from django.db.migrations.loader import MigrationLoader

from apps.core.management.conversation import ConversationCommand
from apps.core.rehearsal import observation


class Command(ConversationCommand):
    help = "Run migrations one by one and observe them, as standard input says. `just rehearse` calls it."

    def answer(self, question: dict[str, Any]) -> Any:
        if question["do"] == "plan":
            return _plan()
        if question["do"] == "process":
            connection.ensure_connection()
            return connection.connection.info.backend_pid
        return observation.run(connection, question["app"], question["name"], backwards=question["do"] == "backwards")


def _plan() -> list[dict[str, Any]]:
    """Return all migrations of this code in the order in which they are applied."""
    loader = MigrationLoader(connection)
    plan: list[tuple[str, str]] = []
    for leaf in loader.graph.leaf_nodes():
        plan += [node for node in loader.graph.forwards_plan(leaf) if node not in plan]
    return [{"app": app, "name": name, "applied": (app, name) in loader.applied_migrations} for app, name in plan]
