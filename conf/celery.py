"""The Celery application: `celery -A conf worker`, `celery -A conf beat`."""

import ctypes
import os
import signal
import sys

from celery import Celery, signals
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conf.settings")

# Kombu's own loses the task that it has just taken when its worker dies. It is the URL's scheme that chooses.
TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), "apps.core.broker:Transport"))

app = Celery("conf")
app.config_from_object("conf.celery_settings")
app.autodiscover_tasks()


@signals.setup_logging.connect
def use_the_settings_logging(**_kwargs: object) -> None:
    """Log as the web process does. That somebody listens to this signal keeps Celery's hands off."""
    from django.conf import settings  # noqa: PLC0415 - this module is imported while Django still starts
    from django.utils.log import configure_logging  # noqa: PLC0415

    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


@signals.worker_process_init.connect
def die_with_the_worker(**_kwargs: object) -> None:
    """Have the kernel kill this process when its worker is killed (Linux; prctl(2)).

    It would go on, with nobody to hold it to its time limit, beside the process that is given its task next.
    """
    if sys.platform == "linux":
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)
