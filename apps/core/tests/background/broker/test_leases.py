"""Leases: what a dead worker held comes back soon, what a living one holds never."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_library
from kombu import Connection
from kombu.utils.json import loads

from apps.core.background.broker import reclaim, storage
from apps.core.background.broker.lease import Lease
from apps.core.background.broker.reclaim import GAP, LEASE, Observer, Reclaimer
from apps.core.tasks import measure_wait
from apps.core.tests.background.broker.conftest import Worker
from apps.core.tests.background.broker.test_transport import start
from checkout import process_identity
from checkout.queues import HOLDERS, LEASES, LOST_LEASES, held, lengths


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def watch(observer: Observer, marks: dict[float, dict[str, float]]) -> dict[float, list[str]]:
    return {at: observer.run_out(renewals, at) for at, renewals in marks.items()}


def test_a_lease_that_is_not_renewed_for_its_whole_time_has_run_out() -> None:
    found = watch(Observer(), {float(at): {"dead": 5.0, "alive": float(at // 2)} for at in range(10)})
    assert [at for at, leases in found.items() if leases] == [8, 9]
    assert found[8] == ["dead"]


def test_a_clock_that_jumps_lets_no_lease_run_out() -> None:
    # Redis' clock jumps an hour ahead, and a year back; the lease is renewed by it.
    clock = [0, 2, 3604, 3606, -31_000_000, -30_999_998]
    found = watch(Observer(), {2.0 * n: {"alive": float(mark)} for n, mark in enumerate(clock)})
    assert not any(found.values())


@pytest.mark.parametrize("away", [GAP + 0.1, 60, 3600])
def test_after_an_outage_nothing_runs_out_before_redis_was_reachable_for_a_whole_lease(away: float) -> None:
    observer = Observer()
    before = watch(observer, {float(at): {"held": 1.0} for at in range(8)})
    back = 7 + away
    after = watch(observer, {back + at: {"held": 1.0} for at in range(9)})
    assert not any(before.values())
    assert [at for at, leases in after.items() if leases] == [back + LEASE]


def test_a_lease_that_is_closed_is_forgotten() -> None:
    observer = Observer()
    watch(observer, {float(at): {"a": 1.0} for at in range(8)})
    assert observer.run_out({}, 8.0) == []
    assert observer.run_out({"a": 1.0}, 9.0) == []


def test_a_living_worker_renews_its_lease(worker: Worker, redis: Any) -> None:
    lease = worker.lease
    first = redis.zscore(LEASES, lease.id)
    assert eventually(lambda: redis.zscore(LEASES, lease.id) > first)
    assert lease.is_held


@pytest.mark.parametrize("is_started", [True, False])
def test_what_a_dead_worker_had_comes_back_and_is_counted_if_it_was_started(
    connection: Connection, redis: Any, is_started: bool
) -> None:
    measure_wait.delay(0)
    for times in range(3):
        dead = Worker()
        message = dead.receive()
        assert message.headers.get(storage.LOST, 0) == (times if is_started else 0)
        if is_started:
            start(redis, message)
        dead.die()

        reclaimer = Reclaimer(redis, visibility_timeout=600)
        reclaimer._observer.run_out = lambda renewals, _at: list(renewals)  # type: ignore[method-assign]
        reclaimer.look()

        assert lengths(redis, ["default"]) == ({"default": 1}, 0, 0)
        assert not redis.exists(LEASES, LOST_LEASES, HOLDERS, storage.started(dead.lease.id))


def test_the_tasks_of_a_killed_process_of_this_machine_come_back_in_five_seconds(
    worker: Worker, connection: Connection, redis: Any
) -> None:
    """Without waiting for a whole lease: the kernel says that the process is gone."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    dead = Worker()
    measure_wait.delay(0)
    dead.receive()
    dead.die()
    process = process_identity.here()
    assert process
    identity = process._replace(pid=child.pid, started=process_identity.started(child.pid))
    redis.hset(HOLDERS, dead.lease.id, json.dumps({"node": "dead", "process": identity}))
    child.kill()
    child.wait()

    assert worker.receive(timeout=7)


def test_a_lease_that_was_renewed_in_between_is_not_taken(worker: Worker, redis: Any) -> None:
    worker.receives_nothing(0.1)
    seize = redis.register_script(storage.SEIZE)
    old = redis.zscore(LEASES, worker.lease.id)
    assert eventually(lambda: redis.zscore(LEASES, worker.lease.id) != old)
    assert seize(keys=[LEASES, LOST_LEASES], args=[worker.lease.id, repr(old)]) == 0


