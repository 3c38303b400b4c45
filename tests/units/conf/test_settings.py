"""The settings as they come out of an environment that was made for each test; no .env is read."""

import copy
import os
import re
import runpy
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import environ
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from kombu import Connection
from redis import ConnectionPool

from checkout import paths, servers
from conf import env

PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "kN4vX-qT7mB2_wZ9pL6sD1hG8jR3fY5cA0eU7iO4xM2-aB9cD3eF",
    "ALLOWED_HOSTS": "api.example.com",
    "DATABASE_URL": "postgres://user:pw@db.example.com/app",
    "REDIS_URL": "redis://cache.example.com:6379",
    "FRONTEND_URL": "https://app.example.com",
    "EMAIL_URL": "smtp+tls://user:pw@mail.example.com:587",
    "DEFAULT_FROM_EMAIL": "api@example.com",
}


def load(**environment: str) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(env, "read_env", environ.Env)
        return runpy.run_path(str(paths.ROOT / "conf" / "settings" / "__init__.py"))


def refusal(**environment: str) -> str:
    with pytest.raises(ImproperlyConfigured) as refused:
        load(**environment)
    return str(refused.value)


def test_these_tests_run_with_the_settings_of_tests() -> None:
    assert settings.ENVIRONMENT == "test"
    assert paths.LOGS not in [settings.LOG_DIR, *settings.LOG_DIR.parents]


def test_each_process_of_the_tests_has_redis_databases_of_its_own() -> None:
    environments = [{"ENVIRONMENT": "test", "PYTEST_XDIST_WORKER": name} for name in ("", "gw0", "gw1", "gw30")]
    loaded = [load(**environment) for environment in [*environments, {"ENVIRONMENT": "development"}]]
    urls = [(s["CELERY_BROKER_URL"], s["CACHES"]["default"]["LOCATION"], s["LIMITER_URL"]) for s in loaded]
    databases = [[int(url.rpartition("=")[2]) for url in three] for three in urls]
    assert databases == [[3, 4, 5], [3, 4, 5], [6, 7, 8], [93, 94, 95], [0, 1, 2]]


def test_tests_use_servers_of_their_own_wherever_developments_are() -> None:
    elsewhere = {"DATABASE_URL": "postgres://user:pw@localhost/shop", "REDIS_URL": "redis://localhost:6379"}
    loaded = load(ENVIRONMENT="test", **elsewhere)
    assert loaded["DATABASES"]["default"]["HOST"] == str(paths.RUNTIME)
    urls = (loaded["CELERY_BROKER_URL"], loaded["CACHES"]["default"]["LOCATION"], loaded["LIMITER_URL"])
    assert all(str(paths.REDIS_SOCKET) in url for url in urls)


def test_tests_use_servers_that_are_handed_to_them_and_are_of_this_machine() -> None:
    handed = {"TEST_DATABASE_URL": "postgres://user:pw@localhost/ci", "TEST_REDIS_URL": "redis://localhost:6379"}
    loaded = load(ENVIRONMENT="test", **handed)
    assert loaded["DATABASES"]["default"]["NAME"] == "ci"
    assert loaded["LIMITER_URL"] == "redis://localhost:6379/5"
    for name, url in handed.items():
        assert name in refusal(ENVIRONMENT="test", **{name: url.replace("localhost", "db.example.com")})


def test_unset_means_production_which_says_all_that_it_lacks_at_once() -> None:
    said = refusal(DEBUG="True")
    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "DEBUG is on"):
        assert name in said


def test_production_refuses_debug() -> None:
    assert "DEBUG is on" in refusal(**PRODUCTION, DEBUG="True")


def test_an_environment_that_is_none_is_refused() -> None:
    assert "'staging'" in refusal(ENVIRONMENT="staging")


def test_tests_refuse_servers_elsewhere() -> None:
    said = refusal(**{**PRODUCTION, "ENVIRONMENT": "test"})
    assert "DATABASE_URL and REDIS_URL" in said
    assert "pw@" not in said


