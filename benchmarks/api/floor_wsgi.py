"""`gunicorn benchmarks.api.floor_wsgi`: this project with the bare views beside its own."""

from conf.startup import read_settings

read_settings()

from django.conf import settings  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

settings.ROOT_URLCONF = "benchmarks.api.floor"
application = get_wsgi_application()
