import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from django_celery_results.models import TaskResult

from apps.core.models import DeadLetter, Effect, StartedTask
from apps.users.models import AuthToken, CustomUser
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


def test_the_lists_fit_a_screen_of_1280_pixels(visit: Visit) -> None:
    fill_the_lists()
    page = visit.page
    too_wide = {}
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        page.goto(f"{visit.url}{reverse(f'admin:{name}_changelist')}")
        visit.screenshot(f"list-{name}")
        width = page.evaluate("Math.max(...[...document.querySelectorAll('#result_list')].map(e => e.scrollWidth), 0)")
        room = page.evaluate("document.querySelector('.results, #changelist-form')?.clientWidth ?? 1280")
        if width > room or page.evaluate("document.documentElement.scrollWidth") > 1280:
            too_wide[name] = (width, room)
    assert too_wide == {}
    visit.assert_clean()


def fill_the_lists() -> None:
    """Fill them with rows as long as they often are."""
    user = CustomUser.objects.create_user("augusta.ada.king-noel@analytical-engines.example.com", PASSWORD)
    user.first_name, user.last_name = "Augusta Ada", "King-Noel of Lovelace"
    user.save()
    browser = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"
    AuthToken.objects.create(user=user)
    AuthToken.objects.update(user_agent=browser, last_used=timezone.now())
    task = "apps.users.tasks.send_password_reset_mail"
    StartedTask.objects.create(id="6f1c7f0a-9d9b-4d57-9f0c-3c2f1a1f9b11", name=task, user=user)
    Effect.objects.create(key="users:verification-mail:6f1c7f0a-9d9b-4d57-9f0c-3c2f1a1f9b11")
    DeadLetter.objects.create(
        position="1", queue="default", reason="It cannot be decoded.", message=b"x" * 400, put_aside=timezone.now()
    )
    TaskResult.objects.create(
        task_id="6f1c7f0a-9d9b-4d57-9f0c-3c2f1a1f9b11",
        task_name=task,
        status="SUCCESS",
        periodic_task_name="Purge expired tokens and what belongs to them",
        worker="celery@a-machine-with-a-long-name.internal",
        date_started=timezone.now(),
    )
