import json
from pathlib import Path

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client
from pytest_django import Settings

from checkout import paths

PAGES = ("/dev/front/", "/dev/mail/", "/dev/mail/x-0/", "/dev/mail/x-0/html/", "/dev/requests/abc/")
BACKEND = "apps.core.mail.FileBackend"


@pytest.fixture
def development(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Add the routes of development, with mails and logs in a directory of the test."""
    settings.ROOT_URLCONF = "apps.core.tests.development.urls"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    monkeypatch.setattr(paths, "LOGS", tmp_path)
    return tmp_path


def send(subject: str, text: str, html: str = "") -> None:
    mail = EmailMultiAlternatives(
        subject, text, "us@example.com", ["ada@example.com"], connection=get_connection(BACKEND)
    )
    if html:
        mail.attach_alternative(html, "text/html")
    mail.send()


def log(file: Path, **values: object) -> None:
    with file.open("a") as opened:
        opened.write(f"{json.dumps({'level': 'info', 'timestamp': '2026-01-02T03:04:05.678Z', **values})}\n")


@pytest.mark.parametrize("page", PAGES)
def test_outside_of_development_there_is_no_such_page(client: Client, page: str) -> None:
    assert client.get(page).status_code == 404


@pytest.mark.django_db
@pytest.mark.usefixtures("development")
def test_the_front_door_says_what_runs_and_leads_to_pages_that_are_there(client: Client) -> None:
    page = client.get("/").text
    for name in ("postgres", "redis", "worker", "beat"):
        assert f"<strong>{name}</strong>" in page
    for url in ("/api/docs/", "/api/redoc/", "/api/schema/", "/admin/", "/healthz", "/dev/mail/"):
        assert f'href="{url}"' in page
        assert client.get(url).status_code in (200, 302, 503)


@pytest.mark.django_db
def test_the_last_requests_are_shown_the_newest_first_and_lead_to_their_logs(client: Client, development: Path) -> None:
    request = {"event": "request", "method": "GET", "status": 200, "duration_ms": 1.5, "queries": 2, "query_ms": 0.5}
    log(development / "backend.log", **request, path="/old", request_id="a1")
    log(development / "backend.log", **request, path="/new<script>", request_id="b2")
    log(development / "worker.log", event="task started", request_id="b2", task="send")
    (development / "postgres.log").write_text("no JSON\n{broken\n")
    page = client.get("/").text
    assert page.index("/new&lt;script&gt;") < page.index("/old")
    assert 'href="/dev/requests/b2/"' in page
    story = client.get("/dev/requests/b2/").text
    assert ("task started" in story, "/old" in story, "send" in story) == (True, False, True)
    assert client.get("/dev/requests/nobody/").status_code == 404


@pytest.mark.usefixtures("development")
def test_mails_are_listed_the_newest_first_and_shown_as_text_and_html(client: Client) -> None:
    assert "None yet" in client.get("/dev/mail/").text
    send("First & foremost", "See https://example.com/a?b=1 now")
    send("Second", "Text", "<h1>Hello</h1><script>alert(1)</script>")
    listed = client.get("/dev/mail/").text
    assert listed.index("Second") < listed.index("First &amp; foremost")
    links = [part.partition('"')[0] for part in listed.split('href="')[1:] if part.startswith("/dev/mail/")]
    html, text = (client.get(link) for link in links)
    assert '<a href="https://example.com/a?b=1"' in text.text
    assert ("<iframe" in html.text, "<iframe" in text.text) == (True, False)
    assert "sandbox" in html.text


@pytest.mark.usefixtures("development")
def test_a_mail_names_what_is_attached(client: Client) -> None:
    mail = EmailMultiAlternatives("Booked", "See you", None, ["ada@example.com"], connection=get_connection(BACKEND))
    mail.attach("standup.ics", "BEGIN:VCALENDAR", "text/calendar")
    mail.send()
    [link] = [
        part.partition('"')[0]
        for part in client.get("/dev/mail/").text.split('href="')
        if part.startswith("/dev/mail/2")
    ]
    assert "standup.ics (15 bytes)" in client.get(link).text


@pytest.mark.usefixtures("development")
def test_a_mail_as_html_runs_no_script_and_is_framed_by_us_alone(client: Client) -> None:
    send("Second", "Text", "<h1>Hello</h1><script>alert(1)</script>")
    link = next(
        part.partition('"')[0]
        for part in client.get("/dev/mail/").text.split('href="')
        if part.startswith("/dev/mail/2")
    )
    shown = client.get(f"{link}html/")
    policy = shown.headers["Content-Security-Policy"]
    assert ("sandbox" in policy, "script-src" in policy, "default-src 'none'" in policy) == (True, False, True)
    assert shown.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "<h1>Hello</h1>" in shown.text
    assert client.get("/dev/mail/nothing-0/html/").status_code == 404