def test_development_needs_nothing_and_uses_the_sockets() -> None:
    loaded = load(ENVIRONMENT="development")
    assert loaded["DEBUG"]
    assert loaded["SECRET_KEY"]
    assert loaded["DATABASES"]["default"]["HOST"] == str(paths.RUNTIME)
    assert loaded["CELERY_BROKER_URL"] == servers.redis_url("broker", scheme="redis+socket")
    assert loaded["LOG_DIR"] == paths.STATE / "kinds"
    assert load(ENVIRONMENT="development", LOG_DIR="")["LOG_DIR"] is None
    assert not loaded["METRICS_TOKEN"]


def test_urls_say_where_the_servers_are() -> None:
    loaded = load(**PRODUCTION)
    assert loaded["DATABASES"]["default"]["HOST"] == "db.example.com"
    assert loaded["CELERY_BROKER_URL"] == "redis://cache.example.com:6379/0"
    assert loaded["CACHES"]["default"]["LOCATION"] == "redis://cache.example.com:6379/1"
    assert not loaded["DATABASE_IS_LOCAL"]


def test_production_logs_to_stdout_alone_and_insists_on_https() -> None:
    loaded = load(**PRODUCTION)
    assert loaded["LOG_DIR"] is None
    assert loaded["SECURE_SSL_REDIRECT"]
    assert loaded["SESSION_COOKIE_SECURE"]
    assert loaded["CSRF_COOKIE_SECURE"]
    assert loaded["CORS_ALLOWED_ORIGINS"] == []


def test_a_directory_for_logs_may_be_named_from_the_checkout_on(tmp_path: Path) -> None:
    assert load(ENVIRONMENT="development", LOG_DIR=".state/kinds")["LOG_DIR"] == paths.ROOT / ".state/kinds"
    assert load(**PRODUCTION, LOG_DIR=str(tmp_path / "api"))["LOG_DIR"] == tmp_path / "api"


def test_in_a_codespace_its_forwarded_name_is_trusted() -> None:
    loaded = load(ENVIRONMENT="development", CODESPACE_NAME="fuzzy-bear")
    assert "fuzzy-bear-8000.app.github.dev" in loaded["ALLOWED_HOSTS"]
    assert loaded["CSRF_TRUSTED_ORIGINS"] == ["https://fuzzy-bear-8000.app.github.dev"]
    assert load(**PRODUCTION, CODESPACE_NAME="fuzzy-bear")["CSRF_TRUSTED_ORIGINS"] == []


def test_limits_can_be_set() -> None:
    rates = load(**PRODUCTION, THROTTLE_RATES="login=99/m")["REST_FRAMEWORK"]["DEFAULT_THROTTLE_RATES"]
    assert (rates["login"], rates["anonymous"]) == ("99/m", "120/m")


