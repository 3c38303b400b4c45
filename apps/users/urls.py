from typing import Any

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from apps.users.views import accounts, passwords, sessions
from apps.users.views.users import UserViewSet

app_name = "users"


class UserRouter(SimpleRouter):
    """A SimpleRouter whose routes have the names that the rest of this file has: users, user, user_deactivate.

    A new app needs none: SimpleRouter(use_regex_path=False) names them invoice-list, invoice-detail, invoice-pay.
    Not DefaultRouter, which adds an index and paths that end in .json.
    """

    def get_routes(self, viewset: Any) -> list[Any]:
        ours = {"{basename}-list": "{basename}s", "{basename}-detail": "{basename}"}
        routes = super().get_routes(viewset)
        return [route._replace(name=ours.get(route.name, route.name.replace("-", "_"))) for route in routes]


# Paths in Django's form, <int:pk>, since logs and metrics show these routes.
router = UserRouter(use_regex_path=False)
router.register("users", UserViewSet, basename="user")
auth = [
    path("create/", accounts.CreateUserView.as_view(), name="create"),
    path("register/", accounts.RegisterView.as_view(), name="register"),
    path("verify/", accounts.VerifyView.as_view(), name="verify"),
    path("profile/", accounts.ProfileView.as_view(), name="profile"),
    path("login/", sessions.LoginView.as_view(), name="knox_login"),
    path("logout/", sessions.LogoutView.as_view(), name="knox_logout"),
    path("logoutall/", sessions.LogoutAllView.as_view(), name="knox_logoutall"),
    path("sessions/", sessions.SessionsView.as_view(), name="sessions"),
    path("sessions/<uuid:uuid>/", sessions.SessionView.as_view(), name="session"),
    path("password/change/", passwords.PasswordChangeView.as_view(), name="password_change"),
    path("password/reset/", passwords.PasswordResetView.as_view(), name="password_reset"),
    path("password/reset/confirm/", passwords.PasswordResetConfirmView.as_view(), name="password_reset_confirm"),
]
urlpatterns = [path("auth/", include(auth)), *router.urls]
