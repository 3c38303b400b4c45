from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.users.models import AuthToken, CustomUser


class EmailUserCreationForm(AdminUserCreationForm):  # type: ignore[type-arg] # generic in stubs alone
    class Meta:
        model = CustomUser
        fields = ("email",)


class EmailUserChangeForm(UserChangeForm):  # type: ignore[type-arg] # generic in stubs alone
    class Meta:
        model = CustomUser
        fields = "__all__"


@admin.register(CustomUser)
class CustomUserAdmin(UserAdmin):  # type: ignore[type-arg] # generic in stubs alone
    form = EmailUserChangeForm
    add_form = EmailUserCreationForm
    list_display = ("email", "first_name", "last_name", "is_staff", "is_active")
    search_fields = ("email", "first_name", "last_name")
    ordering = ("email",)
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Personal info"), {"fields": ("first_name", "last_name")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)


@admin.register(AuthToken)
class AuthTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in stubs alone
    """To see sessions and to end them; a token is made by logging in."""

    list_display = ("uuid", "user", "created", "expiry", "last_used", "user_agent")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = ("uuid", "user", "created", "expiry", "last_used", "user_agent")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
