"""The API for a WSGI server: `gunicorn conf.wsgi`."""

from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from conf.startup import read_settings

read_settings()

application = get_wsgi_application()

if settings.METRICS_TOKEN:
    import_module("apps.core.observability.metrics.requests")
