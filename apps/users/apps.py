from django.apps import AppConfig
from django.contrib.admin import apps as admin


class UsersConfig(AppConfig):
    name = "apps.users"
    default = True


class AccountsAdminConfig(admin.AdminConfig):
    """Django's admin on our own site."""

    default = False
    default_site = "apps.users.admin_site.AccountsAdminSite"
