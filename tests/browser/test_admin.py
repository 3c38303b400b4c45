import pytest
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from apps.users.models import CustomUser
from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "engine-no-1842"


@pytest.fixture(autouse=True)
def _logged_in(visit: Visit) -> None:
    CustomUser.objects.create_superuser("root@example.com", PASSWORD)
    page = visit.page
    page.goto(f"{visit.url}{reverse('admin:login')}")
    page.get_by_label("Email address").fill("root@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Site administration").wait_for()
    visit.screenshot("admin")


def test_a_user_is_created(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.url}{reverse('admin:users_customuser_add')}")
    page.locator("#id_email").fill("Ada@Example.com")
    page.locator("#id_password1").fill(PASSWORD)
    page.locator("#id_password2").fill(PASSWORD)
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".messagelist .success").wait_for()
    visit.screenshot("admin-user")
    assert CustomUser.objects.get(email="ada@example.com").check_password(PASSWORD)
    visit.assert_clean()


def test_a_periodic_task_is_added(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.url}{reverse('admin:django_celery_beat_intervalschedule_add')}")
    page.locator("#id_every").fill("5")
    page.locator("#id_period").select_option("minutes")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".messagelist .success").wait_for()
    page.goto(f"{visit.url}{reverse('admin:django_celery_beat_periodictask_add')}")
    page.locator("#id_name").fill("Measure")
    page.locator("#id_regtask").select_option("apps.core.tasks.measure_wait")
    page.locator("#id_interval").select_option(label="every 5 minutes")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".messagelist .success").wait_for()
    visit.screenshot("admin-periodic-task")
    assert PeriodicTask.objects.get(name="Measure").task == "apps.core.tasks.measure_wait"
    visit.assert_clean()
