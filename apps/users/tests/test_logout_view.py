from django.urls import reverse
from rest_framework.test import APITestCase

from apps.users.models import AuthToken
from apps.users.tests.helpers import log_in, make_user


class LogoutViewTests(APITestCase):
    def setUp(self) -> None:
        self.user = make_user()
        self.elsewhere = log_in(self.client, self.user)
        self.here = log_in(self.client, self.user)
        self.of_another = log_in(self.client.__class__(), make_user("bob@example.com"))

    def left(self) -> set[str]:
        return set(AuthToken.objects.values_list("pk", flat=True))

    def test_logout_ends_this_token_alone(self) -> None:
        self.assertEqual(self.client.post(reverse("v1:users:knox_logout")).status_code, 204)
        self.assertEqual(self.left(), {self.elsewhere.pk, self.of_another.pk})

    def test_logoutall_ends_all_of_the_users_tokens(self) -> None:
        self.assertEqual(self.client.post(reverse("v1:users:knox_logoutall")).status_code, 204)
        self.assertEqual(self.left(), {self.of_another.pk})

    def test_a_token_that_was_ended_opens_nothing(self) -> None:
        self.client.post(reverse("v1:users:knox_logout"))
        response = self.client.post(reverse("v1:users:knox_logout"))
        self.assertEqual((response.status_code, response.headers["WWW-Authenticate"]), (401, "Bearer"))
