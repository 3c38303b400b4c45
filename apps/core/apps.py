from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate


class CoreConfig(AppConfig):
    name = "apps.core"

    def ready(self) -> None:
        # They register checks, receivers and extensions when they are imported, and need the models.
        from apps.core.background import results, schedules  # noqa: F401, PLC0415
        from apps.core.checks import background, deployment, security  # noqa: F401, PLC0415
        from apps.core.health import heartbeat  # noqa: F401, PLC0415
        from apps.core.observability import security_log, task_log  # noqa: F401, PLC0415

        # In every process: a task that is sent without it finds Celery's default application, which has no broker.
        import_module(settings.CELERY_MODULE)
        # This app comes after django_celery_beat, so the tables of beat exist.
        post_migrate.connect(schedules.write_schedules, sender=self)
