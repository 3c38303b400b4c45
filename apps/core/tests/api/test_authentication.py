from datetime import timedelta

from django.urls import reverse
from knox.models import get_token_model
from rest_framework.test import APITestCase

from apps.core.tests.helpers import log_in, make_user


class TokenAuthenticationTests(APITestCase):
    url = reverse("v1:users:profile")

    def setUp(self) -> None:
        self.user = make_user()

    def status(self, header: str | bytes) -> int:
        return self.client.get(self.url, HTTP_AUTHORIZATION=header).status_code

    def token(self, **fields: timedelta) -> str:
        _, token = get_token_model().objects.create(user=self.user, **fields)
        return token

    def test_costs_one_query_however_many_tokens_there_are(self) -> None:
        for many in (1, 50, 1000):
            tokens = get_token_model().objects
            tokens.bulk_create(tokens.model(digest=f"{many}-{n}", user=self.user) for n in range(many))
            log_in(self.client, self.user)
            with self.subTest(many=many), self.assertNumQueries(1):
                self.client.get(self.url)

    def test_the_scheme_may_be_written_in_any_case(self) -> None:
        self.assertEqual(self.status(f"bearer {self.token()}"), 200)

    def test_an_expired_token_opens_nothing(self) -> None:
        self.assertEqual(self.status(f"Bearer {self.token(expiry=timedelta(seconds=-1))}"), 401)

    def test_a_token_without_expiry_does_not_expire(self) -> None:
        self.assertEqual(self.status(f"Bearer {self.token(expiry=None)}"), 200)

    def test_an_account_that_was_closed_opens_nothing(self) -> None:
        token = self.token()
        self.user.is_active = False
        self.user.save()
        self.assertEqual(self.status(f"Bearer {token}"), 401)

    def test_a_digest_is_no_token(self) -> None:
        self.token()
        self.assertEqual(self.status(f"Bearer {get_token_model().objects.get().digest}"), 401)

    def test_hostile_headers_are_refused_without_an_error_of_ours(self) -> None:
        token = self.token()
        headers = [
            "Bearer",
            "Bearer ",
            f"Bearer {token} {token}",
            f"Token {token}",
            token,
            "Bearer \xff\xfe",
            "Bearer ' OR 1=1",
        ]
        for header in [*headers, f"Bearer {token[:-1]}", f"Bearer {token.upper()}", "Bearer " + "a" * 10_000]:
            with self.subTest(header=header[:40]):
                self.assertEqual(self.status(header), 401)
