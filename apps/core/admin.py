"""The admin of background work, for operators: owners, results, dead letters, schedules."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.forms import ModelForm
from django.http import HttpRequest
from django_celery_beat.admin import CrontabScheduleAdmin, PeriodicTaskAdmin
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_results.admin import TaskResultAdmin
from django_celery_results.models import TaskResult
from redis import RedisError

from apps.core.background import dead_letters
from apps.core.background.rerun import NotRunAgainError, run_again
from apps.core.background.schedules import OWNED, is_owned
from apps.core.models import DeadLetter, Effect, StartedTask

# What is shown of a schedule that the code owns.
_OWNED_FIELDS = ("enabled", "name", "description", "task", "crontab", "interval", "last_run_at", "total_run_count")

# Characters of a text that are shown; a result may be megabytes.
_SHOWN = 4000

for _model in (TaskResult, PeriodicTask, CrontabSchedule, IntervalSchedule):
    admin.site.unregister(_model)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in stubs alone
    """Rows can be viewed and deleted, not added or changed."""

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
    """Idempotency keys. Delete one to let its effect happen again."""

    list_display = ("key", "created")
    list_filter = ("created",)
    search_fields = ("key",)


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    """Messages that are not tasks."""

    list_display = ("put_aside", "queue", "reason", "beginning")
    list_filter = ("queue", "reason", "put_aside")
    fields = ("put_aside", "queue", "reason", "shown")
    actions = ("send_again",)

    def get_queryset(self, request: HttpRequest) -> Any:
        try:
            dead_letters.collect()
        except RedisError as error:
            self.message_user(request, f"Redis is unavailable ({type(error).__name__}): there may be more.", "WARNING")
        return super().get_queryset(request)

    @admin.display(description="message")
    def beginning(self, letter: DeadLetter) -> str:
        return _cut(_readable(letter), 80)

    @admin.display(description="message")
    def shown(self, letter: DeadLetter) -> str:
        return _cut(_readable(letter))

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_deadletter")

    @admin.action(description="Put the selected messages back into their queues", permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: Any) -> None:
        for letter in queryset:
            try:
                dead_letters.send_again(letter=letter)
            except dead_letters.NotSentAgainError as error:
                self.message_user(request, f"{letter}: {error}", messages.ERROR)


def _readable(letter: DeadLetter) -> str:
    text = bytes(letter.message[: _SHOWN * 4]).decode(errors="backslashreplace")
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _cut(text: str | None, most: int = _SHOWN) -> str:
    text = text or ""
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters in all)"


def _cut_field(name: str) -> Any:
    @admin.display(description=name.replace("_", " "))
    def shown(result: TaskResult) -> str:
        return _cut(getattr(result, name))

    return shown


# Shown in place of the field of that name.
_LONG = ("result", "traceback", "meta", "task_args", "task_kwargs")
_SHORT: dict[Any, Any] = {name: _cut_field(name) for name in _LONG}


@admin.register(TaskResult)
class ResultAdmin(TaskResultAdmin):
    # What fits beside the filters. The worker and the other times are on the page of a result.
    list_display = ("task_id", "task_name", "status", "date_done", "periodic_task_name")  # type: ignore[assignment]
    list_filter = ("status", "task_name", "periodic_task_name", "date_done")  # type: ignore[assignment]
    actions = ("run_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        # A list of a hundred results must not load a hundred megabytes.
        return super().get_queryset(request).defer(*_LONG)

    def get_fieldsets(self, request: HttpRequest, obj: TaskResult | None = None) -> Any:
        return [
            (title, {**options, "fields": [_SHORT.get(name, name) for name in flatten_fieldsets([(None, options)])]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: TaskResult | None = None) -> Any:
        found: Any = super().get_readonly_fields(request, obj)  # type: ignore[no-untyped-call]
        return [_SHORT.get(name, name) for name in found]

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
    list_display = ("__str__", "enabled", "last_run_at", "one_off")
    list_filter = ("enabled", "last_run_at", "one_off")

    def get_readonly_fields(self, request: HttpRequest, obj: PeriodicTask | None = None) -> Any:
        if not is_owned(obj):
            return super().get_readonly_fields(request, obj)
        return [name for name in _OWNED_FIELDS if name != "enabled"]

    def get_fieldsets(self, request: HttpRequest, obj: PeriodicTask | None = None) -> Any:
        return [(None, {"fields": _OWNED_FIELDS})] if is_owned(obj) else super().get_fieldsets(request, obj)

    def get_form(self, request: HttpRequest, obj: PeriodicTask | None = None, **kwargs: Any) -> Any:
        if is_owned(obj):
            # The form of the package requires a task and a time, which are read only here.
            kwargs["form"] = ModelForm
        return super().get_form(request, obj, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: PeriodicTask | None = None) -> bool:
        return not is_owned(obj) and super().has_delete_permission(request, obj)


class _ScheduleTimes(admin.ModelAdmin):  # type: ignore[type-arg] # generic in stubs alone
    """A time that a schedule of the code uses belongs to the code."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_used_by_code(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_used_by_code(obj) and super().has_delete_permission(request, obj)


def _is_used_by_code(time: Any) -> bool:
    return time is not None and time.periodictask_set.filter(description=OWNED).exists()


@admin.register(CrontabSchedule)
class CrontabAdmin(_ScheduleTimes, CrontabScheduleAdmin):  # type: ignore[misc] # its package has no types
    pass


@admin.register(IntervalSchedule)
class IntervalAdmin(_ScheduleTimes):
    pass
