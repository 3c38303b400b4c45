"""The Celery application: `celery -A conf worker`, `celery -A conf beat`."""

import logging
import os
import signal
from importlib import import_module

from celery import Celery, signals
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

from checkout.parent_death import signal_when_parent_dies
from conf import metrics
from conf.startup import keep_what_is_imported, read_settings

# Celery would run Django's checks, which import the whole API, and ignore what they find. `just check` runs them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
read_settings()

# Kombu's transport loses the task that it has just popped if its worker dies, and redelivers after a timeout. The
# scheme of the URL selects ours.
if settings.TASK_LEASES:
    _TRANSPORT = "apps.core.background.broker.transport:Transport"
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), _TRANSPORT))

app = Celery("conf")
app.config_from_object("conf.settings.celery")
app.autodiscover_tasks()


@signals.setup_logging.connect
def use_the_settings_logging(**_kwargs: object) -> None:
    """Log as the web process does. A receiver of this signal keeps Celery from configuring logging."""
    from django.utils.log import configure_logging  # noqa: PLC0415 - this module is imported while Django still starts

    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


@signals.celeryd_init.connect
@signals.beat_init.connect
def capture_warnings(**_kwargs: object) -> None:
    """Log warnings, too. Celery's own about running as root comes first."""
    logging.captureWarnings(capture=True)


@signals.celeryd_init.connect
def count_tasks(sender: str, **_kwargs: object) -> None:
    """Start counting for Prometheus before the worker forks."""
    if settings.METRICS_TOKEN:
        metrics.begin(f"worker-{sender}")
        import_module("apps.core.observability.metrics.tasks")


@signals.beat_init.connect
def count_schedules(**_kwargs: object) -> None:
    """Start counting for Prometheus what beat sends."""
    if settings.METRICS_TOKEN:
        metrics.begin("beat")
        import_module("apps.core.observability.metrics.schedules")


@signals.worker_ready.connect
@signals.beat_init.connect
def answer_prometheus(**_kwargs: object) -> None:
    """Answer Prometheus on a port, in the main process alone, after a worker has forked."""
    if settings.METRICS_PORT and not _answers:
        _answers.append(settings.METRICS_PORT)
        server = import_module("apps.core.observability.metrics.server")
        server.serve(settings.METRICS_PORT, path=settings.METRICS_PATH)


# The port on which this process answers already: a worker is ready again after each loss of its broker.
_answers: list[int] = []


@signals.worker_init.connect
@signals.beat_init.connect
def share_memory(**_kwargs: object) -> None:
    """Let the processes that the worker forks share what is imported."""
    keep_what_is_imported()


@signals.worker_process_init.connect
def die_with_the_worker(**_kwargs: object) -> None:
    """Have the kernel kill this process when its worker is killed.

    Otherwise it would continue without a time limit, while its task is redelivered to another process.
    """
    signal_when_parent_dies(signal.SIGKILL)
