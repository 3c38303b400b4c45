from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        # They register themselves, and need models, or settings, that are only there now.
        from apps.core import (  # noqa: F401, PLC0415
            checks,
            heartbeat,
            results,
            schedules,
            schema,
            security_checks,
            security_log,
            task_context,
        )

        # Made here, for every process: else a task that is sent finds Celery's default application, without broker.
        import_module(settings.CELERY_MODULE)
        # This is the one app that comes after beat's own, so its tables are there.
        post_migrate.connect(schedules.write_schedules, sender=self)
