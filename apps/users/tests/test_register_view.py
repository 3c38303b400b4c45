from typing import Any

from celery import current_app
from django.core import mail
from django.test import override_settings
from django.urls import reverse
from rest_framework.test import APITestCase

from apps.users.models import CustomUser
from apps.users.tests.helpers import PASSWORD, link_token, make_user, run_tasks


class RegisterViewTests(APITestCase):
    def setUp(self) -> None:
        current_app.control.purge()

    def post(self, name: str, **data: str) -> Any:
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post(reverse(f"v1:users:{name}"), data)

    def register(self, email: str = "Ada@Example.com", password: str = PASSWORD) -> Any:
        response = self.post("register", email=email, password=password, password2=password)
        run_tasks()
        return response

    def log_in(self, password: str = PASSWORD) -> int:
        return int(self.post("knox_login", email="ada@example.com", password=password).status_code)

    def verify(self, token: str) -> Any:
        return self.post("verify", token=token)

    def test_a_mailed_link_verifies_and_then_one_can_log_in(self) -> None:
        response = self.register()
        self.assertEqual((response.status_code, response.data), (202, {"email": "ada@example.com"}))
        self.assertEqual(self.log_in(), 400)
        [letter] = mail.outbox
        self.assertEqual((letter.to, letter.subject), (["ada@example.com"], "Verify your email address"))
        self.assertEqual(self.verify(link_token(letter)).status_code, 204)
        self.assertEqual(self.log_in(), 200)

    def test_a_link_works_once(self) -> None:
        self.register()
        token = link_token(mail.outbox[0])
        answers = [self.verify(token) for _ in range(2)]
        self.assertEqual([answer.status_code for answer in answers], [204, 400])
        self.assertEqual(answers[1].data["errors"][0]["code"], "invalid_token")

    def test_a_token_that_is_none_verifies_nothing(self) -> None:
        user = make_user(email_verified=False)
        for token in ("", ".", "1", f"{user.pk}.", f"{user.pk}.x-y", "zzzzzzzzzzzzz.a-b", "-1.a-b", "\N{SNOWMAN}.a-b"):
            with self.subTest(token=token):
                self.assertEqual(self.verify(token).status_code, 400)

    def test_the_answer_is_the_same_for_an_address_that_is_taken_and_its_owner_gets_a_mail(self) -> None:
        unknown = self.register("bob@example.com")
        user = make_user()
        known = self.register()
        self.assertEqual((known.status_code, set(known.data)), (unknown.status_code, set(unknown.data)))
        self.assertEqual(mail.outbox[1].subject, "You have an account already")
        self.assertEqual(CustomUser.objects.get(email="ada@example.com").password, user.password)

    def test_who_registers_anew_wins_over_who_never_verified(self) -> None:
        self.register(password="chosen-by-eve-1")
        self.register()
        first, second = (link_token(letter) for letter in mail.outbox)
        self.assertEqual(self.verify(first).status_code, 400)
        self.assertEqual(self.verify(second).status_code, 204)
        self.assertEqual((self.log_in("chosen-by-eve-1"), self.log_in()), (400, 200))

    @override_settings(REQUIRE_VERIFIED_EMAIL=False)
    def test_an_account_in_use_is_not_taken_over(self) -> None:
        self.register()
        self.assertEqual(self.log_in(), 200)
        self.register(password="chosen-by-eve-1")
        self.assertEqual((self.log_in("chosen-by-eve-1"), self.log_in()), (400, 200))

    @override_settings(REGISTRATION_OPEN=False)
    def test_where_registration_is_closed_nobody_registers(self) -> None:
        response = self.register()
        self.assertEqual((response.status_code, response.data["errors"][0]["code"]), (403, "registration_closed"))
        self.assertFalse(CustomUser.objects.exists())

    def test_one_address_gets_few_mails_from_wherever_they_are_asked_for(self) -> None:
        answers = [self.register().status_code for _ in range(6)]
        self.assertEqual(answers, [202] * 5 + [429])

    def test_a_delivery_that_comes_twice_mails_once(self) -> None:
        user = make_user(email_verified=False)
        task = current_app.tasks["apps.users.tasks.send_registration"]
        for _ in range(2):
            task.apply((user.pk,), task_id="the-same")
        self.assertEqual(len(mail.outbox), 1)
