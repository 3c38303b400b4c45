from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import Throttled

from apps.core.client import client_ip, network
from apps.core.throttling import hold, limit_for
from apps.users import services
from apps.users.models import AuthToken, CustomUser


class LimitedLoginForm(AdminAuthenticationForm):
    """The limits of the API's login, and shared with it."""

    def clean(self) -> Any:
        ip = client_ip(self.request) if self.request else ""
        try:
            hold(limit_for("login", network(ip)))
            return super().clean()
        except Throttled as error:
            raise ValidationError(str(error.detail), code="throttled") from None


admin.site.login_form = LimitedLoginForm


class EmailUserCreationForm(AdminUserCreationForm):  # type: ignore[type-arg] # generic in stubs alone
    class Meta:
        model = CustomUser
        fields = ("email",)


class EmailUserChangeForm(UserChangeForm):  # type: ignore[type-arg] # generic in stubs alone
    class Meta:
        model = CustomUser
        fields = "__all__"


class EndingPasswordChangeForm(AdminPasswordChangeForm):  # type: ignore[type-arg] # generic in stubs alone
    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        user = super().save(commit)
        services.sessions_end(user=user)
        return user


@admin.register(CustomUser)
class CustomUserAdmin(UserAdmin):  # type: ignore[type-arg] # generic in stubs alone
    form = EmailUserChangeForm
    add_form = EmailUserCreationForm
    change_password_form = EndingPasswordChangeForm
    list_display = ("email", "first_name", "last_name", "is_staff", "is_active")
    search_fields = ("email", "first_name", "last_name")
    ordering = ("email",)
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Personal info"), {"fields": ("first_name", "last_name")}),
        (
            _("Permissions"),
            {"fields": ("is_active", "email_verified", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)

    def get_fieldsets(self, request: HttpRequest, obj: CustomUser | None = None) -> Any:
        """Let a superuser say at once that a new account is staff."""
        fieldsets = super().get_fieldsets(request, obj)
        superuser = request.user.is_active and request.user.is_superuser
        return fieldsets if obj or not superuser else (*fieldsets, (_("Permissions"), {"fields": ("is_staff",)}))

    def save_model(self, request: HttpRequest, obj: CustomUser, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        if not obj.is_active:
            services.sessions_end(user=obj)


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
