from typing import Any

from knox.models import get_token_model
from rest_framework.test import APIClient

from apps.users.models import CustomUser

PASSWORD = "engine-no-1842"


def make_user(email: str = "ada@example.com", **fields: Any) -> CustomUser:
    return CustomUser.objects.create_user(email, PASSWORD, **fields)


def log_in(client: APIClient, user: CustomUser) -> Any:
    """Let the client send a real token; return the token's row."""
    row, token = get_token_model().objects.create(user=user)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return row
