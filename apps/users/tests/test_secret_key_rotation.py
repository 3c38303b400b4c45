"""What a former SECRET_KEY has signed stays valid: links, sessions, tokens."""

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from rest_framework.test import APIClient

from apps.core.tests.helpers import log_in, make_user
from apps.users.links import reset_links, verification_links

FORMER, NEW = (
    "a-former-key-of-fifty-characters-that-nobody-knows-",
    "the-new-key-of-fifty-characters-that-nobody-knows--",
)
pytestmark = pytest.mark.django_db


def test_links_sessions_and_tokens_of_before_a_rotation_work_after_it() -> None:
    with override_settings(SECRET_KEY=FORMER):
        user = make_user("ada@example.com")
        api = APIClient()
        log_in(api, user)
        browser = Client()
        browser.force_login(user)
        links = {links: links.token_for(user) for links in (reset_links, verification_links)}
    with override_settings(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=[FORMER]):
        assert all(page.open(token) for page, token in links.items())
        assert api.get(reverse("v1:users:profile")).status_code == 200
        assert browser.get(reverse("admin:index")).status_code == 302
        assert browser.session.get("_auth_user_id") == str(user.pk)
        assert reset_links.open(reset_links.token_for(user))


def test_without_the_former_key_they_do_not_but_tokens_of_the_api_do() -> None:
    with override_settings(SECRET_KEY=FORMER):
        user = make_user("ada@example.com")
        token = reset_links.token_for(user)
        api = APIClient()
        log_in(api, user)
    with override_settings(SECRET_KEY=NEW):
        assert reset_links.open(token) is None
        assert api.get(reverse("v1:users:profile")).status_code == 200
