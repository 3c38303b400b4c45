from django.contrib import admin
from django.http import HttpRequest

from apps.core.models import StartedTask


@admin.register(StartedTask)
class StartedTaskAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in stubs alone
    list_display = ("id", "name", "user", "created")
    list_filter = ("name", "created")
    list_select_related = ("user",)
    search_fields = ("id", "user__email")
    readonly_fields = ("id", "name", "user", "created")

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A row without a task behind it would say PENDING for ever.
        return False
