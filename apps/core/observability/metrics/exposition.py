"""Everything that was counted, by whichever process, in Prometheus' format."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from kombu.exceptions import OperationalError
from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis import RedisError

from apps.core.background import queues

logger = logging.getLogger(__name__)


class Processes(Collector):
    """What all processes of this machine have counted, those that have ended included."""

    def collect(self) -> Iterable[Metric]:
        # Each program has a directory of its own, beside each other.
        programs = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).parent
        files = [str(file) for file in programs.glob("*/*.db")]
        found: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        return found


class Queues(Collector):
    """What waits in the broker, asked when somebody wants to know."""

    def collect(self) -> Iterable[Metric]:
        waiting = GaugeMetricFamily("celery_queue_length", "Tasks that wait for a worker", labels=["queue"])
        taken = GaugeMetricFamily("celery_tasks_unacknowledged", "Tasks that a worker has taken and not finished")
        delayed = GaugeMetricFamily("celery_tasks_delayed", "Tasks that wait for their time")
        leases = GaugeMetricFamily("celery_leases", "Connections of workers that hold a lease")
        lost = CounterMetricFamily("celery_tasks_lost", "Runs that ended with their process or worker")
        lost_leases = CounterMetricFamily("celery_leases_lost", "Leases that have run out")
        try:
            found, counts = queues.lengths(), queues.counts()
            leases.add_metric([], sum(not lease.is_lost for lease in queues.leases()))
        except (RedisError, OperationalError) as error:
            logger.warning("Redis is unavailable: no metrics of queues", extra={"error": type(error).__name__})
            return []
        for name, length in found.waiting.items():
            waiting.add_metric([name], length)
        taken.add_metric([], found.unacknowledged)
        delayed.add_metric([], found.delayed)
        lost.add_metric([], counts["lost"])
        lost_leases.add_metric([], counts["leases_lost"])
        return [waiting, taken, delayed, leases, lost, lost_leases]


def exposition() -> bytes:
    several = "PROMETHEUS_MULTIPROC_DIR" in os.environ
    registry = CollectorRegistry()
    # One process alone, as of `manage.py runserver`, counts in its own memory.
    registry.register(Processes() if several else REGISTRY)
    registry.register(Queues())
    return generate_latest(registry)
