from importlib import import_module

from django.apps import AppConfig
from django.conf import settings


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        from apps.core import checks, schema  # noqa: F401, PLC0415 - they register themselves, once apps are there
        from apps.core import task_context  # noqa: PLC0415

        # Made here, for every process: else a task that is sent finds Celery's default application, without broker.
        import_module(settings.CELERY_MODULE)
        task_context.connect()
