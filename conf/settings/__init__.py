"""Django's settings, from the environment (see .env.example) and the lines of .env.

ENVIRONMENT is development, test or production. Unset, it is production, which starts only if all required variables
are set: a forgotten variable must never open a server.
"""

import hashlib
import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from corsheaders.defaults import default_headers
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.retry import Retry

from checkout import paths, servers
from conf.env import read_env
from conf.logs.configuration import logging_config
from conf.project import settings as project
from conf.sentry import report_errors
from conf.settings import api, database, headers, validation

env = read_env()
BASE_DIR = paths.ROOT

ENVIRONMENT = env.str("ENVIRONMENT", default="") or "production"
if ENVIRONMENT not in {"development", "test", "production"}:
    raise ImproperlyConfigured(f"ENVIRONMENT={ENVIRONMENT!r}: must be development, test or production.")
PRODUCTION = ENVIRONMENT == "production"
DEVELOPMENT = ENVIRONMENT == "development"
TEST = ENVIRONMENT == "test"

DEBUG = env.bool("DEBUG", default=DEVELOPMENT)
DATABASE_URL = env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")
if problem := servers.redis_url_problem(REDIS_URL):
    raise ImproperlyConfigured(problem)

if PRODUCTION:
    needed = ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL")
    problems = [f"{name} is missing: set it" for name in needed if not env.str(name, default="")]
    problems += ["DEBUG is on: unset it"] if DEBUG else []
    if problems:
        advice = "For development, start with `just`, or set ENVIRONMENT=development."
        raise ImproperlyConfigured(f"Production cannot start. {'; '.join(problems)}. See .env.example. {advice}")
if TEST:
    # Tests use the checkout's own servers, or TEST_DATABASE_URL and TEST_REDIS_URL: the servers of DATABASE_URL and
    # REDIS_URL are development's, or even another project's.
    handed = {name: env.str(name, default="") for name in ("TEST_DATABASE_URL", "TEST_REDIS_URL")}
    named = {"DATABASE_URL": DATABASE_URL, "REDIS_URL": REDIS_URL, **handed}
    foreign = [name for name, url in named.items() if not servers.is_local(url)]
    if foreign:
        raise ImproperlyConfigured(f"Tests write and flush, and {' and '.join(foreign)} is not of this machine. Unset.")
    DATABASE_URL, REDIS_URL = handed.values()

# Outside production each checkout has a key of its own, so that sessions survive a restart. It is not secret.
_CHECKOUT_KEY = f"insecure-{hashlib.sha256(os.fsencode(paths.ROOT)).hexdigest()}"
SECRET_KEY = env.str("SECRET_KEY", default="") or _CHECKOUT_KEY
# Former keys: what they have signed, mailed links and sessions, stays valid until it expires.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])

# --- Metrics: off unless there is a token --------------------------------------------------------------------
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_PATH = env.str("METRICS_PATH", default="metrics").strip("/")
# Where workers and beat, which serve no requests, answer Prometheus; 0 for nowhere.
METRICS_PORT = env.int("METRICS_PORT", default=0)

# --- Hosts, origins and proxies ---------------------------------------------------------------------------------------
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [*default_headers, "x-request-id"]
CORS_EXPOSE_HEADERS = ["RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID", "X-Response-Time"]
# The number of proxies in front, hence which address of X-Forwarded-For is trusted. With 0 the peer is the client.
NUM_PROXIES = env.int("NUM_PROXIES", default=0)
if not PRODUCTION:
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]", "testserver"]
# Development hosts with a public DNS name.
FORWARDED_HOSTS: list[str] = []
if DEVELOPMENT and (codespace := os.environ.get("CODESPACE_NAME")):
    # The login of the admin comes from the forwarded name, which the CSRF check has to trust.
    domain = os.environ.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", "app.github.dev")
    forwarded = f"{codespace}-{env.int('PORT', default=8000)}.{domain}"
    ALLOWED_HOSTS += [forwarded]
    FORWARDED_HOSTS += [forwarded]
    CSRF_TRUSTED_ORIGINS += [f"https://{forwarded}"]

