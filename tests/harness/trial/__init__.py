"""A Django app for tests alone: tests.harness.trial_stack installs it in the checkouts that it starts."""
