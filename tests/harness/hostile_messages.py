"""Messages that no worker should ever get: what a broken or malicious sender, or another program, leaves in a queue."""

import base64
import json
import random
import uuid
from typing import Any

TASK = "apps.core.tasks.measure_wait"
NASTY: list[Any] = [None, True, 0, -1, 1e308, 10**30, "", "\0", "\ud800", "x" * 5000, [], [[]], {}, {"a": {}}, [None]]
NASTY += ["2026-13-45T99:99:99", "\u202e", {"__type__": "datetime", "__value__": "no"}, float("nan"), "../../etc"]


def message(body: Any = None, **changes: Any) -> dict[str, Any]:
    """Return a message as Celery sends it; changes replace parts of it."""
    text = json.dumps([[0], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}])
    task_id = str(uuid.uuid4())
    return {
        "body": base64.b64encode((text if body is None else body).encode(errors="surrogatepass")).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": TASK, "id": task_id, "root_id": task_id, "retries": 0},
        "properties": {
            "correlation_id": task_id,
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": "default"},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
        },
    } | changes


def hostile(seed: int) -> bytes:
    """Return one; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    kind = chance.choice(KINDS)
    made = kind(chance)
    return made if isinstance(made, bytes) else json.dumps(made).encode()


def _bytes(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(0, 200))


def _truncated(chance: random.Random) -> bytes:
    whole = json.dumps(message()).encode()
    return whole[: chance.randrange(len(whole))]


def _flipped(chance: random.Random) -> bytes:
    # In the part that names things, so that hardly any stays a task.
    whole = bytearray(json.dumps(message(headers={"task": "no.such.task", "id": "x"})).encode())
    for _ in range(chance.randrange(1, 20)):
        whole[chance.randrange(len(whole))] = chance.randrange(256)
    return bytes(whole)


def _nested(chance: random.Random) -> bytes:
    depth = chance.choice([100, 900, 5000, 100_000])
    return b"[" * depth + b"]" * depth


def _nested_body(chance: random.Random) -> Any:
    depth = chance.choice([50, 5000, 100_000])
    return message("[" * depth + "]" * depth)


def _any_json(chance: random.Random) -> Any:
    return chance.choice(NASTY)


def _wrong_part(chance: random.Random) -> Any:
    part = chance.choice(["body", "content-encoding", "content-type", "headers", "properties"])
    return message() | {part: chance.choice(NASTY)}


def _missing_part(chance: random.Random) -> Any:
    made = message(headers={"task": "no.such.task", "id": str(uuid.uuid4())})
    del made[chance.choice(list(made))]
    return made


def _wrong_property(chance: random.Random) -> Any:
    made = message()
    made["properties"][chance.choice(["delivery_info", "delivery_tag", "body_encoding"])] = chance.choice(NASTY[1:])
    made["headers"]["task"] = "no.such.task"
    return made


def _wrong_header(chance: random.Random) -> Any:
    made = message()
    name = chance.choice(["id", "task", "eta", "expires", "timelimit", "retries", "group", "root_id", "times_lost"])
    wrong = {"id": [], "task": {}, "eta": "later", "expires": [1], "timelimit": "long", "retries": "many"}
    made["headers"][name] = wrong.get(name, chance.choice([[], {}, 1.5, "\0"]))
    made["headers"]["get"] = 5 if chance.random() < 0.1 else None  # a name that Celery's request has for itself
    return made


def _wrong_body(chance: random.Random) -> Any:
    values = [
        [[], {}],
        [{}, {}, {}],
        [[], [], {}],
        [[], {}, []],
        [[], {}, {"chain": 5}],
        [[], {}, {"chord": "x"}],
        5,
        "x",
    ]
    return message(json.dumps(chance.choice(values)))


def _unknown_task(_chance: random.Random) -> Any:
    made = message()
    made["headers"]["task"] = "no.such.task"
    return made


KINDS = (
    _bytes,
    _truncated,
    _flipped,
    _nested,
    _nested_body,
    _any_json,
    _wrong_part,
    _missing_part,
    _wrong_property,
    _wrong_header,
    _wrong_body,
    _unknown_task,
)
