import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, TestCase, override_settings
from django.urls import path, reverse
from rest_framework.test import APITestCase
from structlog.contextvars import bind_contextvars, get_contextvars

from apps.core.tests.helpers import log_in, make_user

PING = reverse("v1:core:ping")
seen: list[dict[str, object]] = []


def remember(_request: HttpRequest) -> HttpResponse:
    seen.append(get_contextvars())
    bind_contextvars(left_behind=True)
    return HttpResponse("<p>", status=503)


urlpatterns = [path("remember", remember)]


class RequestIDMiddlewareTests(APITestCase):
    def answered(self, sent: str) -> str:
        return self.client.get(PING, headers={"x-request-id": sent}).headers["X-Request-ID"]

    def test_every_answer_has_an_id_of_its_own(self) -> None:
        first, second = (self.client.get(PING).headers["X-Request-ID"] for _ in range(2))
        self.assertRegex(first, r"^[0-9a-f]{32}$")
        self.assertNotEqual(first, second)

    def test_a_sane_id_is_kept(self) -> None:
        for sent in ("01HZX3V7-ab.c_d", "a" * 64, "5ce1f9f0-1fd0-4b39-8d0c-3ba9a6f8d8e5"):
            self.assertEqual(self.answered(sent), sent)

    def test_a_hostile_id_is_replaced(self) -> None:
        for sent in (
            "short",
            "a" * 65,
            "a b c d e f",
            "line\nforged-line",
            "\x1b[31mred-text",
            "ünïcödé-id",
            "'; DROP--",
            "",
        ):
            with self.subTest(sent=sent):
                self.assertRegex(self.answered(sent), r"^[0-9a-f]{32}$")

    @override_settings(ROOT_URLCONF=__name__)
    def test_the_context_has_the_id_during_the_request_and_nothing_after_it(self) -> None:
        seen.clear()
        for sent in ("request-one", "request-two"):
            self.client.get("/remember", headers={"x-request-id": sent})
            self.assertEqual(get_contextvars(), {})
        self.assertEqual(seen, [{"request_id": "request-one"}, {"request_id": "request-two"}])

    @override_settings(ROOT_URLCONF=__name__)
    def test_django_logs_its_own_line_about_an_error_within_the_context(self) -> None:
        ids = []
        handler = logging.Handler()
        handler.emit = lambda _record: ids.append(get_contextvars().get("request_id"))
        logging.getLogger("django.request").addHandler(handler)
        self.addCleanup(logging.getLogger("django.request").removeHandler, handler)
        self.client.get("/remember", headers={"x-request-id": "request-one"})
        self.assertEqual(ids, ["request-one"])


class AccessLogMiddlewareTests(APITestCase):
    def line(self, method: str, url: str, **extra: object) -> logging.LogRecord:
        with self.assertLogs("django.info", "INFO") as logs:
            getattr(self.client, method)(url, **extra)
        [record] = [record for record in logs.records if record.getMessage() == "request"]
        return record

    def test_says_who_did_what_and_what_it_cost(self) -> None:
        user = make_user()
        log_in(self.client, user)
        line = self.line("get", reverse("v1:users:profile"), REMOTE_ADDR="10.1.2.3")
        self.assertEqual((line.method, line.route, line.status), ("GET", "api/v1/auth/profile/", 200))
        self.assertEqual((line.user_id, line.client_ip, line.queries), (user.pk, "10.1.2.3", 1))
        self.assertGreater(line.duration_ms, line.query_ms)
        self.assertGreater(line.query_ms, 0)

    def test_an_anonymous_request_has_no_user(self) -> None:
        self.assertIsNone(self.line("get", PING).user_id)

    def test_an_unknown_path_is_on_record(self) -> None:
        line = self.line("get", "/no/such/path")
        self.assertEqual((line.path, line.route, line.status), ("/no/such/path", None, 404))

    def test_of_proxies_as_many_are_believed_as_there_are(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("rest_framework.throttling.api_settings.NUM_PROXIES", 1, raising=False)
            line = self.line("get", PING, headers={"x-forwarded-for": "6.6.6.6, 10.9.9.9"})
        self.assertEqual(line.client_ip, "10.9.9.9")

    def test_a_hostile_user_agent_is_cut_and_kept_as_a_value(self) -> None:
        sent = '\x1b[2J"}\r\n{"event": "forged", "user_id": 1}' + "a" * 5000
        line = self.line("get", PING, headers={"user-agent": sent})
        self.assertEqual(line.user_agent, sent[:256])

    def test_an_endless_path_is_cut(self) -> None:
        line = self.line("get", f"/{'a' * 5000}")
        self.assertEqual((len(line.path), line.status), (256, 404))

    def test_what_another_middleware_answers_is_on_record_too(self) -> None:
        line = self.line("get", "/admin", headers={"host": "not-our-host.example.com"})
        self.assertEqual((line.path, line.route, line.status), ("/admin", None, 400))

    @override_settings(SLOW_REQUEST_MS=0)
    def test_a_slow_request_is_a_warning(self) -> None:
        self.assertEqual(self.line("get", PING).levelname, "WARNING")

    @override_settings(SLOW_QUERY_MS=0)
    def test_a_slow_query_has_a_line_without_its_values(self) -> None:
        digest = log_in(self.client, make_user()).digest
        with self.assertLogs("apps.core.observability.query_meter", "WARNING") as logs:
            self.client.get(reverse("v1:users:profile"))
        self.assertIn("WHERE", logs.records[0].sql)
        self.assertNotIn(digest, str(vars(logs.records[0])))

    def test_health_is_quiet_while_all_is_well(self) -> None:
        with self.assertNoLogs("django.info", "INFO"):
            self.client.get("/livez")

    def test_asks_nobody_for_a_session(self) -> None:
        with self.assertNumQueries(0):
            self.client.get("/", headers={"cookie": "sessionid=abcdefghijklmnopqrstuvwxyz012345"})


class ThreadsTests(TestCase):
    def test_threads_that_serve_at_the_same_time_keep_their_ids_apart(self) -> None:
        ids = [f"thread-{number:04}" for number in range(160)]
        with self.assertLogs("django.info", "INFO") as logs, ThreadPoolExecutor(8) as pool:
            contexts = []
            handler = logging.Handler()
            handler.emit = lambda record: contexts.append((get_contextvars()["request_id"], record.path))
            logging.getLogger("django.info").addHandler(handler)
            self.addCleanup(logging.getLogger("django.info").removeHandler, handler)
            # An unknown path: no database, which a test's threads would not share.
            list(pool.map(lambda sent: Client().get(f"/{sent}", headers={"x-request-id": sent}), ids))
        self.assertEqual(sorted(contexts), [(sent, f"/{sent}") for sent in ids])
        self.assertEqual(len(logs.records), len(ids))
