from unittest.mock import patch

import pytest
from django.conf import settings
from django.test import override_settings
from django.urls import reverse
from redis.connection import AbstractConnection
from rest_framework.test import APITestCase

from apps.core.tests.helpers import log_in, make_user
from apps.core.throttling.limiter import Limit, limiter
from apps.core.throttling.rates import parse_rate

PING, PROFILE = reverse("v1:core:ping"), reverse("v1:users:profile")


def rates(**changes: str) -> override_settings:
    return override_settings(
        REST_FRAMEWORK={
            **settings.REST_FRAMEWORK,
            "DEFAULT_THROTTLE_RATES": {**settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], **changes},
        }
    )


class ThrottlingTests(APITestCase):
    @rates(anonymous="2/h")
    def test_says_when_to_come_back_in_the_envelope(self) -> None:
        answers = [self.client.get(PING) for _ in range(3)]
        self.assertEqual([answer.status_code for answer in answers], [200, 200, 429])
        self.assertEqual(answers[2].data["errors"][0]["code"], "throttled")
        self.assertEqual(answers[2].headers["Retry-After"], "1800")

    @rates(anonymous="1/h")
    def test_each_address_has_its_own_limit(self) -> None:
        answers = [self.client.get(PING, REMOTE_ADDR=ip) for ip in ("10.0.0.1", "10.0.0.2", "10.0.0.1")]
        self.assertEqual([answer.status_code for answer in answers], [200, 200, 429])

    @rates(anonymous="1/h")
    def test_a_forged_forwarding_header_is_no_way_around(self) -> None:
        answers = [self.client.get(PING, headers={"x-forwarded-for": f"10.0.0.{n}"}) for n in range(2)]
        self.assertEqual([answer.status_code for answer in answers], [200, 429])

    @rates(anonymous="1/h", user="2/h")
    def test_a_user_is_counted_by_account_from_wherever(self) -> None:
        log_in(self.client, make_user())
        answers = [self.client.get(PROFILE, REMOTE_ADDR=f"10.0.0.{n}") for n in range(3)]
        self.assertEqual([answer.status_code for answer in answers], [200, 200, 429])

    @rates(login="1/h")
    def test_a_limit_of_one_view_is_not_the_others(self) -> None:
        data = {"email": "ada@example.com", "password": "wrong"}
        answers = [self.client.post(reverse("v1:users:knox_login"), data) for _ in range(2)]
        self.assertEqual([answer.status_code for answer in answers], [400, 429])
        self.assertEqual(self.client.get(PING).status_code, 200)

    @rates(anonymous="1/h")
    def test_health_is_not_limited(self) -> None:
        self.assertEqual({self.client.get("/livez").status_code for _ in range(3)}, {200})

    @rates(anonymous="1/h")
    def test_throttling_is_on_record(self) -> None:
        self.client.get(PING)
        with self.assertLogs("django.security.throttle", "WARNING") as logs:
            self.client.get(PING)
        self.assertEqual((logs.records[0].client_ip, logs.records[0].scopes), ("127.0.0.1", ["anonymous"]))


@pytest.mark.parametrize(("rate", "expected"), [("10/m", (10, 60)), ("5/second", (5, 1)), ("7/d", (7, 86400))])
def test_a_rate_is_requests_in_a_period(rate: str, expected: tuple[int, int]) -> None:
    assert parse_rate(rate) == expected


@pytest.mark.parametrize(
    "rate", ["", "10", "m", "/m", "0/m", "-1/m", "1.5/m", "10/", "10/w", "60000001/m", "1000001/s"]
)
def test_a_rate_that_cannot_be_counted_is_refused(rate: str) -> None:
    with pytest.raises(ValueError, match="is"):
        parse_rate(rate)


def test_a_million_requests_a_second_are_counted() -> None:
    requests, seconds = parse_rate("1000000/s")
    limit = Limit("fast:1", requests, seconds)
    assert limiter().take([limit]).states[0].remaining == 999_999


class RateLimitFieldsTests(APITestCase):
    @rates(anonymous="3/h", login="2/h")
    def test_each_answer_says_how_the_limits_stand(self) -> None:
        data = {"email": "ada@example.com", "password": "wrong"}
        answers = [self.client.post(reverse("v1:users:knox_login"), data).headers for _ in range(3)]
        self.assertEqual(answers[0]["RateLimit-Policy"], '"anonymous";q=3;w=3600, "login";q=2;w=3600')
        self.assertEqual(answers[0]["RateLimit"], '"anonymous";r=2;t=1200, "login";r=1;t=1800')
        self.assertIn('"login";r=0', answers[1]["RateLimit"])
        self.assertEqual(answers[2]["Retry-After"], "1800")

    def test_health_has_none(self) -> None:
        self.assertNotIn("RateLimit", self.client.get("/livez").headers)

    @rates(anonymous="1/h")
    def test_of_ipv6_a_network_counts_as_one_client(self) -> None:
        ips = ("2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1", "::ffff:10.0.0.1", "10.0.0.1")
        answers = [self.client.get(PING, REMOTE_ADDR=ip).status_code for ip in ips]
        self.assertEqual(answers, [200, 429, 200, 200, 429])

    def test_an_authenticated_request_asks_redis_once_for_all_its_limits(self) -> None:
        log_in(self.client, make_user())
        self.client.get(PROFILE)  # connects, and loads the script
        with patch.object(
            AbstractConnection, "send_command", autospec=True, side_effect=AbstractConnection.send_command
        ) as spy:
            self.client.get(PROFILE)
            sent = [str(call.args[1]) for call in spy.call_args_list]
        self.assertEqual(sent, ["EVALSHA"])
