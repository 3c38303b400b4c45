"""The engine of the database: Django's for Postgres, whose health checks cost a round trip only where it is needed."""
