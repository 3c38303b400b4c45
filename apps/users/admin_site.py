"""The admin, with the limits of the API wherever it takes a password, and shared with it."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from rest_framework.exceptions import Throttled

from apps.core.client import client_ip, network
from apps.core.throttling import hold, limit_for
from apps.users.backends import limit_failures

T = TypeVar("T")


def _limited(request: HttpRequest | None, check: Callable[[], T]) -> T:
    """Count what is tried from this client; too many tries are an error of the form."""
    try:
        hold(limit_for("login", network(client_ip(request) if request else "")))
        return check()
    except Throttled as error:
        raise ValidationError(str(error.detail), code="throttled") from None


class LimitedLoginForm(AdminAuthenticationForm):
    def clean(self) -> Any:
        return _limited(self.request, super().clean)


class LimitedPasswordChangeForm(AdminPasswordChangeForm):
    def __init__(self, user: Any, request: HttpRequest, **kwargs: Any) -> None:
        self.request = request
        super().__init__(user, **kwargs)

    def clean_old_password(self) -> str:
        check = super().clean_old_password
        return _limited(self.request, lambda: limit_failures(self.user.get_username(), check))


class LimitedPasswordChangeView(PasswordChangeView):
    form_class = LimitedPasswordChangeForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}


class AccountsAdminSite(AdminSite):
    login_form = LimitedLoginForm

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        # Django's own method, which names its form itself, with ours.
        request.current_app = self.name  # as Django does
        view = LimitedPasswordChangeView.as_view(
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)