@pytest.mark.stack
def test_the_deployment_checks_have_nothing_to_say_in_production() -> None:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    environment = os.environ | PRODUCTION | {"DEBUG": ""}
    done = subprocess.run(command, cwd=paths.ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SENTRY_DSN", "not-a-dsn-hunter2"),
        ("SENTRY_DSN", "https://hunter2@"),
        ("LOG_LEVEL", "LOUD"),
        ("FRONTEND_URL", "app.example.com"),
        ("FRONTEND_URL", "https://app.example.com,"),
        ("FRONTEND_URL", "https://app example.com"),
        ("FRONTEND_URL", "https://app.example.com#x"),
        ("FRONTEND_URL", "https://app.example.com:99999"),
        ("FRONTEND_URL", "https://["),
        ("MIGRATE_LOCK_TIMEOUT", "5000"),
        ("SHUTDOWN_DELAY", "5000"),
        ("TASK_SHUTDOWN_TIMEOUT", "30000"),
        ("TASK_HEARTBEAT", "20000"),
        ("WEB_KEEPALIVE", "130000"),
        ("WEB_CONCURRENCY", "99999999999999999999"),
        ("NUM_PROXIES", "99"),
        ("WEB_CONCURRENCY", "0"),
        ("WEB_THREADS", "-2"),
        ("WEB_KEEPALIVE", "0"),
        ("ALLOWED_HOSTS", "https://api.example.com"),
        ("ALLOWED_HOSTS", "api.example.com:8000"),
        ("ALLOWED_HOSTS", "a b"),
        ("CORS_ALLOWED_ORIGINS", "app.example.com"),
        ("CORS_ALLOWED_ORIGINS", "https://["),
        ("CORS_ALLOWED_ORIGINS", "https://app.example.com/"),
        ("CORS_ALLOWED_ORIGINS", "https://user:hunter2@app.example.com"),
        ("CSRF_TRUSTED_ORIGINS", "app.example.com"),
        ("CSRF_TRUSTED_ORIGINS", "https://app.example.com:port"),
        ("THROTTLE_RATES", "login=10"),
        ("THROTTLE_RATES", "login=0/m"),
        ("THROTTLE_RATES", "login=-1/m"),
        ("THROTTLE_RATES", "login=10/y"),
        ("THROTTLE_RATES", "logins=10/m"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("POSTGRES_PORT", "-1"),
        ("NUM_PROXIES", "-1"),
        ("SECURE_HSTS_SECONDS", "-1"),
        ("TASK_TIME_LIMIT", "0"),
        ("SLOW_REQUEST_MS", "-1"),
        ("METRICS_PATH", "<metrics"),
        ("METRICS_PATH", "/livez/"),
        ("METRICS_PATH", "/"),
        ("METRICS_PATH", "admin"),
        ("METRICS_PATH", "api/v1/metrics"),
        ("LOG_DIR", f"{__file__}/logs"),
        ("ADMIN_URL", "<no:converter>/"),
        ("DEFAULT_FROM_EMAIL", "noreply"),
        ("DEFAULT_FROM_EMAIL", "noreply@"),
        ("DEFAULT_FROM_EMAIL", "@example.com"),
        ("DEFAULT_FROM_EMAIL", "'noreply@example.com'"),
        ("DEFAULT_FROM_EMAIL", "a@example.com,b@example.com"),
        ("DEFAULT_FROM_EMAIL", "a@example.com\nBcc: b@example.com"),
    ],
)
def test_what_a_library_reads_for_us_is_refused_by_its_name(name: str, value: str) -> None:
    said = refusal(ENVIRONMENT="development", **{name: value})
    assert said.startswith(name)
    assert "hunter2" not in said


def test_what_cannot_work_is_said_all_at_once() -> None:
    said = refusal(ENVIRONMENT="development", PORT="0", CORS_ALLOWED_ORIGINS="x", THROTTLE_RATES="login=x")
    assert [name for name in ("PORT", "CORS_ALLOWED_ORIGINS", "THROTTLE_RATES") if name in said] == [
        "PORT",
        "CORS_ALLOWED_ORIGINS",
        "THROTTLE_RATES",
    ]


