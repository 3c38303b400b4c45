import pytest
from knox.models import get_token_model

from apps.users.models import CustomUser
from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_swagger_authorizes_and_executes_a_call(visit: Visit) -> None:
    user = CustomUser.objects.create_user("ada@example.com", "engine-no-1842", first_name="Ada")
    _, token = get_token_model().objects.create(user=user)
    page = visit.page
    page.goto(f"{visit.url}/api/docs/")
    page.get_by_role("button", name="Authorize").click()
    page.locator(".auth-container input").fill(token)
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Apply credentials").click()
    page.locator(".auth-btn-wrapper").get_by_role("button", name="Close").click()
    operation = page.locator("#operations-auth-auth_profile_retrieve")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table .response").first
    answer.wait_for()
    visit.screenshot("swagger")
    assert answer.locator(".response-col_status").inner_text().startswith("200")
    assert '"first_name": "Ada"' in answer.inner_text()
    visit.assert_clean()


def test_redoc_reads_with_assets_of_our_own(visit: Visit) -> None:
    visit.page.goto(f"{visit.url}/api/redoc/")
    visit.page.get_by_role("heading", name="Log in").first.wait_for()
    visit.screenshot("redoc")
    # Its maker's logo, on another host, is not asked for.
    assert visit.blocked == []
    visit.assert_clean()


def test_the_documentation_follows_the_dark_mode(visit: Visit) -> None:
    page = visit.page
    page.emulate_media(color_scheme="dark")
    page.goto(f"{visit.url}/api/docs/")
    page.locator(".opblock").first.wait_for()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(28, 32, 34)"
    visit.screenshot("swagger-dark")
    page.emulate_media(color_scheme="light")
    page.locator("html:not(.dark-mode)").wait_for()
    page.emulate_media(color_scheme="dark")
    page.goto(f"{visit.url}/api/redoc/")
    page.get_by_role("heading", name="auth").first.wait_for()
    assert "invert" in page.evaluate("getComputedStyle(document.body).filter")
    visit.screenshot("redoc-dark")
