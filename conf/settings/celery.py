"""Celery's settings, each with the failure that it prevents. Redis is the broker, Postgres stores the results.

A task is redelivered at once if its process dies, and within ten seconds if its worker dies (docs/broker.md).
"""

import sys
from datetime import timedelta

from celery.schedules import crontab
from django.conf import settings
from kombu import Queue

from conf.project import celery as project

# Seconds. A task is stopped by an exception, then killed; @shared_task(time_limit=…) has its own.
task_time_limit = settings.TASK_TIME_LIMIT
task_soft_time_limit = task_time_limit * 0.9
# After this time Kombu's own transport redelivers an unfinished task (TASK_LEASES=false): below the time limit, tasks
# would run twice. With leases, it is the time after which what Kombu's has left is returned.
visibility_timeout = settings.TASK_VISIBILITY_TIMEOUT

broker_url = settings.CELERY_BROKER_URL
broker_connection_retry_on_startup = True
# A worker never gives up its broker: otherwise it would be running but no longer consuming.
broker_connection_max_retries = None
# Celery's consumer waits up to 30 s between two attempts: a broker that is available again would have no worker.
worker_consumer = "apps.core.background.consumer:PromptConsumer"
broker_transport_options = {
    "visibility_timeout": visibility_timeout,
    # Kombu's own transport: look for the tasks of dead workers every 2 s, not every 100 s. The lock must not long
    # outlive a worker that died while it held it.
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 2,
    # Without a timeout, a request that starts a task would wait for ever for a broker that hangs.
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    # A worker that waits for tasks has no timeout: where packets are dropped, it drops its connection after at most
    # twice these seconds (Kombu's default: 25).
    "health_check_interval": 4,
    # A publisher without a broker fails soon, since a request waits for it.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
# Celery reads the timeout in three places; the smallest one wins.
result_backend_transport_options = {"visibility_timeout": visibility_timeout}
task_publish_retry_policy = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}

# A worker that dies has not acknowledged, so its tasks are redelivered. Tasks must therefore tolerate running twice.
task_acks_late = True
task_reject_on_worker_lost = True
# A task that waits behind a long one stays available to other workers.
worker_prefetch_multiplier = 1
# Nor does a worker that has connected again take a task for a process that is still busy.
worker_disable_prefetch = True
worker_enable_prefetch_count_reduction = False
# A worker that has lost its connection keeps its lease, and what it runs: it acknowledges as soon as Redis is available
# again. Without leases it cannot, so it cancels what another worker will start again.
worker_cancel_long_running_tasks_on_connection_loss = not settings.TASK_LEASES
# On QUIT running tasks have this long to end; after that they are returned to the queue.
worker_soft_shutdown_timeout = settings.TASK_SHUTDOWN_TIMEOUT
# Nobody consumes events, and sending them costs a round trip a task.
worker_send_task_events = False
worker_hijack_root_logger = False

# pickle would execute what anybody writes into the broker.
accept_content = ["json"]
task_serializer = "json"
result_serializer = "json"
timezone = "UTC"
enable_utc = True

# Mail has a queue of its own, so that a worker of its own can be given to it (-Q mail); a worker without -Q takes all.
# The project's own are in conf/project/celery.py.
task_queues = (Queue("default"), Queue("mail"), *project.task_queues)
task_default_queue = "default"
task_routes = {"apps.users.tasks.send_*": {"queue": "mail"}} | project.task_routes
# A mistyped queue is an error when the task is sent: otherwise its tasks would wait in a queue without a worker.
task_create_missing_queues = False

# Waits while Postgres restarts: otherwise a finished task would stay STARTED for ever.
result_backend = "apps.core.background.results:PatientDatabaseBackend"
result_backend_always_retry = True
# Waits double from 10 ms to at most 10 s: half a minute in total.
result_backend_max_retries = 12
# Connections are kept from task to task: opening one costs more than a small task does. Each is tested before it is
# used (see apps/core/background/results.py), so that a restart of Postgres fails no task.
CELERY_DB_REUSE_MAX = sys.maxsize
# Store name, arguments and worker, which the admin shows.
result_extended = True
result_expires = timedelta(days=7)
task_track_started = True
# A task may ignore its result, but a failure is always stored.
task_store_errors_even_if_ignored = True

beat_scheduler = "apps.core.background.beat:HeartbeatScheduler"
# Seconds: how often beat checks its schedule and writes its heartbeat.
beat_max_loop_interval = 1

# The schedules, in UTC. They are written to beat's tables (apps/core/background/schedules.py), where each can be
# disabled. An occurrence expires before the next one is due, so that none pile up while there is no worker.
# Daily ones run at four: beat checks that hour all day, so that a machine that was asleep catches up.
_DAILY = {"expire_seconds": 12 * 3600}
beat_schedule = {
    "Purge expired tokens": {
        "task": "apps.core.tasks.purge_tokens",
        "schedule": crontab(hour="4", minute="10"),
        "options": _DAILY,
    },
    "Purge old effects": {
        "task": "apps.core.tasks.purge_effects",
        "schedule": crontab(hour="4", minute="20"),
        "options": _DAILY,
    },
    "Purge old results": {
        "task": "apps.core.tasks.purge_results",
        "schedule": crontab(hour="4", minute="30"),
        "options": _DAILY,
    },
    **project.beat_schedule,
}
