"""Operating system processes: which are this checkout's, the lock, signals, costs."""
