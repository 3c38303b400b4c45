from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework.test import APITestCase

from apps.core.throttling.limiter import limiter
from apps.users import services
from apps.users.models import AuthToken, CustomUser
from apps.users.tests.helpers import PASSWORD, make_user


class LoginViewTests(APITestCase):
    url = reverse("v1:users:knox_login")

    def setUp(self) -> None:
        self.user = make_user(first_name="Ada")

    def log_in(self, email: str = "ada@example.com", password: str = PASSWORD, **headers: str) -> Any:
        return self.client.post(self.url, {"email": email, "password": password}, headers=headers)

    def test_answers_with_expiry_token_and_user(self) -> None:
        response = self.log_in()
        self.assertEqual(response.status_code, 200)
        self.assertEqual(set(response.data), {"expiry", "token", "user"})
        self.assertEqual(response.data["user"], {"email": "ada@example.com", "first_name": "Ada", "last_name": ""})
        lifetime = parse_datetime(response.data["expiry"]) - timezone.now()
        self.assertLess(abs(lifetime - timedelta(hours=10)), timedelta(seconds=10))

    def test_the_token_opens_the_profile(self) -> None:
        token = self.log_in().data["token"]
        response = self.client.get(reverse("v1:users:profile"), headers={"authorization": f"Bearer {token}"})
        self.assertEqual(response.data["email"], "ada@example.com")

    def test_the_address_may_be_typed_in_any_case(self) -> None:
        self.assertEqual(self.log_in(email="ADA@Example.COM").status_code, 200)

    def test_a_stale_token_in_the_header_does_not_matter(self) -> None:
        self.assertEqual(self.log_in(authorization="Bearer stale").status_code, 200)

    def test_unknown_address_wrong_password_and_closed_account_look_the_same(self) -> None:
        make_user("closed@example.com", is_active=False)
        answers = [
            self.log_in(email="nobody@example.com"),
            self.log_in(password="wrong"),
            self.log_in(email="closed@example.com"),
        ]
        self.assertEqual({answer.status_code for answer in answers}, {400})
        self.assertEqual(len({str(answer.data) for answer in answers}), 1)
        self.assertEqual(answers[0].data["errors"][0]["code"], "authorization")

    def test_an_address_that_no_account_can_have_is_no_server_error(self) -> None:
        self.assertEqual(self.log_in(email="a@xn--a.example").status_code, 400)

    def test_remembers_with_what_one_logged_in(self) -> None:
        self.log_in(user_agent="curl/8 " + "x" * 300)
        self.assertEqual(AuthToken.objects.get().user_agent, ("curl/8 " + "x" * 300)[:255])

    def test_stores_the_hash_of_the_token_alone(self) -> None:
        token = self.log_in().data["token"]
        stored = AuthToken.objects.values_list("digest", "token_key").get()
        self.assertNotIn(token, "".join(stored))

    def test_is_limited_for_each_client(self) -> None:
        allowed = int(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["login"].partition("/")[0])
        answers = [self.log_in(email=f"{n}@example.com") for n in range(allowed + 1)]
        self.assertEqual([answer.status_code for answer in answers], [400] * allowed + [429])
        self.assertGreater(int(answers[-1].headers["Retry-After"]), 0)

    def test_failures_are_limited_for_each_account_there_or_not_and_a_success_is_no_failure(self) -> None:
        allowed = int(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["login_failures"].partition("/")[0])
        for email in ("ADA@example.com", "nobody@example.com"):
            limiter().client.flushdb()
            self.assertEqual(self.log_in().status_code, 200)
            answers = [self.log_in(email=email, password="wrong", remote=str(n)) for n in range(allowed + 1)]
            self.assertEqual([answer.status_code for answer in answers], [400] * allowed + [429])
            self.assertGreater(int(answers[-1].headers["Retry-After"]), 0)

    def test_an_account_that_is_not_verified_looks_like_a_wrong_password(self) -> None:
        self.user.email_verified = False
        self.user.save()
        self.assertEqual(self.log_in().data, self.log_in(password="wrong").data)
        with override_settings(REQUIRE_VERIFIED_EMAIL=False):
            self.assertEqual(self.log_in().status_code, 200)

    def test_of_too_many_sessions_the_oldest_ends(self) -> None:
        for user_agent in ("first", "second", "third"):
            with override_settings(REST_KNOX={**settings.REST_KNOX, "TOKEN_LIMIT_PER_USER": 2}):
                self.log_in(user_agent=user_agent)
        self.assertEqual(set(AuthToken.objects.values_list("user_agent", flat=True)), {"second", "third"})

    def test_a_password_that_changes_meanwhile_opens_no_session(self) -> None:
        stale = CustomUser.objects.get()
        self.user.set_password("analytical-1843")
        self.user.save()
        with pytest.raises(CustomUser.DoesNotExist):
            services.session_start(user=stale)

    def test_costs_seven_queries(self) -> None:
        # User; savepoint, lock, token, surplus, release; the time of the login.
        with self.assertNumQueries(7):
            self.log_in()
