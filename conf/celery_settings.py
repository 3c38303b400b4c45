"""Celery's settings, each with the failure that it prevents. Redis is the broker, Postgres keeps the results."""

from datetime import timedelta

from django.conf import settings
from kombu import Queue

# Seconds. A task is stopped by an exception, then for good; apps.core.checks holds the order of the numbers.
task_soft_time_limit = 270
task_time_limit = 300
# After this Redis hands an unfinished task to another worker: below the time limit, tasks would run twice.
_VISIBILITY_TIMEOUT = 600

broker_url = settings.CELERY_BROKER_URL
broker_connection_retry_on_startup = True
# A worker never gives up on its broker: one that did would be alive, and deaf.
broker_connection_max_retries = None
broker_transport_options = {
    "visibility_timeout": _VISIBILITY_TIMEOUT,
    # Look for the tasks of dead workers every 2 s, not every 100: a task that was lost with its worker is back
    # at most this much after the visibility timeout. The lock must not outlive a worker that died holding it.
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "unacked_mutex_expire": 10,
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
result_backend_transport_options = {"visibility_timeout": _VISIBILITY_TIMEOUT}
visibility_timeout = _VISIBILITY_TIMEOUT
task_publish_retry_policy = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}

# A worker that dies has not acknowledged: its tasks come back. So tasks are written to bear running twice.
task_acks_late = True
task_reject_on_worker_lost = True
# One that waits behind a long task is free for other workers.
worker_prefetch_multiplier = 1
# Without its broker a worker cannot acknowledge: it ends what it runs, for another worker will start it again.
worker_cancel_long_running_tasks_on_connection_loss = True
# On QUIT running tasks have this long to end; what does not is handed back to the queue.
worker_soft_shutdown_timeout = 10
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
# To add one: name it here, and @shared_task(queue="…") puts a task into it.
task_queues = (Queue("default"), Queue("mail"))
task_default_queue = "default"
# A mistyped queue is an error where the task is sent: else its tasks would wait where no worker looks.
task_create_missing_queues = False

result_backend = "django-db"
# Name, arguments, worker: a result in the admin says whose it is.
result_extended = True
result_expires = timedelta(days=7)
task_track_started = True
# A task may choose to store no result, but a failure is always on record.
task_store_errors_even_if_ignored = True

beat_scheduler = "apps.core.beat:HeartbeatScheduler"
# Seconds: how often beat looks at its schedule, and shows that it lives.
beat_max_loop_interval = 1
