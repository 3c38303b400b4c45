"""What runs in the background, for whoever runs the application: whose it is, how it fared, when it runs."""

from typing import Any

from django.contrib import admin, messages
from django.forms import ModelForm
from django.http import HttpRequest
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import PeriodicTask
from django_celery_results.admin import TaskResultAdmin
from django_celery_results.models import TaskResult

from apps.core.models import Effect, StartedTask
from apps.core.rerun import NotRunAgainError, run_again
from apps.core.schedules import OWNED

# What is shown of a schedule that the code owns.
_OWNED_FIELDS = ("enabled", "name", "description", "task", "crontab", "interval", "last_run_at", "total_run_count")

admin.site.unregister(TaskResult)
admin.site.unregister(PeriodicTask)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in stubs alone
    """To look at, and to delete."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(StartedTask)
class StartedTaskAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "user", "created")
    list_filter = ("name", "created")
    list_select_related = ("user",)
    search_fields = ("id", "user__email")


@admin.register(Effect)
class EffectAdmin(ReadOnlyAdmin):
    """What has happened once; delete a row to let it happen again."""

    list_display = ("key", "created")
    list_filter = ("created",)
    search_fields = ("key",)


@admin.register(TaskResult)
class ResultAdmin(TaskResultAdmin):
    list_display = (  # type: ignore[assignment] # as many columns as it likes
        "task_id",
        "task_name",
        "status",
        "date_started",
        "date_done",
        "periodic_task_name",
        "worker",
    )
    list_filter = ("status", "task_name", "periodic_task_name", "date_done")  # type: ignore[assignment]
    actions = ("run_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Run the selected tasks again (failed ones)", permissions=["change"])
    def run_again(self, request: HttpRequest, queryset: Any) -> None:
        for result in queryset:
            try:
                run_again(result=result)
            except NotRunAgainError as error:
                self.message_user(request, f"{result.task_id}: {error}", messages.ERROR)
            else:
                self.message_user(request, f"{result.task_id} is queued again.", messages.SUCCESS)


@admin.register(PeriodicTask)
class ScheduleAdmin(PeriodicTaskAdmin):  # type: ignore[misc] # its package has no types
    list_filter = ("enabled", "last_run_at", "one_off")

    def get_readonly_fields(self, request: HttpRequest, obj: PeriodicTask | None = None) -> Any:
        if not _is_owned(obj):
            return super().get_readonly_fields(request, obj)
        return [name for name in _OWNED_FIELDS if name != "enabled"]

    def get_fieldsets(self, request: HttpRequest, obj: PeriodicTask | None = None) -> Any:
        return [(None, {"fields": _OWNED_FIELDS})] if _is_owned(obj) else super().get_fieldsets(request, obj)

    def get_form(self, request: HttpRequest, obj: PeriodicTask | None = None, **kwargs: Any) -> Any:
        if _is_owned(obj):
            # Its own form insists on a task and a time, which are not to be sent.
            kwargs["form"] = ModelForm
        return super().get_form(request, obj, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: PeriodicTask | None = None) -> bool:
        return not _is_owned(obj) and super().has_delete_permission(request, obj)


def _is_owned(schedule: PeriodicTask | None) -> bool:
    return schedule is not None and schedule.description == OWNED
