from typing import Any

import pytest
from celery import current_app
from django.core.checks import Tags, run_checks
from pytest_django import Settings

from apps.core.checks.deployment import certificates, former_keys, pool
from apps.core.checks.security import mail, secret_key
from apps.core.tasks import BaseTaskWithRetry


def ids() -> list[str]:
    return [message.id for message in run_checks()]


def test_the_settings_pass() -> None:
    assert ids() == []


@pytest.mark.parametrize(
    "place", ["broker_transport_options", "result_backend_transport_options", "visibility_timeout"]
)
def test_a_visibility_timeout_below_the_time_limit_is_refused_wherever_it_is(
    place: str, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.TASK_LEASES = False
    value = current_app.conf[place]
    low = current_app.conf.task_time_limit
    monkeypatch.setitem(
        current_app.conf, place, {**value, "visibility_timeout": low} if isinstance(value, dict) else low
    )
    assert ids() == ["core.E001"]


def test_a_retry_that_waits_beyond_the_visibility_timeout_is_refused(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.TASK_LEASES = False
    monkeypatch.setattr(BaseTaskWithRetry, "retry_backoff_max", 600)
    assert ids() == ["core.E002"]


def test_with_leases_neither_limits_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(current_app.conf, "visibility_timeout", 1)
    monkeypatch.setattr(BaseTaskWithRetry, "retry_backoff_max", 86_400)
    assert ids() == []


def test_a_schedule_of_a_task_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(current_app.conf, "beat_schedule", {"Nothing": {"task": "apps.core.tasks.gone"}})
    assert ids() == ["core.E014"]


def test_a_task_that_names_its_queue_itself_is_refused_with_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    # As @shared_task(queue="mail") does, and Celery warns of.
    monkeypatch.setattr(type(current_app.tasks["apps.core.tasks.measure_wait"]), "queue", "mail", raising=False)
    [error] = run_checks()
    assert error.id == "core.E016"
    assert '{"apps.core.tasks.measure_wait": {"queue": "…"}}' in str(error.hint)


def test_a_heartbeat_without_a_pause_is_refused(settings: Settings) -> None:
    settings.TASK_HEARTBEAT = 0
    assert ids() == ["core.E015"]


def test_a_cache_in_the_database_of_the_queue_is_refused(settings: Settings) -> None:
    settings.CELERY_BROKER_URL = "redis://host:6379/1"
    settings.LIMITER_URL = "redis://host:6379/2"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://host:6379/1"}}
    assert ids() == ["core.E003"]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SECRET_KEY", "short" * 9, "core.E004"),
        ("ALLOWED_HOSTS", ["api.example.com", "*"], "core.E005"),
        ("CORS_ALLOWED_ORIGINS", ["http://app.example.com"], "core.E007"),
        ("CORS_ALLOWED_ORIGINS", ["https://app.example.com/path"], "core.E007"),
        ("CORS_ALLOW_ALL_ORIGINS", True, "core.E008"),
        ("NUM_PROXIES", -1, "core.E009"),
        ("ADMIN_URL", "", "core.E011"),
        ("ADMIN_URL", "/admin/", "core.E011"),
        ("ADMIN_URL", "api/admin/", "core.E011"),
        ("ADMIN_URL", "admin", "core.E011"),
    ],
)
def test_in_production_a_setting_that_would_hurt_is_refused_with_a_hint(
    settings: Settings, name: str, value: Any, expected: str
) -> None:
    settings.PRODUCTION = True
    settings.SECRET_KEY = "kN4vX-qT7mB2_wZ9pL6sD1hG8jR3fY5cA0eU7iO4xM2-aB9cD3eF"
    setattr(settings, name, value)
    found = [message for message in run_checks() if message.id.startswith("core.")]
    assert [message.id for message in found] == [expected]
    assert found[0].hint


def test_an_origin_without_scheme_is_refused(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["app.example.com"]
    assert "core.E007" in ids()


@pytest.mark.parametrize("host", ["api.example.com", "8.8.8.8", ".example.com"])
def test_debug_with_a_public_host_is_refused(settings: Settings, host: str) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["localhost", "192.168.1.7", "[::1]", "laptop", "laptop.local", host]
    assert [message.msg for message in run_checks() if message.id == "core.E006"] == [
        f"DEBUG shows source code to the world at {host}."
    ]


@pytest.mark.parametrize("rate", ["10", "ten/m", "10/fortnight", "0/m", "-1/m"])
def test_a_limit_that_is_none_is_refused(settings: Settings, rate: str) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"login": rate}}
    assert ids() == ["core.E010"]


