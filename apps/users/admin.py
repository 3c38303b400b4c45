"""Accounts in the admin, with the promises of the API.

Staff never touches superusers, flags, groups or permissions, and never the password of other staff, whatever
permissions it has: else whoever may change users could become anybody. These are for superusers.
"""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from apps.users.models import AuthToken, CustomUser

# What staff may change of an account, as in the API. The password has a page of its own.
_FOR_STAFF = {"first_name", "last_name", "is_active"}


class EmailUserCreationForm(AdminUserCreationForm):  # type: ignore[type-arg] # generic in stubs alone
    class Meta:
        model = CustomUser
        fields = ("email",)


class EmailUserChangeForm(UserChangeForm):  # type: ignore[type-arg] # generic in stubs alone
    class Meta:
        model = CustomUser
        fields = "__all__"


def _may_touch(request: HttpRequest, account: CustomUser | None) -> bool:
    return _is_superuser(request) or account is None or not account.is_superuser


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


@admin.register(CustomUser)
class CustomUserAdmin(UserAdmin):  # type: ignore[type-arg] # generic in stubs alone
    form = EmailUserChangeForm
    add_form = EmailUserCreationForm
    list_display = ("email", "first_name", "last_name", "is_staff", "is_active", "email_verified")
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

    def has_change_permission(self, request: HttpRequest, obj: CustomUser | None = None) -> bool:
        return _may_touch(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: CustomUser | None = None) -> bool:
        return _may_touch(request, obj) and super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: CustomUser | None = None) -> Any:
        if obj is None or _is_superuser(request):
            return super().get_readonly_fields(request, obj)
        fields = flatten_fieldsets(self.fieldsets)
        # The form shows the masked hash of the password, with the link to its page. Nobody closes their own account.
        writable = _FOR_STAFF - {"is_active"} if obj == request.user else _FOR_STAFF
        return [str(name) for name in fields if name not in writable | {"password"}]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        account = self.get_object(request, unquote(id))
        if account is not None and not _is_superuser(request):
            if account == request.user:
                # That page asks for the current password.
                return redirect("admin:password_change")
            if account.is_staff:
                raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def get_fieldsets(self, request: HttpRequest, obj: CustomUser | None = None) -> Any:
        """Let a superuser create a staff account in one step."""
        fieldsets = super().get_fieldsets(request, obj)
        superuser = request.user.is_active and request.user.is_superuser
        return fieldsets if obj or not superuser else (*fieldsets, (_("Permissions"), {"fields": ("is_staff",)}))

    def save_model(self, request: HttpRequest, obj: CustomUser, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save the form. The editable fields of a list check no permission of their own."""
        if change and not _is_superuser(request) and (obj.is_superuser or set(form.changed_data) - _FOR_STAFF):
            raise PermissionDenied
        super().save_model(request, obj, form, change)


@admin.register(AuthToken)
class AuthTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # generic in stubs alone
    """Sessions can be viewed and ended; only a login creates one."""

    list_display = ("uuid", "user", "created", "expiry", "last_used", "user_agent")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = ("uuid", "user", "created", "expiry", "last_used", "user_agent")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuthToken | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuthToken | None = None) -> bool:
        return _may_touch(request, obj.user if obj else None) and super().has_delete_permission(request, obj)


admin.site.unregister(Group)


@admin.register(Group)
class SuperusersGroupAdmin(GroupAdmin):
    """Only superusers: who changes groups can give permissions, also to themselves."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return _is_superuser(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return _is_superuser(request) and super().has_delete_permission(request, obj)
