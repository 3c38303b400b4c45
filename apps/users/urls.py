from django.urls import path

from apps.users.views import accounts, passwords, sessions
from apps.users.views.users import UserViewSet

app_name = "users"
user = UserViewSet.as_view({"get": "retrieve", "put": "update", "patch": "partial_update"})
urlpatterns = [
    path("auth/create/", accounts.CreateUserView.as_view(), name="create"),
    path("auth/register/", accounts.RegisterView.as_view(), name="register"),
    path("auth/verify/", accounts.VerifyView.as_view(), name="verify"),
    path("auth/profile/", accounts.ProfileView.as_view(), name="profile"),
    path("auth/login/", sessions.LoginView.as_view(), name="knox_login"),
    path("auth/logout/", sessions.LogoutView.as_view(), name="knox_logout"),
    path("auth/logoutall/", sessions.LogoutAllView.as_view(), name="knox_logoutall"),
    path("auth/sessions/", sessions.SessionsView.as_view(), name="sessions"),
    path("auth/sessions/<uuid:uuid>/", sessions.SessionView.as_view(), name="session"),
    path("auth/password/change/", passwords.PasswordChangeView.as_view(), name="password_change"),
    path("auth/password/reset/", passwords.PasswordResetView.as_view(), name="password_reset"),
    path("auth/password/reset/confirm/", passwords.PasswordResetConfirmView.as_view(), name="password_reset_confirm"),
    path("users/", UserViewSet.as_view({"get": "list"}), name="users"),
    path("users/<int:pk>/", user, name="user"),
    path("users/<int:pk>/deactivate/", UserViewSet.as_view({"post": "deactivate"}), name="user_deactivate"),
    path("users/<int:pk>/activate/", UserViewSet.as_view({"post": "activate"}), name="user_activate"),
]
