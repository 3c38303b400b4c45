"""Kombu's Redis transport with leases: a task of a dead worker is redelivered in seconds, one of a living never.

docs/broker.md explains it, with the layout in Redis and what happens in each failure.
"""
