"""Settings that would open a door are refused before they do."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from apps.core.throttling.rates import parse_rate

# What signs tokens, links and sessions must not be guessed.
SECRET_LENGTH = 50
TOKEN_LENGTH = 20
_BACKENDS_WITHOUT_SERVER = {
    f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy", "filebased", "locmem")
}
_NAMES_OF_NO_NET = ("localhost", ".localhost", ".local", ".internal", ".test", "testserver")


@register(Tags.security)
def secret_key(**_kwargs: Any) -> list[CheckMessage]:
    if not settings.PRODUCTION:
        return []
    keys = {"SECRET_KEY": [settings.SECRET_KEY], "SECRET_KEY_FALLBACKS": settings.SECRET_KEY_FALLBACKS}
    short = [name for name, values in keys.items() if any(len(value) < SECRET_LENGTH for value in values)]
    hint = f"A key has {SECRET_LENGTH} random characters or more, and no comma."
    errors: list[CheckMessage] = [
        Error(f"{name} is so short that it can be guessed.", hint=hint, id="core.E004") for name in short
    ]
    if 0 < len(settings.METRICS_TOKEN) < TOKEN_LENGTH:
        hint = f"A token has {TOKEN_LENGTH} random characters or more."
        errors.append(Error("METRICS_TOKEN is so short that it can be guessed.", hint=hint, id="core.E004"))
    return errors


@register(Tags.security)
def hosts(**_kwargs: Any) -> list[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS:
        hint = "Name the hosts in ALLOWED_HOSTS: links and redirects are made from what a request says."
        return [Error("Requests for any host are answered.", hint=hint, id="core.E005")]
    public = [host for host in settings.ALLOWED_HOSTS if not _is_private(host)]
    if settings.DEBUG and public:
        hint = "Unset DEBUG, or take the public names out of ALLOWED_HOSTS."
        return [Error(f"DEBUG shows source code to the world at {', '.join(public)}.", hint=hint, id="core.E006")]
    return []


def _is_private(host: str) -> bool:
    if host in settings.FORWARDED_HOSTS or "." not in host.strip("."):
        return True
    try:
        return ip_address(host.strip("[]")).is_private
    except ValueError:
        return host.endswith(_NAMES_OF_NO_NET)


@register(Tags.security)
def origins(**_kwargs: Any) -> list[CheckMessage]:
    hint = "Write scheme and host, https://app.example.com; in production https alone."
    schemes = {"https"} if settings.PRODUCTION else {"https", "http"}
    wrong = [origin for origin in settings.CORS_ALLOWED_ORIGINS if not _is_origin(origin, schemes)]
    errors: list[CheckMessage] = []
    if wrong:
        errors.append(Error(f"No origins for CORS: {', '.join(wrong)}.", hint=hint, id="core.E007"))
    if getattr(settings, "CORS_ALLOW_ALL_ORIGINS", False):
        errors.append(Error("Code of any page may call the API.", hint="Name CORS_ALLOWED_ORIGINS.", id="core.E008"))
    return errors


def _is_origin(text: str, schemes: set[str]) -> bool:
    parts = urlsplit(text)
    return parts.scheme in schemes and bool(parts.netloc) and not parts.path


@register(Tags.security)
def proxies(**_kwargs: Any) -> list[CheckMessage]:
    if settings.NUM_PROXIES >= 0:
        return []
    hint = "NUM_PROXIES is how many proxies stand in front; 0 for none."
    return [Error("X-Forwarded-For would be read from the wrong end.", hint=hint, id="core.E009")]


@register(Tags.security)
def rates(**_kwargs: Any) -> list[CheckMessage]:
    hint = "Write scope=requests/period in THROTTLE_RATES, as in login=10/m; periods are s, m, h, d."
    return [Error(f"No limit: {text}", hint=hint, id="core.E010") for text in _wrong_rates()]


def _wrong_rates() -> Iterator[str]:
    for scope, rate in settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"].items():
        try:
            parse_rate(str(rate))
        except ValueError:
            yield f"{scope}={rate}"


@register(Tags.urls)
def admin_url(**_kwargs: Any) -> list[CheckMessage]:
    url = settings.ADMIN_URL
    if url.endswith("/") and url.strip("/") and not url.startswith(("/", "api/")):
        return []
    hint = "Write it without a slash in front and with one behind, as in staff-only/, and not below api/."
    return [Error(f"The admin cannot be at ADMIN_URL={url!r}.", hint=hint, id="core.E011")]


@register(Tags.security, deploy=True)
def mail(**_kwargs: Any) -> list[CheckMessage]:
    """Mails are how people verify and come back in: without them, or with links to nowhere, they do not."""
    errors: list[CheckMessage] = []
    if not _is_origin(settings.FRONTEND_URL.rstrip("/"), {"https"}):
        hint = "Set FRONTEND_URL to the https address of the pages that mailed links open."
        errors.append(Error("Mailed links lead nowhere.", hint=hint, id="core.E012"))
    # Those of tests and of development (dummymail://, consolemail://) throw mails away.
    if not settings.EMAIL_URL or settings.EMAIL_BACKEND in _BACKENDS_WITHOUT_SERVER:
        hint = "Set EMAIL_URL, as in smtp+tls://user:password@host:587, and DEFAULT_FROM_EMAIL."
        errors.append(Error("Mails reach nobody: they go to files, or nowhere.", hint=hint, id="core.E013"))
    elif settings.DEFAULT_FROM_EMAIL.endswith("@localhost"):
        hint = "Set DEFAULT_FROM_EMAIL to an address of your domain."
        errors.append(Error("Mails come from localhost, and servers refuse them.", hint=hint, id="core.E021"))
    return errors
