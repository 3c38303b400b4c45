from datetime import timedelta
from typing import Any

from celery import current_app
from django.core import mail
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APITestCase

from apps.users.links import reset_links
from apps.users.models import AuthToken
from apps.users.tests.helpers import PASSWORD, link_token, log_in, make_user, run_tasks

NEW = "analytical-1843"


class PasswordChangeViewTests(APITestCase):
    url = reverse("v1:users:password_change")

    def setUp(self) -> None:
        self.user = make_user()
        log_in(self.client, self.user)
        self.here = log_in(self.client, self.user)

    def change(self, current: str = PASSWORD, **data: str) -> Any:
        return self.client.post(self.url, {"current_password": current, "password": NEW, "password2": NEW, **data})

    def test_sets_the_new_one_and_ends_all_other_sessions(self) -> None:
        self.assertEqual(self.change().status_code, 204)
        self.user.refresh_from_db()
        self.assertTrue(self.user.check_password(NEW))
        self.assertEqual([*AuthToken.objects.all()], [self.here])

    def test_needs_the_current_one_and_counts_guesses(self) -> None:
        answers = [self.change("wrong") for _ in range(6)]
        self.assertEqual([answer.status_code for answer in answers], [400] * 5 + [429])
        error = answers[0].data["errors"][0]
        self.assertEqual((error["attr"], error["code"]), ("current_password", "incorrect"))
        self.user.refresh_from_db()
        self.assertTrue(self.user.check_password(PASSWORD))

    def test_a_weak_one_is_refused(self) -> None:
        answer = self.change(password="12345678", password2="12345678")
        self.assertEqual({error["attr"] for error in answer.data["errors"]}, {"password"})


class PasswordResetViewTests(APITestCase):
    def setUp(self) -> None:
        current_app.control.purge()
        self.user = make_user(email_verified=False)
        log_in(self.client, self.user)
        self.client.credentials()

    def ask(self, email: str = "ADA@example.com") -> Any:
        with self.captureOnCommitCallbacks(execute=True):
            response = self.client.post(reverse("v1:users:password_reset"), {"email": email})
        run_tasks()
        return response

    def confirm(self, token: str) -> Any:
        data = {"token": token, "password": NEW, "password2": NEW}
        return self.client.post(reverse("v1:users:password_reset_confirm"), data)

    def test_a_mailed_link_sets_a_new_password_once_and_ends_all_sessions(self) -> None:
        self.assertEqual(self.ask().status_code, 202)
        token = link_token(mail.outbox[0])
        self.assertEqual([self.confirm(token).status_code for _ in range(2)], [204, 400])
        self.user.refresh_from_db()
        self.assertTrue(self.user.check_password(NEW) and self.user.email_verified)
        self.assertFalse(AuthToken.objects.exists())

    def test_the_answer_is_the_same_for_unknown_and_closed_accounts_which_get_no_mail(self) -> None:
        make_user("closed@example.com", is_active=False)
        answers = [self.ask(email) for email in ("nobody@example.com", "closed@example.com", "ada@example.com")]
        self.assertEqual({(answer.status_code, answer.content) for answer in answers}, {(202, b"")})
        self.assertEqual([letter.to for letter in mail.outbox], [["ada@example.com"]])

    def test_the_same_task_is_sent_whether_or_not_there_is_an_account(self) -> None:
        for email in ("nobody@example.com", "ada@example.com"):
            with self.captureOnCommitCallbacks(execute=True):
                self.client.post(reverse("v1:users:password_reset"), {"email": email})
        with current_app.connection_for_read() as connection:
            self.assertEqual(connection.default_channel.client.llen("mail"), 2)

    def test_a_login_ends_a_link_and_so_does_an_hour(self) -> None:
        token = reset_links.token_for(self.user)
        with override_settings(PASSWORD_RESET_TIMEOUT=-1):
            self.assertEqual(self.confirm(token).status_code, 400)
        self.user.last_login = timezone.now() - timedelta(minutes=1)
        self.user.save()
        self.assertEqual(self.confirm(token).status_code, 400)

    def test_a_link_that_verifies_resets_nothing(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            data = {"email": "ada@example.com", "password": PASSWORD, "password2": PASSWORD}
            self.client.post(reverse("v1:users:register"), data)
        run_tasks()
        self.assertEqual(self.confirm(link_token(mail.outbox[0])).status_code, 400)
