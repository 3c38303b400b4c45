"""Staff that has every permission there is: the admin lets it do what the API does, and nothing beyond."""

from typing import Any
from unittest.mock import patch

from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import TestCase
from django.urls import reverse

from apps.users.models import AuthToken, CustomUser
from apps.users.tests.helpers import PASSWORD, make_user

NEW = "analytical-1843"
FLAGS = {"is_staff": "on", "is_superuser": "on", "groups": "1", "user_permissions": "1"}


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


class StaffTests(TestCase):
    def setUp(self) -> None:
        self.staff = make_user("staff@example.com", is_staff=True)
        self.staff.user_permissions.set(Permission.objects.all())
        self.root = make_user("root@example.com", is_staff=True, is_superuser=True)
        self.ada = make_user()
        self.group = Group.objects.create(name="editors")
        self.client.force_login(self.staff)

    def change(self, user: CustomUser, **data: str) -> Any:
        fields = {"email": user.email, "first_name": user.first_name, "last_name": user.last_name, "is_active": "on"}
        dates = {"date_joined_0": "2026-11-02", "date_joined_1": "09:30:00"}
        return self.client.post(page("users_customuser_change", user.pk), {**fields, **dates, **data})

    def stored(self, user: CustomUser) -> tuple[Any, ...]:
        user = CustomUser.objects.get(pk=user.pk)
        flags = (user.is_active, user.is_staff, user.is_superuser, user.email_verified)
        may = (list(user.groups.all()), user.user_permissions.count())
        return (user.email, user.password, *flags, *may)

    def test_changes_names_and_closes_accounts(self) -> None:
        self.change(self.ada, first_name="Ada", is_active="")
        self.ada.refresh_from_db()
        self.assertEqual((self.ada.first_name, self.ada.is_active), ("Ada", False))

    def test_sets_the_password_of_a_user(self) -> None:
        data = {"usable_password": "true", "password1": NEW, "password2": NEW}
        self.client.post(page("auth_user_password_change", self.ada.pk), data)
        self.ada.refresh_from_db()
        self.assertTrue(self.ada.check_password(NEW))

    def test_gives_nobody_flags_groups_permissions_or_another_address(self) -> None:
        colleague = make_user("colleague@example.com", is_staff=True)
        for user in (self.staff, self.ada, colleague):
            before = self.stored(user)
            answer = self.change(
                user, **{**FLAGS, "groups": str(self.group.pk)}, email="eve@example.com", first_name="x"
            )
            self.assertEqual((answer.status_code, self.stored(user)), (302, before))

    def test_does_not_close_its_own_account(self) -> None:
        before = self.stored(self.staff)
        self.change(self.staff, is_active="")
        self.assertEqual(self.stored(self.staff), before)

    def test_changes_and_deletes_no_superuser(self) -> None:
        before = self.stored(self.root)
        password = {"usable_password": "true", "password1": NEW, "password2": NEW}
        selected = {"action": "delete_selected", "_selected_action": [self.ada.pk, self.root.pk], "post": "yes"}
        answers = [
            self.change(self.root, first_name="x", is_active=""),
            self.client.post(page("users_customuser_delete", self.root.pk), {"post": "yes"}),
            self.client.post(page("auth_user_password_change", self.root.pk), password),
            self.client.get(page("auth_user_password_change", self.root.pk)),
            self.client.post(page("users_customuser_changelist"), selected),
        ]
        self.assertEqual([answer.status_code for answer in answers], [403] * 5)
        self.assertEqual(self.stored(self.root), before)
        self.assertTrue(CustomUser.objects.filter(pk=self.ada.pk).exists())

    def test_sees_superusers_and_their_history(self) -> None:
        for name in ("change", "history"):
            self.assertEqual(self.client.get(page(f"users_customuser_{name}", self.root.pk)).status_code, 200)

    def test_ends_no_session_of_a_superuser(self) -> None:
        sessions = [AuthToken.objects.create(user=user)[0] for user in (self.root, self.ada)]
        answers = [
            self.client.post(page("users_authtoken_delete", session.pk), {"post": "yes"}).status_code
            for session in sessions
        ]
        self.assertEqual(answers, [403, 302])
        self.assertEqual([*AuthToken.objects.all()], sessions[:1])

    def test_sets_no_password_of_other_staff_who_may_be_allowed_more(self) -> None:
        colleague = make_user("colleague@example.com", is_staff=True)
        data = {"usable_password": "true", "password1": NEW, "password2": NEW}
        self.assertEqual(self.client.post(page("auth_user_password_change", colleague.pk), data).status_code, 403)

    def test_is_asked_for_its_own_password_before_it_sets_another(self) -> None:
        data = {"usable_password": "true", "password1": NEW, "password2": NEW}
        answer = self.client.post(page("auth_user_password_change", self.staff.pk), data)
        self.assertRedirects(answer, page("password_change"))
        self.staff.refresh_from_db()
        self.assertTrue(self.staff.check_password(PASSWORD))

    def test_adds_users_without_any_flag(self) -> None:
        data = {"email": "bob@example.com", "usable_password": "true", "password1": NEW, "password2": NEW, **FLAGS}
        self.client.post(page("users_customuser_add"), data)
        bob = CustomUser.objects.get(email="bob@example.com")
        self.assertFalse(bob.is_staff or bob.is_superuser or bob.user_permissions.exists())

    def test_changes_no_groups(self) -> None:
        permission = Permission.objects.get(codename="delete_customuser")
        data = {"name": "editors", "permissions": [permission.pk]}
        selected = {"action": "delete_selected", "_selected_action": [self.group.pk], "post": "yes"}
        self.client.post(page("auth_group_changelist"), selected)
        answers = [
            self.client.post(page("auth_group_change", self.group.pk), data),
            self.client.post(page("auth_group_add"), {**data, "name": "more"}),
            self.client.post(page("auth_group_delete", self.group.pk), {"post": "yes"}),
        ]
        self.assertEqual([answer.status_code for answer in answers], [403] * 3)
        self.assertEqual([(group.name, group.permissions.count()) for group in Group.objects.all()], [("editors", 0)])

    def test_gives_no_flags_in_a_list_that_somebody_makes_editable(self) -> None:
        site = admin.site.get_model_admin(CustomUser)
        management = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "_save": "Save"}
        for name, user in (("is_superuser", self.ada), ("is_staff", self.ada), ("first_name", self.root)):
            before = self.stored(user)
            data = {**management, "form-0-id": str(user.pk), f"form-0-{name}": "on"}
            with (
                self.subTest(name=name),
                patch.object(site, "list_editable", (name,)),
                patch.object(site, "list_display", ("email", name)),
            ):
                answer = self.client.post(f"{page('users_customuser_changelist')}?q={user.email}", data)
                self.assertEqual((answer.status_code, self.stored(user)), (403, before))


class SuperuserTests(TestCase):
    def test_sets_flags_groups_and_passwords(self) -> None:
        self.client.force_login(make_user("root@example.com", is_staff=True, is_superuser=True))
        ada, group = make_user(), Group.objects.create(name="editors")
        dates = {"date_joined_0": "2026-11-02", "date_joined_1": "09:30:00"}
        data = {"email": "ada@example.com", "is_active": "on", "is_staff": "on", "groups": group.pk, **dates}
        self.client.post(page("users_customuser_change", ada.pk), data)
        ada.refresh_from_db()
        self.assertEqual((ada.is_staff, [*ada.groups.all()]), (True, [group]))
        self.client.post(page("auth_group_change", group.pk), {"name": "writers"})
        self.assertEqual(Group.objects.get().name, "writers")
