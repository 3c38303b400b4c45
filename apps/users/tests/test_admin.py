from typing import Any

from django.contrib.auth.models import Permission
from django.test import TestCase
from django.urls import reverse

from apps.users.models import CustomUser
from apps.users.tests.helpers import PASSWORD, make_user


class AdminTests(TestCase):
    def setUp(self) -> None:
        make_user("root@example.com", is_staff=True, is_superuser=True)

    def log_in(self, email: str = "root@example.com") -> Any:
        return self.client.post(reverse("admin:login"), {"username": email, "password": PASSWORD})

    def test_one_logs_in_with_the_address(self) -> None:
        self.assertEqual(self.log_in("ROOT@example.com").status_code, 302)

    def test_an_address_without_sense_is_a_failed_login(self) -> None:
        self.assertContains(self.log_in("ádá"), "Please enter the correct email address")

    def test_creates_a_user_in_lowercase(self) -> None:
        self.log_in()
        data = {"email": "Bob@Example.com", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
        self.client.post(reverse("admin:users_customuser_add"), data)
        self.assertTrue(CustomUser.objects.get(email="bob@example.com").check_password(PASSWORD))

    def test_an_address_that_is_taken_is_an_error_of_the_form(self) -> None:
        self.log_in()
        data = {"email": "ROOT@example.com", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
        response = self.client.post(reverse("admin:users_customuser_add"), data)
        self.assertContains(response, "A user with that email address already exists.")

    def add(self, email: str, **fields: str) -> CustomUser:
        data = {"email": email, "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD, **fields}
        self.client.post(reverse("admin:users_customuser_add"), data)
        return CustomUser.objects.get(email=email)

    def test_a_superuser_can_make_a_new_account_staff_at_once(self) -> None:
        self.log_in()
        self.assertContains(self.client.get(reverse("admin:users_customuser_add")), 'name="is_staff"')
        self.assertTrue(self.add("bob@example.com", is_staff="on").is_staff)
        self.assertFalse(self.add("eve@example.com").is_staff)

    def test_staff_who_may_add_users_cannot_make_them_staff(self) -> None:
        clerk = make_user("clerk@example.com", is_staff=True)
        users = Permission.objects.filter(content_type__app_label="users", codename__endswith="customuser")
        clerk.user_permissions.set(users)
        self.log_in("clerk@example.com")
        self.assertNotContains(self.client.get(reverse("admin:users_customuser_add")), 'name="is_staff"')
        bob = self.add("bob@example.com", is_staff="on", is_superuser="on")
        self.assertEqual((bob.is_staff, bob.is_superuser), (False, False))

    def test_every_list_and_form_opens(self) -> None:
        self.log_in()
        lists = ["users_customuser", "users_authtoken", "core_startedtask", "django_celery_beat_periodictask"]
        for page in [*(f"{name}_changelist" for name in lists), "users_customuser_add"]:
            self.assertEqual(self.client.get(reverse(f"admin:{page}")).status_code, 200, page)
        user = CustomUser.objects.get()
        self.assertContains(self.client.get(reverse("admin:users_customuser_change", args=[user.pk])), user.email)
        self.assertNotContains(self.client.get(reverse("admin:index")), "sername")
