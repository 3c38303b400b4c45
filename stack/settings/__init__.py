"""The settings that the stack needs, where they come from, and whether they are valid."""