def test_what_works_is_accepted() -> None:
    loaded = load(
        **{
            **PRODUCTION,
            "ALLOWED_HOSTS": ".example.com,[::1],10.0.0.1",
            "FRONTEND_URL": "https://a.example.com:8443/de/",
            "DEFAULT_FROM_EMAIL": "Example <noreply@example.com>",
        },
        CORS_ALLOWED_ORIGINS="https://app.example.com,http://[::1]:3000",
        CSRF_TRUSTED_ORIGINS="https://*.example.com",
        THROTTLE_RATES="login=10/min,mail=1/day",
        ADMIN_URL="staff-only/",
        PORT="80",
    )
    assert loaded["CSRF_TRUSTED_ORIGINS"] == ["https://*.example.com"]


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "check"],
        ["-m", "celery", "-A", "conf", "worker"],
        ["-c", "import conf.wsgi"],
        ["-c", "import conf.asgi"],
    ],
    ids=" ".join,
)
@pytest.mark.long
def test_every_program_says_it_in_one_line(command: list[str]) -> None:
    environment = {"PATH": os.environ["PATH"], "ENVIRONMENT": "development", "SENTRY_DSN": "hunter2"}
    done = subprocess.run(
        [sys.executable, *command], cwd=paths.ROOT, env=environment, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode
    assert said.splitlines() == ["error: SENTRY_DSN is not like https://key@host/1. Correct or unset it."]


def test_what_docs_say_to_add_in_development_fits_the_settings() -> None:
    text = (paths.ROOT / "docs/coming-from.md").read_text()
    blocks = [
        block.partition("# conf/project/urls.py")[0] for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    ]
    loaded = load(ENVIRONMENT="development")
    # Copies: other tests have the same lists.
    names = loaded.keys() & {name for block in blocks for name in re.findall(r"\b[A-Z_]{4,}\b", block)}
    changed = {name: copy.deepcopy(loaded[name]) for name in names}
    assert len(blocks) == 2
    for block in blocks:
        written: dict[str, Any] = {"Any": Any}
        exec(block, written)  # noqa: S102 - it is ours
        written["adjust"](changed)
    assert [name.rpartition(".")[2] for name in changed["REST_FRAMEWORK"]["DEFAULT_RENDERER_CLASSES"]] == [
        "JSONRenderer",
        "BrowsableAPIRenderer",
    ]
    assert changed["INSTALLED_APPS"] == [*loaded["INSTALLED_APPS"], "django_filters", "debug_toolbar"]
    assert len(changed["MIDDLEWARE"]) == len(loaded["MIDDLEWARE"]) + 1


def test_the_settings_import_no_more_than_they_need() -> None:
    """Every process and every recipe of Django reads them; a module costs about a quarter of a millisecond."""
    code = (
        "import sys, conf.settings; print(len(sys.modules), *sorted({'celery', 'rest_framework'} & set(sys.modules)))"
    )
    environment = {**os.environ, "ENVIRONMENT": "development", "STATE_DIR": str(paths.STATE)}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    count, *heavy = said.stdout.split()
    assert heavy == []
    assert int(count) <= 560


@pytest.mark.long
def test_worker_and_beat_do_not_import_the_api() -> None:
    """It takes 6 MB of each, and a tenth of their start."""
    code = (
        "import sys, django; django.setup(); from conf.celery import app; app.loader.import_default_modules();"
        "print(*sorted({'rest_framework.views', 'rest_framework.serializers', 'requests'} & set(sys.modules)))"
    )
    environment = {**os.environ, "ENVIRONMENT": "development", "STATE_DIR": str(paths.STATE)}
    said = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.split() == []


def test_a_variable_may_be_in_a_file_as_platforms_mount_secrets(tmp_path: Path) -> None:
    values = {"SECRET_KEY": PRODUCTION["SECRET_KEY"], "DATABASE_URL": "postgres://user:of-a-file@db.example.com/app"}
    files = {f"{name}_FILE": tmp_path / name for name in values}
    for name, value in values.items():
        (tmp_path / name).write_text(f"{value}\n")
    rest = {name: value for name, value in PRODUCTION.items() if name not in values}
    loaded = load_own(**rest, **{name: str(file) for name, file in files.items()})
    assert loaded["SECRET_KEY"] == values["SECRET_KEY"]
    assert loaded["DATABASES"]["default"]["PASSWORD"] == "of-a-file"


def test_the_file_of_a_list_may_have_a_line_for_each(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("one\ntwo\n")
    loaded = load_own(**PRODUCTION, SECRET_KEY_FALLBACKS_FILE=str(tmp_path / "keys"))
    assert loaded["SECRET_KEY_FALLBACKS"] == ["one", "two"]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"SECRET_KEY_FILE": "/nowhere"}, "SECRET_KEY and SECRET_KEY_FILE are both set"),
        (
            {"SECRET_KEY": "", "SECRET_KEY_FILE": "/nowhere"},
            "SECRET_KEY_FILE names a file that cannot be read: No such",
        ),
        ({"SECRET_KEY": "", "SECRET_KEY_FILE": "/"}, "cannot be read: Is a directory"),
        ({"METRICS_TOKEN_FILE": "/dev/null"}, "METRICS_TOKEN_FILE names a file that is empty"),
        ({"SENTRY_DSN_FILE": "/dev/null"}, "SENTRY_DSN_FILE names a file that is empty"),
    ],
)
def test_a_file_that_gives_no_value_is_refused(variables: dict[str, str], said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=re.escape(said)):
        load_own(**PRODUCTION | variables)


