"""apps.core knows no other app: users come from Django, tokens from Knox, whatever models those use."""

from typing import Any

from django.contrib.auth import get_user_model
from knox.models import get_token_model
from rest_framework.test import APIClient


def make_user(email: str = "ada@example.com", **fields: Any) -> Any:
    return get_user_model().objects.create_user(email, "engine-no-1842", **fields)


def log_in(client: APIClient, user: Any) -> str:
    """Let the client send a real token; return it."""
    _, token = get_token_model().objects.create(user=user)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return token
