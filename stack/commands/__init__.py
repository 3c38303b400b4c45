"""The recipes: `just status`, `dump`, `doctor`, `debug` and others, one or a few in each module."""
