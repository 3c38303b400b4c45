from django.urls import reverse
from rest_framework.test import APITestCase


class PingViewTests(APITestCase):
    def test_anyone_gets_a_pong(self) -> None:
        response = self.client.get(reverse("v1:core:ping"))
        self.assertEqual((response.status_code, response.json()), (200, {"ping": "pong"}))

    def test_a_stale_token_does_not_matter(self) -> None:
        response = self.client.get(reverse("v1:core:ping"), headers={"authorization": "Bearer stale"})
        self.assertEqual(response.status_code, 200)

    def test_asks_the_database_nothing(self) -> None:
        with self.assertNumQueries(0):
            self.client.get(reverse("v1:core:ping"))