def test_what_was_lost_before_goes_to_the_end_of_its_queue(connection: Connection, redis: Any) -> None:
    """At the head the deaths of workers, whatever kills them, would hit the same tasks, until they count as poison."""
    first = measure_wait.delay(0).id
    for times in (1, 2):
        dead = Worker()
        message = dead.receive()
        assert message.headers["id"] == first
        start(redis, message)
        measure_wait.delay(0)
        storage.give_back(redis, dead.lease.id, redis.hkeys(held(dead.lease.id)), count=True)
        dead.die()
        found = [loads(raw.decode())["headers"]["id"] for raw in redis.lrange("default", 0, -1)]
        # Workers take from the right.
        assert found.index(first) == (times if times == 1 else 0)


def test_several_reclaimers_return_each_task_once(connection: Connection, redis: Any) -> None:
    dead = Worker()
    for _ in range(250):
        measure_wait.delay(0)
    for _ in range(250):
        dead.receive()
    dead.die()
    reclaimers = [Reclaimer(redis, visibility_timeout=600) for _ in range(3)]
    redis.zrem(LEASES, dead.lease.id)
    redis.sadd(LOST_LEASES, dead.lease.id)
    tags = redis.hkeys(held(dead.lease.id))
    assert storage.give_back(redis, dead.lease.id, tags[:100], count=True) == 100

    for reclaimer in reclaimers:
        reclaimer.look()

    assert lengths(redis, ["default"]) == ({"default": 250}, 0, 0)


def test_a_detached_lease_keeps_what_runs_and_returns_the_rest(worker: Worker, redis: Any) -> None:
    for _ in range(3):
        measure_wait.delay(0)
    running, finished, reserved = (worker.receive() for _ in range(3))
    lease = worker.lease
    lease.detach()
    worker.connection.close()
    assert lengths(redis, ["default"]) == ({"default": 0}, 3, 0), "the connection's end returns nothing"

    finished.ack()
    lease.keep({str(running.delivery_tag)})

    assert eventually(lambda: lengths(redis, ["default"]) == ({"default": 1}, 1, 0))
    assert redis.hkeys(held(lease.id)) == [str(running.delivery_tag).encode()]
    time.sleep(2.5)
    assert redis.hlen(held(lease.id)) == 1, "it is kept as long as it takes"
    running.ack()
    assert eventually(lambda: lease.is_closed)
    assert not redis.exists(LEASES, HOLDERS, held(lease.id))
    assert str(reserved.delivery_tag) in redis.lindex("default", 0).decode()


def test_what_could_not_be_acknowledged_is_acknowledged_later(
    worker: Worker, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure_wait.delay(0)
    message = worker.receive()
    lease = worker.lease
    with monkeypatch.context() as unavailable:
        unavailable.setattr(lease._client, "pipeline", _unavailable)
        message.ack()
        assert redis.hlen(held(lease.id)) == 1
    assert eventually(lambda: redis.hlen(held(lease.id)) == 0)


def test_what_could_not_be_returned_is_returned_later(
    worker: Worker, redis: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure_wait.delay(0)
    message = worker.receive()
    with monkeypatch.context() as unavailable:
        unavailable.setattr(worker.lease._client, "hmget", _unavailable)
        message.reject(requeue=True)
        assert redis.llen("default") == 0
    assert eventually(lambda: redis.llen("default") == 1)


def _unavailable(*_args: Any, **_kwargs: Any) -> None:
    raise redis_library.ConnectionError("unavailable")


def test_a_mistake_in_a_script_is_not_taken_for_an_absent_redis(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    worker.receives_nothing(0.1)
    broken = worker.lease._client.register_script("return nothing.at_all")
    monkeypatch.setattr(worker.lease._reclaimer, "_seize", broken)
    monkeypatch.setattr(worker.lease._reclaimer._observer, "run_out", lambda renewals, _at: list(renewals))
    assert eventually(lambda: "A script of the broker has failed" in caplog.messages)


def test_a_lease_that_was_not_renewed_in_time_counts_as_taken(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    worker.receives_nothing(0.1)
    lease = worker.lease
    assert lease.is_held
    later = Lease._now() + LEASE + 1
    monkeypatch.setattr(Lease, "_now", staticmethod(lambda: later))
    assert not lease.is_held


def test_two_workers_of_one_name_have_a_lease_each(connection: Connection, redis: Any) -> None:
    workers = [Worker(), Worker()]
    for worker in workers:
        worker.connection.transport.node = "same@host"  # type: ignore[attr-defined]
        worker.receives_nothing(0.1)
    assert redis.zcard(LEASES) == 2
    assert {json.loads(raw)["node"] for raw in redis.hvals(HOLDERS)} == {"same@host"}


def test_a_holder_of_unknown_form_is_no_obstacle(worker: Worker, redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    worker.receives_nothing(0.1)
    worker.die()
    redis.hdel(HOLDERS, worker.lease.id)
    monkeypatch.setattr(reclaim, "LEASE", 0)
    reclaimer = Reclaimer(redis, visibility_timeout=600)
    reclaimer.look()
    assert not redis.exists(LEASES, LOST_LEASES)
