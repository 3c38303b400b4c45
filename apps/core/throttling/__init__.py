"""Limits: who is counted, at which rate, by which script in Redis."""
