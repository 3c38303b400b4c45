"""What the stack says when it cannot go on."""


class StackError(Exception):
    """Something is wrong, and the message says what to do about it."""
