"""The routes of the tests with those that only development has."""

from django.urls import include, path

from conf.urls import handler400, handler403, handler404, handler500
from conf.urls import urlpatterns as others

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [path("", include("apps.core.development.urls")), *others]
