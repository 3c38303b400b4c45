"""The services that write accounts. Views, commands and the admin call them; nothing else writes."""

from apps.users.services.accounts import user_activate, user_create, user_deactivate, user_update
from apps.users.services.passwords import password_change, password_reset, password_reset_request
from apps.users.services.registration import user_register, user_verify
from apps.users.services.sessions import session_end, session_start

__all__ = [
    "password_change",
    "password_reset",
    "password_reset_request",
    "session_end",
    "session_start",
    "user_activate",
    "user_create",
    "user_deactivate",
    "user_register",
    "user_update",
    "user_verify",
]