def load_own(**environment: str) -> dict[str, Any]:
    """Load the settings with the project's own reader, and no .env."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "DOTENV", Path("/nowhere/.env"))
        patch.setattr(env.read_env, "__defaults__", (Path("/nowhere/.env"),))
        for name in list(os.environ):
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        return runpy.run_path(str(paths.ROOT / "conf" / "settings" / "__init__.py"))


def test_former_keys_are_a_list() -> None:
    assert load(**PRODUCTION)["SECRET_KEY_FALLBACKS"] == []
    assert load(**PRODUCTION, SECRET_KEY_FALLBACKS="one,two")["SECRET_KEY_FALLBACKS"] == ["one", "two"]


def test_a_pool_of_transactions_gets_no_cursors_of_the_server_and_migrations_go_around_it() -> None:
    direct = "postgres://user:pw@primary.example.com:5432/app"
    loaded = load(**PRODUCTION, DATABASE_POOLED="true", DATABASE_DIRECT_URL=direct)
    assert loaded["DATABASES"]["default"]["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert loaded["DIRECT_DATABASE"]["HOST"] == "primary.example.com"
    assert loaded["DIRECT_DATABASE"]["DISABLE_SERVER_SIDE_CURSORS"] is False
    plain = load(**PRODUCTION)
    assert (plain["DATABASES"]["default"]["DISABLE_SERVER_SIDE_CURSORS"], plain["DIRECT_DATABASE"]) == (False, None)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"REDIS_URL": "sentinel://:pw@one:26379"}, "REDIS_URL names a Sentinel"),
        ({"REDIS_URL": "redis+sentinel://one:26379/mymaster"}, "REDIS_URL names a Sentinel"),
        ({"DATABASE_DIRECT_URL": "postgres://u:pw@h:x/app"}, "DATABASE_DIRECT_URL is not like"),
        ({"METRICS_PORT": "9000"}, "METRICS_PORT needs METRICS_TOKEN"),
        ({"METRICS_PORT": "90000", "METRICS_TOKEN": "t"}, "METRICS_PORT must be a port"),
        ({"SHUTDOWN_DELAY": "-1"}, "SHUTDOWN_DELAY must be at least 0"),
        ({"DATABASE_POOLED": "perhaps"}, "DATABASE_POOLED in the environment: not True or False"),
    ],
)
def test_what_several_machines_cannot_use_is_refused(variables: dict[str, str], said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=re.escape(said)) as refused:
        load_own(**PRODUCTION | variables)
    assert "pw" not in str(refused.value)


def test_development_refuses_a_way_around_a_pool_that_it_does_not_use() -> None:
    said = refusal(ENVIRONMENT="development", DATABASE_DIRECT_URL="postgres://user:pw@primary.example.com/app")
    assert "DATABASE_DIRECT_URL needs DATABASE_URL" in said


@pytest.mark.parametrize("query", ["", "?ssl_cert_reqs="])
def test_redis_with_tls_is_verified_by_all_three_clients(query: str) -> None:
    loaded = load(**{**PRODUCTION, "REDIS_URL": f"rediss://:pw@cache.example.com:6380{query}"})
    urls = (loaded["CELERY_BROKER_URL"], loaded["CACHES"]["default"]["LOCATION"], loaded["LIMITER_URL"])
    assert all(url.endswith("ssl_cert_reqs=required") for url in urls)
    with Connection(loaded["CELERY_BROKER_URL"], transport="redis") as broker:
        assert broker.ssl == {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    for url in urls[1:]:
        pool = ConnectionPool.from_url(url)
        connection = pool.connection_class(**pool.connection_kwargs)
        assert (connection.cert_reqs, connection.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_the_url_of_postgres_may_wait_longer_or_shorter() -> None:
    url = "postgres://user:pw@db.example.com/app?connect_timeout=20&sslmode=verify-full"
    options = load(**PRODUCTION | {"DATABASE_URL": url})["DATABASES"]["default"]["OPTIONS"]
    assert options["connect_timeout"] == "20"
    assert options["sslmode"] == "verify-full"
    assert options["tcp_user_timeout"] == "10000"
