"""Celery's settings, each with the failure that it prevents. Redis is the broker, Postgres keeps the results.

How soon a task is back whose worker died: its process alone, at once; the whole worker, or Redis,
TASK_VISIBILITY_TIMEOUT plus the two seconds of the restore loop.
"""

import sys
from datetime import timedelta

from celery.schedules import crontab
from django.conf import settings
from kombu import Queue

# Seconds. A task is stopped by an exception, then for good; apps.core.checks.background holds the order of the numbers.
task_time_limit = settings.TASK_TIME_LIMIT
task_soft_time_limit = task_time_limit * 0.9
# After this Redis hands an unfinished task to another worker: below the time limit, tasks would run twice.
visibility_timeout = settings.TASK_VISIBILITY_TIMEOUT

broker_url = settings.CELERY_BROKER_URL
broker_connection_retry_on_startup = True
# A worker never gives up on its broker: one that did would be alive, and deaf.
broker_connection_max_retries = None
# Celery's own waits up to 30 s between two tries: a broker that is back would have no worker all the while.
worker_consumer = "apps.core.background.consumer:PromptConsumer"
broker_transport_options = {
    "visibility_timeout": visibility_timeout,
    # Look for the tasks of dead workers every 2 s, not every 100. The lock must not outlive a worker that died
    # holding it for long.
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 2,
    # A broker that hangs: without it a request that starts a task would wait for ever.
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    # A publisher that finds no broker says so soon; a request waits for it.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
# Celery reads the timeout in three places, and the smallest one wins.
result_backend_transport_options = {"visibility_timeout": visibility_timeout}
task_publish_retry_policy = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}

# A worker that dies has not acknowledged: its tasks come back. So tasks are written to bear running twice.
task_acks_late = True
task_reject_on_worker_lost = True
# One that waits behind a long task is free for other workers.
worker_prefetch_multiplier = 1
# Without its broker a worker cannot acknowledge: it ends what it runs, for another worker will start it again.
worker_cancel_long_running_tasks_on_connection_loss = True
# On QUIT running tasks have this long to end; what does not is handed back to the queue, not lost with the worker.
worker_soft_shutdown_timeout = settings.TASK_SHUTDOWN_TIMEOUT
# Nobody listens to events; sending them costs a round trip a task.
worker_send_task_events = False
worker_hijack_root_logger = False

# pickle would run what anyone writes into the broker.
accept_content = ["json"]
task_serializer = "json"
result_serializer = "json"
timezone = "UTC"
enable_utc = True

# Mail has a queue of its own, so that a worker of its own can be given to it (-Q mail); a worker without -Q takes all.
# To add one: name it here, and say in task_routes which tasks go there.
task_queues = (Queue("default"), Queue("mail"))
task_default_queue = "default"
task_routes = {"apps.users.tasks.send_*": {"queue": "mail"}}
# A mistyped queue is an error where the task is sent: else its tasks would wait where no worker looks.
task_create_missing_queues = False

# Waits for a Postgres that restarts: else a task that is done would be on record as running, for ever.
result_backend = "apps.core.background.results:PatientDatabaseBackend"
result_backend_always_retry = True
# Waits double from 10 ms, and are 10 s at most: half a minute in all.
result_backend_max_retries = 12
# Connections are kept from task to task: to open one for each costs more than a small task does. Each is tested
# before it is used (see apps/core/background/results.py), so that a restart of Postgres fails no task.
CELERY_DB_REUSE_MAX = sys.maxsize
# Name, arguments, worker: a result in the admin says whose it is.
result_extended = True
result_expires = timedelta(days=7)
task_track_started = True
# A task may choose to store no result, but a failure is always on record.
task_store_errors_even_if_ignored = True

beat_scheduler = "apps.core.background.beat:HeartbeatScheduler"
# Seconds: how often beat looks at its schedule, and shows that it lives.
beat_max_loop_interval = 1

# What runs when, in UTC. It is written to beat's tables (see apps/core/background/schedules.py), where it can be turned off.
# One that no worker has taken before the next is due expires: else they would pile up while there is none.
# Daily ones at four: beat looks at this hour all day long, so that a machine which slept at night catches up.
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
}
