"""What `just survive` does inside of Django: a task's worker, killed at a point that was chosen."""
