"""What each operation of the API costs, in queries and in round trips to Redis: one more is seen here first."""

from collections.abc import Callable
from threading import current_thread, main_thread
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from drf_spectacular.generators import SchemaGenerator
from redis.connection import AbstractConnection
from rest_framework.test import APIClient

from apps.core.models import StartedTask
from apps.core.tasks import do_nothing
from apps.core.tests.helpers import PASSWORD, log_in, make_user
from apps.core.throttling.limiter import Limit, limiter
from apps.users.links import reset_links, verification_links

pytestmark = pytest.mark.django_db
NEW = "engine-no-1843-b"
NAMES = {"first_name": "Ada", "last_name": "Lovelace"}


class Cost(NamedTuple):
    """Savepoints, which are the transactions of a test, count as queries; so does what follows the commit."""

    queries: int
    redis: int


COSTS = {
    "DELETE /api/v1/auth/sessions/{uuid}/": Cost(3, 1),
    "GET /api/v1/auth/profile/": Cost(1, 1),
    "GET /api/v1/auth/sessions/": Cost(3, 1),
    "GET /api/v1/core/ping/": Cost(0, 1),
    "GET /api/v1/tasks/{id}/": Cost(3, 1),
    "GET /api/v1/users/": Cost(3, 1),
    "GET /api/v1/users/{id}/": Cost(2, 1),
    "PATCH /api/v1/auth/profile/": Cost(2, 1),
    "PATCH /api/v1/users/{id}/": Cost(3, 1),
    "POST /api/v1/auth/create/": Cost(7, 1),
    "POST /api/v1/auth/login/": Cost(7, 3),
    "POST /api/v1/auth/logout/": Cost(2, 1),
    "POST /api/v1/auth/logoutall/": Cost(3, 1),
    "POST /api/v1/auth/password/change/": Cost(7, 3),
    "POST /api/v1/auth/password/reset/": Cost(1, 3),
    "POST /api/v1/auth/password/reset/confirm/": Cost(9, 1),
    "POST /api/v1/auth/register/": Cost(8, 3),
    "POST /api/v1/auth/verify/": Cost(5, 1),
    "POST /api/v1/core/fire-task/": Cost(4, 2),
    "POST /api/v1/users/{id}/activate/": Cost(6, 1),
    "POST /api/v1/users/{id}/deactivate/": Cost(7, 1),
    "PUT /api/v1/auth/profile/": Cost(2, 1),
    "PUT /api/v1/users/{id}/": Cost(3, 1),
}


class World(NamedTuple):
    """Who asks, of the staff; another account; a task and a second session of the one who asks."""

    asking: Any
    other: Any
    task: StartedTask
    session: Any


BODIES: dict[str, Callable[[World], dict[str, str]]] = {
    "POST /api/v1/auth/create/": lambda _: {"email": "new@example.com", "password": NEW, "password2": NEW},
    "POST /api/v1/auth/login/": lambda world: {"email": world.asking.email, "password": PASSWORD},
    "POST /api/v1/auth/password/change/": lambda _: {"current_password": PASSWORD, "password": NEW, "password2": NEW},
    "POST /api/v1/auth/password/reset/": lambda world: {"email": world.other.email},
    "POST /api/v1/auth/password/reset/confirm/": lambda world: {
        "token": reset_links.token_for(world.other),
        "password": NEW,
        "password2": NEW,
    },
    "POST /api/v1/auth/register/": lambda _: {"email": "new@example.com", "password": NEW, "password2": NEW},
    "POST /api/v1/auth/verify/": lambda world: {"token": verification_links.token_for(world.other)},
    "PUT /api/v1/auth/profile/": lambda _: NAMES,
    "PATCH /api/v1/auth/profile/": lambda _: NAMES,
    "PUT /api/v1/users/{id}/": lambda _: NAMES,
    "PATCH /api/v1/users/{id}/": lambda _: NAMES,
}


def operations() -> set[str]:
    """Return the operations of the template. A project's own have tags of their own (conf/project/settings.py)."""
    paths = SchemaGenerator().get_schema(public=True)["paths"]
    own = {tag["name"] for tag in settings.API_TAGS}
    return {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method, operation in methods.items()
        if not own & set(operation["tags"])
    }


@pytest.fixture
def world() -> World:
    current_app.control.purge()
    asking, other = make_user(is_staff=True, is_superuser=True), make_user("grace@example.com")
    task = StartedTask.objects.create(id=uuid4(), user=asking, name="any")
    return World(asking, other, task, log_in(APIClient(), asking))


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect what is sent to Redis: a command or a pipeline is one round trip."""
    sent: list[Any] = []
    send = AbstractConnection.send_packed_command

    def collecting(self: Any, command: Any, *args: Any, **kwargs: Any) -> Any:
        if current_thread() is main_thread():
            # Not what the threads of leases do, which other tests have opened.
            sent.append(command)
        return send(self, command, *args, **kwargs)

    monkeypatch.setattr(AbstractConnection, "send_packed_command", collecting)
    return sent


def ask(client: APIClient, operation: str, world: World) -> Any:
    method, path = operation.split()
    path = path.replace("/tasks/{id}", f"/tasks/{world.task.pk}")
    path = path.replace("{id}", str(world.other.pk)).replace("{uuid}", str(world.session.uuid))
    body = BODIES[operation](world) if operation in BODIES else None
    return getattr(client, method.lower())(path, body)


@pytest.mark.parametrize("operation", sorted(operations()))
def test_an_operation_costs_no_more(
    operation: str, world: World, round_trips: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    client = APIClient()
    log_in(client, world.asking)
    # Connections are open, scripts are loaded, and the queues are declared, which each process does once.
    for queue in ("default", "mail"):
        ask(client, "GET /api/v1/core/ping/", world)
        do_nothing.apply_async(queue=queue)
        limiter().give_back(Limit("warm:1", 1, 1))
    current_app.control.purge()
    round_trips.clear()

    with CaptureQueriesContext(connection) as queries, django_capture_on_commit_callbacks(execute=True):
        answer = ask(client, operation, world)

    assert answer.status_code < 300, answer.content
    assert Cost(len(queries), len(round_trips)) == COSTS[operation], [query["sql"] for query in queries]


def test_the_cost_of_every_operation_is_known() -> None:
    assert operations() == set(COSTS)
