"""The pages of development, light and dark, on a phone and on a desk."""

from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from pytest_django import Settings

from tests.browser.conftest import Visit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("apps.core.tests.development.urls"),
]
HTML = '<h1 style="color: teal">Hello</h1><p><a href="https://example.com/">Pay</a></p><script>alert(1)</script>'


@pytest.fixture(autouse=True)
def _mails(settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_FILE_PATH = tmp_path
    mail = EmailMultiAlternatives(
        "Your invoice",
        "Plain text",
        "us@example.com",
        ["ada@example.com"],
        connection=get_connection("apps.core.mail.FileBackend"),
    )
    mail.attach_alternative(HTML, "text/html")
    mail.send()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_the_pages_fit_and_follow_the_system(visit: Visit, scheme: str, width: int) -> None:
    page = visit.page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(visit.url)
    page.get_by_role("heading", name="What runs").wait_for()
    visit.screenshot(f"front-{scheme}-{width}")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(17, 24, 39)" if scheme == "dark" else "rgb(255, 255, 255)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("link", name="Mail", exact=True).click()
    page.get_by_role("link", name="Your invoice").click()
    page.frame_locator("iframe").get_by_role("heading", name="Hello").wait_for()
    visit.screenshot(f"mail-{scheme}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.title() == "Your invoice"
    # The script of the mail is reported as blocked, which is what is wanted.
    assert [error for error in visit.errors if "sandboxed" not in error] == []
    assert visit.elsewhere == []


def test_the_list_of_mails_is_brought_up_to_date(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.url}/dev/mail/")
    page.get_by_role("link", name="Your invoice").wait_for()
    EmailMultiAlternatives(
        "Another", "Text", to=["bob@example.com"], connection=get_connection("apps.core.mail.FileBackend")
    ).send()
    page.get_by_role("link", name="Another").wait_for()
    visit.assert_clean()
