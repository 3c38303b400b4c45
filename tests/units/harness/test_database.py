import pytest
from django.contrib.auth.models import Permission
from django.test import TransactionTestCase
from django_celery_beat.models import PeriodicTask

from apps.users.models import CustomUser


@pytest.mark.django_db(transaction=True)
def test_after_a_test_that_commits_the_database_is_as_the_migrations_left_it() -> None:
    permissions, schedules = set(Permission.objects.values_list()), set(PeriodicTask.objects.values_list())
    assert permissions
    assert schedules
    CustomUser.objects.create_user("ada@example.com", None).user_permissions.add(Permission.objects.first())
    Permission.objects.filter(user=None).delete()
    PeriodicTask.objects.update(enabled=False)

    TransactionTestCase()._fixture_teardown()

    assert not CustomUser.objects.exists()
    assert set(Permission.objects.values_list()) == permissions
    assert set(PeriodicTask.objects.values_list()) == schedules
