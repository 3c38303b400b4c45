"""The cluster of an older Postgres, brought into one of this Postgres; the old one is kept."""
