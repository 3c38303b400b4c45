"""What runs before any package is installed: the launcher, its variables, uv and its packages."""