# --- Transport security: on in production --------------------------------------------------------------------
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
# Health checks come from behind the proxy, over plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^(livez|readyz|healthz)$", rf"^{re.escape(METRICS_PATH)}$"]
if NUM_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# One hour. Raise it when HTTPS is known to work: browsers remember it, and it cannot be undone.
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=3600 if PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", default=False)
# Both concern hosts that this project does not know, so operators turn them on.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = headers.CONTENT_SECURITY_POLICY
PERMISSIONS_POLICY = headers.PERMISSIONS_POLICY
# May be a path that is hard to guess; ends with a slash.
ADMIN_URL = env.str("ADMIN_URL", default="admin/")
# Bytes of a request's body. Accounts need little, and parsed JSON takes many times its size in memory.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- Apps, middleware, templates ----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "apps.users.apps.AccountsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    # Before staticfiles, so that WhiteNoise also serves for runserver.
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_celery_beat",
    "django_celery_results",
    "apps.core",
    "apps.users",
    *project.APPS,
]
MIDDLEWARE = [
    "apps.core.middleware.ProbeHostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.core.middleware.PagesCSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "apps.core.middleware.RequestIDMiddleware",
    "apps.core.middleware.UnsizedBodyMiddleware",
    "apps.core.middleware.StorableTextMiddleware",
    "apps.core.middleware.RateLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # The innermost: it measures the view, and knows which user the view has authenticated.
    "apps.core.middleware.AccessLogMiddleware",
]
# Not in cookies: each request, of the API too, would make a signer for them.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
ROOT_URLCONF = "conf.urls"
WSGI_APPLICATION = "conf.wsgi.application"
# Imported when Django starts, so that tasks find their broker in every process.
CELERY_MODULE = "conf.celery"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # First, so that they override those of packages.
        "DIRS": [BASE_DIR / "apps" / "core" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

# The developer's own API, for commands that are printed. Nothing that is served depends on it.
DEVELOPMENT_URL = f"http://localhost:{servers.web_port() or 8000}"

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(paths.STATIC_FILES))()
# In development assets are served from the apps, so there is nothing to collect.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION
_STATIC = "whitenoise.storage.CompressedManifestStaticFilesStorage"
if PRODUCTION:
    STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": _STATIC},
    }

# --- Postgres ------------------------------------------------------------------------------------------------
# Whether DATABASE_URL leads to a pool that gives each transaction another connection, such as PgBouncer's.
DATABASE_POOLED = env.bool("DATABASE_POOLED", default=False)
DATABASES = {"default": database.entry(DATABASE_URL, port=env.int("POSTGRES_PORT", default=0), pooled=DATABASE_POOLED)}
# The way around the pool, for migrations and their locks (apps/core/postgres/direct.py). None: there is no other way.
DATABASE_DIRECT_URL = env.str("DATABASE_DIRECT_URL", default="")
DIRECT_DATABASE = None
if DATABASE_DIRECT_URL and not TEST:
    DIRECT_DATABASE = database.entry(DATABASE_DIRECT_URL, variable="DATABASE_DIRECT_URL")
# Seconds that a migration waits for a lock; requests wait behind it meanwhile. 0: as long as it takes.
MIGRATE_LOCK_TIMEOUT = env.int("MIGRATE_LOCK_TIMEOUT", default=5 if PRODUCTION else 0)
DATABASE_IS_LOCAL = servers.is_local(DATABASE_URL) and servers.is_local(DATABASE_DIRECT_URL)
if TEST:
    # What a test writes need not survive a crash.
    DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c synchronous_commit=off"

# --- Redis ---------------------------------------------------------------------------------------------------
# Each process of the tests has databases of its own, none of which is development's.
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
_REDIS: dict[str, Any] = {"base": REDIS_URL, "offset": 3 * (int(_WORKER or 0) + 1) if TEST else 0}
# Seconds, and no retry: callers handle an unavailable Redis themselves.
REDIS_OPTIONS = {"socket_timeout": 0.25, "socket_connect_timeout": 0.25, "retry": Retry(NoBackoff(), 0)}
CELERY_BROKER_URL = servers.redis_url("broker", **_REDIS, scheme="redis+socket")
LIMITER_URL = servers.redis_url("limiter", **_REDIS)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": servers.redis_url("cache", **_REDIS),
        "OPTIONS": REDIS_OPTIONS,
    },
}

# --- Background work (see conf/settings/celery.py and docs/tasks.md) ------------------------------------------
# Whether workers hold leases (docs/broker.md). Otherwise Kombu's own transport redelivers after a timeout.
TASK_LEASES = env.bool("TASK_LEASES", default=True)
# Seconds: how long a task may run, how long a stopping worker waits for its running tasks, and when Kombu's own
# transport redelivers an unfinished task.
TASK_TIME_LIMIT = env.int("TASK_TIME_LIMIT", default=300)
TASK_VISIBILITY_TIMEOUT = env.int("TASK_VISIBILITY_TIMEOUT", default=600)
TASK_SHUTDOWN_TIMEOUT = env.int("TASK_SHUTDOWN_TIMEOUT", default=10)
# Seconds between two heartbeat tasks. Workers that run no task for three times as long are unhealthy.
TASK_HEARTBEAT = env.int("TASK_HEARTBEAT", default=20)

