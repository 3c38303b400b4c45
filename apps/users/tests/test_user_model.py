from threading import Barrier, Thread

import pytest
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import IntegrityError, connection
from django.test import TestCase

from apps.users.models import CustomUser
from apps.users.services import user_create
from apps.users.tests.helpers import PASSWORD, make_user


class CustomUserModelTests(TestCase):
    def test_has_no_username(self) -> None:
        with pytest.raises(FieldDoesNotExist):
            CustomUser._meta.get_field("username")

    def test_the_address_is_stored_in_lowercase_and_as_dns_knows_it(self) -> None:
        self.assertEqual(make_user(" Ada@Bücher.Example ").email, "ada@xn--bcher-kva.example")

    def test_an_address_without_sense_is_refused(self) -> None:
        for email in ("", "ada", "@example.com", "ádá@example.com", "ada@-.example", "ada@exa mple.com", None):
            with self.subTest(email=email), pytest.raises(ValidationError):
                CustomUser.objects.create_user(email, PASSWORD).full_clean()

    def test_the_database_refuses_an_address_in_capitals(self) -> None:
        user = make_user()
        with pytest.raises(IntegrityError, match="users_email_is_lowercase"):
            CustomUser.objects.filter(pk=user.pk).update(email="Ada@example.com")

    def test_a_superuser_is_staff(self) -> None:
        user = CustomUser.objects.create_superuser("root@example.com", PASSWORD)
        self.assertTrue(user.is_staff and user.is_superuser)

    def test_a_superuser_who_is_no_staff_or_no_superuser_is_refused(self) -> None:
        for flags in ({"is_staff": False}, {"is_superuser": False}, {"is_staff": None}, {"is_superuser": 0}):
            with self.subTest(flags=flags), pytest.raises(ValueError, match="Superuser must have"):
                CustomUser.objects.create_superuser("root@example.com", PASSWORD, **flags)
        self.assertFalse(CustomUser.objects.exists())

    def test_a_user_is_found_by_the_address_in_any_form(self) -> None:
        user = make_user("ada@xn--bcher-kva.example")
        self.assertEqual(CustomUser.objects.get_by_natural_key("ADA@bücher.example"), user)

    def test_an_address_that_nobody_can_have_is_nobodys(self) -> None:
        with pytest.raises(CustomUser.DoesNotExist):
            CustomUser.objects.get_by_natural_key("ádá@example.com")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_one_address_at_once_one_is_told_so() -> None:
    barrier, outcomes = Barrier(2), []

    def create() -> None:
        barrier.wait()
        try:
            outcomes.append(user_create(email="ada@example.com", password=PASSWORD).email)
        except ValidationError as error:
            outcomes.append(error.error_dict["email"][0].code)
        finally:
            connection.close()

    threads = [Thread(target=create) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["ada@example.com", "unique"]
