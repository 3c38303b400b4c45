"""The Celery application: `celery -A conf worker`, `celery -A conf beat`."""

import os

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conf.settings")

app = Celery("conf")
app.config_from_object("conf.celery_settings")
app.autodiscover_tasks()


@signals.setup_logging.connect
def use_the_settings_logging(**_kwargs: object) -> None:
    """Log as the web process does. That somebody listens to this signal keeps Celery's hands off."""
    from django.conf import settings  # noqa: PLC0415 - this module is imported while Django still starts
    from django.utils.log import configure_logging  # noqa: PLC0415

    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
