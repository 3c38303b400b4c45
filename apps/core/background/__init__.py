"""Celery for this project: broker, consumer, results, beat, schedules, idempotency."""
