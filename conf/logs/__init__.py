"""The logging configuration: which record goes where, how it looks, what is redacted."""
