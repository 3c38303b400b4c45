import logging

from django.urls import reverse
from knox.models import get_token_model
from rest_framework.test import APITestCase

from apps.core.observability.security_log import fingerprint
from apps.core.tests.helpers import log_in, make_user

LOGIN = reverse("v1:users:knox_login")
PASSWORD = "engine-no-1842"


class SecurityLogTests(APITestCase):
    def setUp(self) -> None:
        self.user = make_user()

    def lines(self, method: str, url: str, *args: object) -> list[logging.LogRecord]:
        with self.assertLogs("django.security", "INFO") as logs:
            getattr(self.client, method)(url, *args)
        return logs.records

    def test_a_login_is_on_record_with_the_user(self) -> None:
        [line] = self.lines("post", LOGIN, {"email": "Ada@example.com", "password": PASSWORD})
        self.assertEqual((line.getMessage(), line.user_id), ("Logged in", self.user.pk))
        self.assertEqual(line.client_ip, "127.0.0.1")

    def test_a_login_that_fails_is_on_record_without_what_was_typed(self) -> None:
        typed = {"email": "ada@example.com", "password": "not-her-password"}
        [line] = self.lines("post", LOGIN, typed)
        self.assertEqual((line.getMessage(), line.levelname), ("Login failed", "WARNING"))
        for secret in typed.values():
            self.assertNotIn(secret, str(vars(line)))

    def test_failures_about_one_account_have_one_fingerprint(self) -> None:
        self.assertEqual(fingerprint("ada@example.com"), fingerprint(" Ada@Example.com"))
        self.assertNotEqual(fingerprint("ada@example.com"), fingerprint("bob@example.com"))

    def test_who_may_not_is_on_record(self) -> None:
        log_in(self.client, self.user)
        [line] = self.lines("post", reverse("v1:users:create"), {})
        self.assertEqual((line.getMessage(), line.status, line.user_id), ("Permission denied", 403, self.user.pk))

    def test_who_comes_with_a_wrong_token_is_on_record(self) -> None:
        self.client.credentials(HTTP_AUTHORIZATION="Bearer no-such-token")
        [line] = self.lines("get", reverse("v1:users:profile"))
        self.assertEqual((line.status, line.user_id), (401, None))

    def test_every_token_that_is_revoked_is_on_record(self) -> None:
        log_in(self.client, self.user)
        log_in(self.client, self.user)
        lines = self.lines("post", reverse("v1:users:knox_logoutall"))
        self.assertEqual([line.getMessage() for line in lines], ["Token revoked"] * 2)
        self.assertEqual({line.owner_id for line in lines}, {self.user.pk})

    def test_a_token_that_has_expired_is_not_revoked_when_it_is_deleted(self) -> None:
        token, _ = get_token_model().objects.create(user=self.user)
        get_token_model().objects.filter(pk=token.pk).update(expiry="2001-01-01T00:00Z")
        with self.assertNoLogs("django.security", "INFO"):
            get_token_model().objects.get(pk=token.pk).delete()

    def test_who_is_throttled_is_on_record(self) -> None:
        for _ in range(10):
            self.client.post(LOGIN, {})
        lines = self.lines("post", LOGIN, {})
        self.assertIn("Throttled", [line.getMessage() for line in lines])


class AccountLinesTests(APITestCase):
    def test_what_happens_to_an_account_is_on_record_whoever_does_it(self) -> None:
        with self.assertLogs("django.security.accounts", "INFO") as logs:
            user = make_user()
            user.is_active = False
            user.save()
            user.is_active = True
            user.save(update_fields=["is_active"])
            user.set_password("analytical-1843")
            user.save()
            user.is_staff = user.is_superuser = True
            user.save()
            user.is_staff = False
            user.save()
            pk = user.pk
            user.delete()
        expected = ["Account created", "Account closed", "Account opened", "Password changed", "Staff flag set"]
        expected += ["Superuser flag set", "Staff flag removed", "Account deleted"]
        self.assertEqual([line.getMessage() for line in logs.records], expected)
        self.assertEqual(
            {(line.account_id, line.account) for line in logs.records[:-1]}, {(pk, fingerprint(user.email))}
        )
        self.assertNotIn("ada@example.com", str([vars(line) for line in logs.records]))

    def test_so_it_is_for_staff_that_uses_the_api(self) -> None:
        log_in(self.client, make_user("staff@example.com", is_staff=True))
        ada = make_user()
        data = {"email": "bob@example.com", "password": PASSWORD, "password2": PASSWORD}
        with self.assertLogs("django.security.accounts", "INFO") as logs:
            self.client.post(reverse("v1:users:create"), data)
            for name in ("user_deactivate", "user_activate"):
                self.client.post(reverse(f"v1:users:{name}", args=[ada.pk]))
        self.assertEqual(
            [line.getMessage() for line in logs.records], ["Account created", "Account closed", "Account opened"]
        )
        self.assertEqual(logs.records[1].account_id, ada.pk)

    def test_what_changes_nothing_of_it_leaves_no_line(self) -> None:
        user = make_user()
        with self.assertNoLogs("django.security.accounts", "INFO"):
            user.first_name = "Ada"
            user.save()
