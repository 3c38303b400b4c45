from django.urls import path

from apps.users import views

app_name = "users"
urlpatterns = [
    path("auth/create/", views.CreateUserView.as_view(), name="create"),
    path("auth/login/", views.LoginView.as_view(), name="knox_login"),
    path("auth/logout/", views.LogoutView.as_view(), name="knox_logout"),
    path("auth/logoutall/", views.LogoutAllView.as_view(), name="knox_logoutall"),
    path("auth/profile/", views.ProfileView.as_view(), name="profile"),
]
