"""Everything that was counted, by whichever process, in Prometheus' format."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from kombu.exceptions import OperationalError
from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
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
        try:
            found = queues.lengths()
        except (RedisError, OperationalError) as error:
            logger.warning("Redis is unavailable: no metrics of queues", extra={"error": type(error).__name__})
            return []
        for name, length in found.waiting.items():
            waiting.add_metric([name], length)
        taken.add_metric([], found.unacknowledged)
        return [waiting, taken]


def exposition() -> bytes:
    several = "PROMETHEUS_MULTIPROC_DIR" in os.environ
    registry = CollectorRegistry()
    # One process alone, as of `manage.py runserver`, counts in its own memory.
    registry.register(Processes() if several else REGISTRY)
    registry.register(Queues())
    return generate_latest(registry)
