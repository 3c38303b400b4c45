"""The API for an ASGI server; what the project itself runs is conf.wsgi."""

from importlib import import_module

from django.conf import settings
from django.core.asgi import get_asgi_application

from conf.startup import read_settings

read_settings()

application = get_asgi_application()

if settings.METRICS_TOKEN:
    import_module("apps.core.observability.metrics.requests")
