"""The admin site. Where it accepts a password, the limits of the API apply, and both count together."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import BadRequest, ValidationError
from django.db import DataError, ProgrammingError
from django.http import HttpRequest
from django.urls import reverse
from rest_framework.exceptions import Throttled

from apps.core.throttling.client_ip import client_ip, network
from apps.core.throttling.throttles import enforce, limit_for
from apps.users.backends import limit_failures

T = TypeVar("T")


def _limited(request: HttpRequest | None, check: Callable[[], T]) -> T:
    """Count the attempts of this client; too many are an error of the form."""
    try:
        enforce(limit_for("login", network(client_ip(request) if request else "")))
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


# What Django and psycopg raise for invalid lookups: a year 0, a number of 400 digits, a range of three values, and a
# date without a time zone if warnings are errors.
_SENSELESS = (ValueError, LookupError, OverflowError, DataError, ProgrammingError, RuntimeWarning)


class AccountsAdminSite(AdminSite):
    login_form = LimitedLoginForm
    # The project's name, in place of Django's.
    site_header = site_title = settings.SPECTACULAR_SETTINGS["TITLE"]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Respond with 400 to invalid filters and selections."""

        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                return view(request, *args, **kwargs)
            except _SENSELESS as error:
                if (request.method in {"GET", "HEAD"} and request.GET) or "_selected_action" in request.POST:
                    raise BadRequest("The request names no value that can be looked for.") from error
                raise

        return super().admin_view(checked, cacheable)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        # Django's own method, with our form: it names its form itself.
        request.current_app = self.name  # as Django does
        view = LimitedPasswordChangeView.as_view(
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)
