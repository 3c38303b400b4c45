"""One module a recipe, or a few: what `just status`, `dump`, `doctor`, `debug` and their kin do."""
