"""What is asked, of whom, and how often at the same time."""

from typing import NamedTuple

from benchmarks.api.seed import Seeded

PAGE = 50


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    method: str = "GET"
    body: str = ""


class Scenario(NamedTuple):
    """A question. variants: who is asked, by name; the first one is the subject, the others are compared with it."""

    name: str
    requests: dict[str, Request]
    connections: int = 8
    processes: int = 2


def scenarios(seeded: Seeded) -> list[Scenario]:
    """Return all scenarios."""
    ping = Request("/api/v1/core/ping/", {})
    read = Request("/api/v1/auth/profile/", bearer(seeded.user))
    bare_query = Request(f"/floor/query/?pk={seeded.pk}", {})
    listed = "/api/v1/users/"
    staff = bearer(seeded.staff)
    deep = f"{listed}?page={seeded.accounts * 9 // 10 // PAGE}"
    login = Request(
        "/api/v1/auth/login/",
        {"Content-Type": "application/json"},
        "POST",
        f'{{"email": "{seeded.email}", "password": "{seeded.password}"}}',
    )
    task = Request("/api/v1/core/fire-task/", bearer(seeded.user), "POST")
    return [
        Scenario("ping", {"ours": ping, "stock": ping, "floor": Request("/floor/drf/", {})}),
        Scenario("a bare Django view", {"floor": Request("/floor/django/", {})}),
        Scenario("authenticated read", {"ours": read, "stock": read, "floor": bare_query}),
        Scenario("authenticated read, 1 connection", {"ours": read, "stock": read}, connections=1),
        Scenario("authenticated read, 64 connections", {"ours": read, "stock": read}, connections=64),
        Scenario("ping, 64 connections", {"ours": ping, "stock": ping}, connections=64),
        Scenario("authenticated read, 1 process", {"ours": read, "stock": read}, processes=1),
        Scenario("read with 50 tokens", {"ours": read._replace(headers=bearer(seeded.fifty)), "1 token": read}),
        Scenario("read with 1,000 tokens", {"ours": read._replace(headers=bearer(seeded.thousand)), "1 token": read}),
        Scenario("read, limit of 100,000 a day", {"a day": read, "a minute": read}),
        Scenario("login", {"ours": login}),
        Scenario("task start", {"ours": task, "stock": task}),
        Scenario("list, first page", {"ours": Request(listed, staff), "stock": Request(listed, staff)}),
        Scenario("list, deep page", {"ours": Request(deep, staff), "first page": Request(listed, staff)}),
        Scenario(
            "list, search",
            {
                "ours": Request(f"{listed}?search=user77777", staff),
                "stock": Request(f"{listed}?search=user77777", staff),
            },
        ),
    ]


def bearer(token: str) -> dict[str, str]:
    # Both: the stock project has Knox's own word.
    return {"Authorization": f"Bearer {token}"}
