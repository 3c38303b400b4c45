"""Logs of the programs: read, merged, rendered for people, rotated."""
