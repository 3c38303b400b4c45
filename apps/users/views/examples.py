"""Examples for the documentation. All of them show the same user, Ada."""

EMAIL = "ada@example.com"
PASSWORD = "engine-no-1842"  # noqa: S105
PROFILE = {"email": EMAIL, "first_name": "Ada", "last_name": "Lovelace"}
NEW_PASSWORD = {"password": PASSWORD, "password2": PASSWORD}
TOKEN = "7.d2x9k1-5f0c4e…"  # noqa: S105
SESSION = {
    "uuid": "1f0d3e0a-6f0c-4c51-9a53-0f4b8f4d8c11",
    "created": "2026-11-02T09:30:00.000000Z",
    "expiry": "2026-11-02T19:30:00.000000Z",
    "last_used": "2026-11-02T11:02:00.000000Z",
    "user_agent": "Mozilla/5.0",
    "current": True,
}
USER = {
    "id": 7,
    **PROFILE,
    "email_verified": True,
    "is_active": True,
    "is_staff": False,
    "is_superuser": False,
    "date_joined": "2026-11-02T09:30:00.000000Z",
    "last_login": None,
}
