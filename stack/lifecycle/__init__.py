"""Up, down, restart, and what they take: startup, recovery, migrations, directories, limits."""
