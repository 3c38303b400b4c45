"""The configuration of gunicorn: `gunicorn -c python:conf.gunicorn conf.wsgi`."""

import logging
import os
import select
from typing import Any

from gunicorn.glogging import Logger

from conf import drain, gunicorn_errors, metrics
from conf.env import read_env
from conf.logs.configuration import logging_config
from conf.startup import keep_what_is_imported


class ErrorLogger(Logger):  # type: ignore[misc] # gunicorn has no types
    """Write no access log: gunicorn would collect all of a request for a line that has no handler."""

    access_log_enabled = False


_env = read_env()
_development = _env.str("ENVIRONMENT", default="") == "development"

bind = f"{'127.0.0.1' if _development else '0.0.0.0'}:{_env.int('PORT', default=8000)}"  # noqa: S104 - behind a proxy
# Processes use the cores. A second thread works while the first one waits for Postgres or Redis; with more of them,
# those that return from a wait queue for the interpreter: p99 of 70 ms with eight, 12 with two (docs/performance.md).
# epoll is Linux'.
worker_class = "conf.gunicorn_worker.SharedPollWorker" if hasattr(select, "epoll") else "gthread"
workers = _env.int("WEB_CONCURRENCY", default=1 if _development else min(4, os.cpu_count() or 1))
threads = _env.int("WEB_THREADS", default=8 if _development else 2)
timeout = 30
# A load balancer that sends a request on a connection which is being closed gets no answer. Caddy keeps idle ones for
# 120 s, Traefik for 90, those of AWS and nginx for 60.
keepalive = _env.int("WEB_KEEPALIVE", default=2 if _development else 130)
# Seconds for which a server that was asked to end goes on serving, while /readyz sends load balancers elsewhere; then
# it finishes the requests that it has.
shutdown_delay = _env.int("SHUTDOWN_DELAY", default=0 if _development else 5)
graceful_timeout = 10 if _development else 30
# The maximum of gunicorn: filters and searches in some scripts need it. What is longer is refused in the envelope.
limit_request_line = 8190
gunicorn_errors.install()
# Its default path is shared by all checkouts of a user.
control_socket_disable = True
# The middleware writes the access log. gunicorn's own records look like all others.
logconfig_dict = logging_config(directory=None)
logger_class = ErrorLogger
logging.captureWarnings(capture=True)

if _env.str("METRICS_TOKEN", default=""):
    # Read again at every reload: new processes count beside the files of the old ones.
    os.environ[metrics.VARIABLE] = str(metrics.directory("web"))


def on_starting(server: Any) -> None:
    drain.install(server, seconds=shutdown_delay)
    if metrics.VARIABLE in os.environ:
        metrics.begin("web")


def post_worker_init(_worker: object) -> None:
    keep_what_is_imported()
