"""What Prometheus may ask: requests, queries, logins, tasks, queues. Off unless METRICS_TOKEN is set.

What is off is not imported. `requests` and `tasks` listen to signals once they are imported, by the processes
that serve requests or run tasks (conf/wsgi.py, conf/celery.py).

Every label is bounded: routes are templates, never paths; tasks are those that are registered.
"""
