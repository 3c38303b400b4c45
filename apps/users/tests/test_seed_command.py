from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings
from drf_spectacular.generators import SchemaGenerator

from apps.users.models import CustomUser
from apps.users.seeding import PASSWORD
from apps.users.tests.helpers import make_user


def seed(*args: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("seed", *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@override_settings(DEBUG=True)
class SeedCommandTests(TestCase):
    def test_makes_the_same_accounts_every_time(self) -> None:
        seed("--users", "3", "--superuser")
        first = list(CustomUser.objects.order_by("email").values_list("email", "first_name", "is_superuser"))
        CustomUser.objects.all().delete()
        seed("--users", "3", "--superuser")
        again = list(CustomUser.objects.order_by("email").values_list("email", "first_name", "is_superuser"))
        self.assertEqual(first, again)
        self.assertEqual([row[0] for row in again if row[2]], ["admin@example.com"])
        self.assertEqual(len(again), 4)

    def test_the_accounts_can_log_in_with_what_it_prints(self) -> None:
        out, _ = seed("--users", "1", "--superuser")
        self.assertIn(PASSWORD, out)
        for email in ("admin@example.com", "user00001@example.com"):
            self.assertIn(email, out)
            self.assertTrue(self.client.login(username=email, password=PASSWORD))

    def test_the_login_command_is_for_an_account_that_has_the_password_still(self) -> None:
        seed("--users", "1")
        _, again = seed("--users", "1")
        self.assertIn("curl -s http://localhost:", again)
        self.assertIn('{"email": "user00001@example.com"', again)
        user = CustomUser.objects.get()
        user.set_password("another-horse-battery")
        user.save()
        out, changed = seed("--users", "1")
        self.assertIn("Nothing was changed", out)
        self.assertNotIn("curl", changed)

    def test_the_login_that_the_documentation_shows_works_after_a_plain_seed(self) -> None:
        seed()
        login = SchemaGenerator().get_schema(public=True)["paths"]["/api/v1/auth/login/"]["post"]
        example = login["requestBody"]["content"]["application/json"]["examples"]["Request"]["value"]
        answer = self.client.post("/api/v1/auth/login/", example, content_type="application/json")
        self.assertEqual(answer.status_code, 200)

    def test_again_it_changes_nothing(self) -> None:
        seed("--users", "3", "--superuser")
        before = list(CustomUser.objects.order_by("pk").values())
        seed("--users", "3", "--superuser")
        self.assertEqual(list(CustomUser.objects.order_by("pk").values()), before)

    def test_clean_deletes_sample_accounts_alone(self) -> None:
        mine = make_user("me@example.com")
        seed("--users", "3")
        seed("--users", "1", "--clean")
        self.assertEqual(set(CustomUser.objects.values_list("email", flat=True)), {mine.email, "user00001@example.com"})

    def test_progress_is_not_mixed_with_credentials(self) -> None:
        out, err = seed("--users", "1001")
        self.assertNotIn("accounts", out)
        self.assertEqual(err.split("\n")[:2], ["1000 accounts", "1001 accounts"])

    @override_settings(DEBUG=False)
    def test_outside_debug_it_refuses(self) -> None:
        with pytest.raises(CommandError, match="--force"):
            seed()
        self.assertFalse(CustomUser.objects.exists())

    @override_settings(DEBUG=False)
    def test_forced_it_takes_a_password_that_nobody_knows(self) -> None:
        out, err = seed("--users", "1", "--force")
        self.assertNotIn("curl", err)
        self.assertNotIn(PASSWORD, out)
        self.assertTrue(CustomUser.objects.get().check_password(out.split()[-1]))

    @override_settings(DATABASE_IS_LOCAL=False)
    def test_clean_refuses_a_database_elsewhere(self) -> None:
        with pytest.raises(CommandError, match="DATABASE_URL"):
            seed("--clean")