@pytest.mark.parametrize("url", ["", "app.example.com", "http://app.example.com"])
def test_a_deployment_whose_mails_lead_nowhere_is_refused(settings: Settings, url: str) -> None:
    settings.FRONTEND_URL = url
    found = {message.id for message in run_checks(tags=[Tags.security], include_deployment_checks=True)}
    assert {"core.E012", "core.E013"} <= found


@pytest.mark.parametrize("name", ["console", "dummy", "filebased", "locmem"])
def test_a_deployment_whose_mails_go_nowhere_is_refused(settings: Settings, name: str) -> None:
    settings.EMAIL_URL, settings.EMAIL_BACKEND = f"{name}://", f"django.core.mail.backends.{name}.EmailBackend"
    assert "core.E013" in {message.id for message in mail()}


def test_a_deployment_whose_mails_come_from_localhost_is_refused(settings: Settings) -> None:
    settings.EMAIL_URL, settings.EMAIL_BACKEND = "smtp://host", "django.core.mail.backends.smtp.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "noreply@localhost"
    assert "core.E021" in {message.id for message in mail()}


DIRECT = {"HOST": "primary.example.com", "PORT": "5432"}


@pytest.mark.parametrize(
    ("database", "direct", "found"),
    [
        ({"HOST": "pool.example.com"}, DIRECT, []),
        ({"HOST": "pool.example.com", "OPTIONS": {"options": "-c statement_timeout=5s"}}, DIRECT, ["core.E017"]),
        ({"HOST": "pool.example.com"}, None, ["core.E018"]),
        (DIRECT, DIRECT, ["core.E019"]),
    ],
)
def test_a_pool_needs_a_way_around_it_and_no_options(
    database: dict[str, Any], direct: dict[str, Any] | None, found: list[str], settings: Settings
) -> None:
    settings.DATABASE_POOLED, settings.DIRECT_DATABASE = True, direct
    settings.DATABASES["default"], own = database, settings.DATABASES["default"]
    try:
        assert [message.id for message in pool()] == found
    finally:
        settings.DATABASES["default"] = own


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ssl_cert_reqs=required", []),
        ("ssl_cert_reqs=required&ssl_ca_certs=/ca.pem", []),
        ("ssl_cert_reqs=none", ["core.E020"]),
        ("ssl_cert_reqs=optional", ["core.E020"]),
        ("ssl_cert_reqs=CERT_NONE", ["core.E020"]),
        ("ssl_cert_reqs=required&ssl_check_hostname=False", ["core.E020"]),
        ("ssl_cert_reqs=required&ssl_check_hostname=0", ["core.E020"]),
        ("ssl_cert_reqs=required&ssl_check_hostname=no", ["core.E020"]),
    ],
)
def test_a_certificate_of_redis_that_is_not_verified_is_refused(
    query: str, found: list[str], settings: Settings
) -> None:
    settings.PRODUCTION, settings.LIMITER_URL = True, f"rediss://cache.example.com:6380/2?{query}"
    assert [message.id for message in certificates()] == found


@pytest.mark.parametrize("mode", ["allow", "prefer", "require", "verify-ca"])
def test_an_encrypted_connection_to_postgres_that_is_not_verified_is_a_warning(mode: str, settings: Settings) -> None:
    settings.PRODUCTION = True
    settings.DATABASES["default"], own = {"OPTIONS": {"sslmode": mode}}, settings.DATABASES["default"]
    try:
        [warning] = certificates()
    finally:
        settings.DATABASES["default"] = own
    assert (warning.id, mode in warning.msg) == ("core.W001", True)


def test_a_short_token_of_the_metrics_is_told(settings: Settings) -> None:
    settings.PRODUCTION, settings.SECRET_KEY, settings.METRICS_TOKEN = True, "k" * 50, "metrics"
    assert [message.id for message in secret_key()] == ["core.E004"]


def test_the_way_around_the_pool_has_to_be_verified_as_well(settings: Settings) -> None:
    settings.PRODUCTION, settings.DIRECT_DATABASE = True, {"OPTIONS": {"sslmode": "require"}}
    [warning] = certificates()
    assert (warning.id, "DATABASE_DIRECT_URL" in str(warning.hint)) == ("core.W001", True)


def test_a_key_that_was_not_rotated_and_a_short_former_key_are_told(settings: Settings) -> None:
    settings.PRODUCTION, settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = True, "k" * 50, ["k" * 50, "short"]
    assert [message.id for message in (*former_keys(), *secret_key())] == ["core.W002", "core.E004"]
