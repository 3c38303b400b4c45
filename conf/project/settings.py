"""The project's own settings. A name in capitals replaces the template's (conf/settings/__init__.py).

`just startapp` registers apps here. What comes from the environment is read with conf.env, and explained in
.env.example (docs/environment.md).
"""

from typing import Any

API_TITLE = "Django Native API"
API_DESCRIPTION = "Accounts with tokens, and background tasks. Log in, then send `Authorization: Bearer <token>`."

# Installed after the template's, in this order.
APPS: list[str] = [
    # Full names: apps and the app's own.
]

# The groups of operations in the API's documentation, after those of the template.
API_TAGS: list[dict[str, str]] = [
    # Each with a name and a description.
]

# Limits of the API by scope, such as 10/h, besides the template's (conf/settings/api.py).
API_THROTTLE_RATES: dict[str, str] = {}


def adjust(settings: dict[str, Any]) -> None:
    """Change the template's settings in place, once all of them are there: add a middleware, a parser, a backend."""
