"""The error of the stack."""


class StackError(Exception):
    """The command cannot continue. The message says what happened, what was left as it was, and what to type."""
