"""Tells an unavailable Redis from a mistake of ours, which must not be hidden by waiting for Redis."""


def is_in_script(error: BaseException) -> bool:
    """Return whether Redis reports an error inside one of our Lua scripts."""
    return "user_script" in str(error)
