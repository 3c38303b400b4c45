"""Up, down and restart, and what they need: startup, recovery, migrations, directories, limits."""
