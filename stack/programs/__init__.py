"""The table of programs, their supervisor, and how each is started and asked whether it is ready."""