# --- Accounts ------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "users.CustomUser"
AUTHENTICATION_BACKENDS = ["apps.users.backends.EmailBackend"]
# Whether anyone may register; otherwise administrators create accounts.
REGISTRATION_OPEN = env.bool("REGISTRATION_OPEN", default=not PRODUCTION)
# Whether a registered account can log in only after a mailed link has verified its address.
REQUIRE_VERIFIED_EMAIL = env.bool("REQUIRE_VERIFIED_EMAIL", default=True)
# The front end, to whose pages mailed links lead. They send the token of the link back to the API.
FRONTEND_URL = env.str("FRONTEND_URL", default="" if PRODUCTION else "http://localhost:3000")
# Seconds for which mailed links are valid.
PASSWORD_RESET_TIMEOUT = 3600
KNOX_TOKEN_MODEL = "users.AuthToken"  # noqa: S105 - a model's name
# Knox's migrations would create the table of the model that ours replaces, with an unused foreign key.
MIGRATION_MODULES = {"knox": None}
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TEST:
    # Hashing is slow by design, which tests do not need.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": timedelta(hours=10),
    # When a user exceeds the limit, the oldest token is revoked.
    "TOKEN_LIMIT_PER_USER": 20,
}

# --- Mail ----------------------------------------------------------------------------------------------------
EMAIL_URL = env.str("EMAIL_URL", default="")
_email = env.email_url("EMAIL_URL") if EMAIL_URL else {"EMAIL_BACKEND": "apps.core.mail.FileBackend"}
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _email.get("EMAIL_HOST") or "localhost", _email.get("EMAIL_PORT") or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email.get("EMAIL_HOST_USER") or "", _email.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _email.get("EMAIL_USE_TLS", False), _email.get("EMAIL_USE_SSL", False)
# Seconds: a server that hangs must not hold a worker.
EMAIL_TIMEOUT = 10
EMAIL_FILE_PATH = paths.MAIL
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="noreply@localhost")

# --- The API -------------------------------------------------------------------------------------------------
RATES = api.THROTTLE_RATES | project.API_THROTTLE_RATES
REST_FRAMEWORK = {
    **api.REST_FRAMEWORK,
    "NUM_PROXIES": NUM_PROXIES,
    "DEFAULT_THROTTLE_RATES": {**RATES, **env.dict("THROTTLE_RATES", default={})},
}
DRF_STANDARDIZED_ERRORS = api.DRF_STANDARDIZED_ERRORS
SPECTACULAR_SETTINGS = api.SPECTACULAR_SETTINGS | {
    "TITLE": project.API_TITLE,
    "DESCRIPTION": project.API_DESCRIPTION,
    "TAGS": [*api.SPECTACULAR_SETTINGS["TAGS"], *project.API_TAGS],
}

# --- Logs ----------------------------------------------------------------------------------------------------
# Unset, production logs to stdout only, and the platform stores it. Development also stores records by kind, beside
# the logs of the programs; an empty value turns that off.
_LOG_DIR = env.str("LOG_DIR", default=str(paths.LOGS_BY_KIND) if DEVELOPMENT else "")
# Records of tests never mix with those of development.
LOG_DIR = paths.TEST_LOGS if TEST else paths.ROOT / _LOG_DIR if _LOG_DIR else None
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
    raise ImproperlyConfigured(f"LOG_LEVEL={LOG_LEVEL!r}: must be DEBUG, INFO, WARNING, ERROR or CRITICAL.")
LOGGING = logging_config(directory=LOG_DIR, console=not TEST, level=LOG_LEVEL)
# Milliseconds from which a query or a request is logged as a warning.
SLOW_QUERY_MS = env.int("SLOW_QUERY_MS", default=500)
SLOW_REQUEST_MS = env.int("SLOW_REQUEST_MS", default=2000)

# --- Error reports -------------------------------------------------------------------------------------------
if SENTRY_DSN := env.str("SENTRY_DSN", default=""):
    report_errors(dsn=SENTRY_DSN, environment=ENVIRONMENT, release=env.str("RELEASE", default=""))

# --- The project's own: they replace what is above -------------------------------------------------------------------
if TYPE_CHECKING:
    # So that django-stubs know their names and types.
    from conf.project.settings import *  # noqa: F403
globals().update({name: value for name, value in vars(project).items() if name.isupper()})
project.adjust(globals())

# --- All values that cannot work are reported together, those of conf/gunicorn.py included -----------------------
_wrong = validation.problems(
    globals(),
    rates=RATES,
    ports={
        "PORT": env.int("PORT", default=8000),
        "POSTGRES_PORT": env.int("POSTGRES_PORT", default=0) or 5432,
        "METRICS_PORT": METRICS_PORT or 9000,
    },
    web={
        name: env.int(name, default=1) for name in ("WEB_CONCURRENCY", "WEB_THREADS", "WEB_KEEPALIVE", "SHUTDOWN_DELAY")
    },
)
_wrong += ["DATABASE_DIRECT_URL needs DATABASE_URL"] if DATABASE_DIRECT_URL and not (DATABASE_URL or TEST) else []
_wrong += ["METRICS_PORT needs METRICS_TOKEN"] if METRICS_PORT and not METRICS_TOKEN else []
if _wrong:
    raise ImproperlyConfigured(f"{'; '.join(_wrong)}. Correct or unset it.")
