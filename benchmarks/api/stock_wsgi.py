"""`gunicorn benchmarks.api.stock_wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.api.stock_settings"
application = get_wsgi_application()
