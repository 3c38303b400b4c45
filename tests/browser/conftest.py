import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Page, sync_playwright

from checkout import paths

BROWSER = os.environ.get("BROWSER", "/usr/bin/chromium")
SCREENSHOTS = paths.SCREENSHOTS
_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Visit:
    """A page, and what it did: requests to other hosts, errors in the console."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.elsewhere: list[str] = []
        self.blocked: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self._note(request.url))
        page.on("requestfailed", lambda request: self.blocked.append(request.url))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.elsewhere.append(url)

    def screenshot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def assert_clean(self) -> None:
        assert self.elsewhere == []
        assert self.errors == []


@pytest.fixture(scope="session", autouse=True)
def _connections_end_with_their_requests() -> None:
    """Else the threads of the server keep them, and the database cannot be dropped."""
    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0


@pytest.fixture(scope="session")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    if not Path(BROWSER).is_file():
        pytest.fail(f"There is no browser {BROWSER}: apt-get install chromium, or set BROWSER.")
    # The driver runs an event loop in this thread, which Django would refuse to query beside.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    profile = tmp_path_factory.mktemp("profile")
    with sync_playwright() as playwright:
        options = {"executable_path": BROWSER, "args": _QUIET, "viewport": {"width": 1280, "height": 900}}
        with playwright.chromium.launch_persistent_context(profile, headless=True, **options) as context:
            context.set_default_timeout(30_000)
            yield context


@pytest.fixture
def visit(context: BrowserContext, live_server: object) -> Iterator[Visit]:
    assert settings.TEST
    context.clear_cookies()
    page = context.new_page()
    yield Visit(page, str(live_server))
    page.close()
