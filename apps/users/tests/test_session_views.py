from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APITestCase

from apps.users.models import AuthToken
from apps.users.tests.helpers import log_in, make_user


class SessionViewTests(APITestCase):
    def setUp(self) -> None:
        self.user = make_user()
        self.elsewhere = log_in(self.client, self.user)
        self.of_another = log_in(self.client, make_user("bob@example.com"))
        self.here = log_in(self.client, self.user)

    def end(self, session: AuthToken) -> Any:
        return self.client.delete(reverse("v1:users:session", args=[session.uuid]))

    def test_lists_ones_own_live_sessions_and_says_which_is_this_one(self) -> None:
        AuthToken.objects.create(user=self.user, expiry=timedelta(seconds=-1))
        found = self.client.get(reverse("v1:users:sessions")).json()["results"]
        expected = [(str(self.here.uuid), True), (str(self.elsewhere.uuid), False)]
        self.assertEqual([(session["uuid"], session["current"]) for session in found], expected)
        self.assertEqual(
            set(found[0]), {"uuid", "created", "expiry", "last_used", "user_agent", "current"}, "never the token"
        )

    def test_costs_three_queries(self) -> None:
        with self.assertNumQueries(3):
            self.client.get(reverse("v1:users:sessions"))

    def test_one_can_be_ended(self) -> None:
        self.assertEqual(self.end(self.elsewhere).status_code, 204)
        self.assertEqual({*AuthToken.objects.all()}, {self.here, self.of_another})

    def test_nobody_elses_can(self) -> None:
        self.assertEqual(self.end(self.of_another).status_code, 404)
        self.assertEqual(AuthToken.objects.count(), 3)

    def test_the_last_use_is_written_down_once_a_minute(self) -> None:
        long_ago = timezone.now() - timedelta(minutes=2)
        AuthToken.objects.filter(pk=self.here.pk).update(last_used=long_ago)
        with self.assertNumQueries(2):
            self.client.get(reverse("v1:users:profile"))
        with self.assertNumQueries(1):
            self.client.get(reverse("v1:users:profile"))
        self.here.refresh_from_db()
        self.assertGreater(self.here.last_used, long_ago)
