"""Settings of several machines that would hurt quietly: pools, certificates, ports."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's name

# Values of sslmode that encrypt, and talk to whoever answers.
_UNVERIFIED = {"allow", "prefer", "require", "verify-ca"}


@register(Tags.compatibility)
def pool(**_kwargs: Any) -> list[CheckMessage]:
    return list(_wrong_pool()) if settings.DATABASE_POOLED else []


def _wrong_pool() -> Iterator[CheckMessage]:
    database, direct = settings.DATABASES["default"], settings.DIRECT_DATABASE
    if "options" in database.get("OPTIONS", {}):
        hint = "Take options= out of DATABASE_URL, and set such values for the role: ALTER ROLE … SET …."
        yield Error("A pool of transactions refuses connections with options.", hint=hint, id="core.E017")
    if direct is None:
        hint = "Set DATABASE_DIRECT_URL to an address of Postgres itself."
        yield Error("Migrations would lose their locks in the pool.", hint=hint, id="core.E018")
    elif _address(direct) == _address(database):
        hint = "Set DATABASE_DIRECT_URL to an address of Postgres itself, not of the pool."
        yield Error("DATABASE_DIRECT_URL leads to the pool.", hint=hint, id="core.E019")


def _address(database: dict[str, Any]) -> tuple[Any, Any]:
    return database.get("HOST"), database.get("PORT")


@register(Tags.security)
def certificates(**_kwargs: Any) -> list[CheckMessage]:
    """TLS without verification protects from nobody who can answer in the server's place."""
    if not settings.PRODUCTION:
        return []
    found: list[CheckMessage] = []
    if _takes_any_certificate(settings.LIMITER_URL):
        hint = "Take ssl_cert_reqs and ssl_check_hostname out of REDIS_URL; name a CA of your own by ssl_ca_certs=FILE."
        found.append(Error("Redis' certificate is not verified.", hint=hint, id="core.E020"))
    for name, database in (
        ("DATABASE_URL", settings.DATABASES["default"]),
        ("DATABASE_DIRECT_URL", settings.DIRECT_DATABASE),
    ):
        mode = (database or {}).get("OPTIONS", {}).get("sslmode")
        if mode not in _UNVERIFIED:
            continue
        hint = f"Set sslmode=verify-full in {name}, with sslrootcert=system or the file of a CA of your own."
        message = f"Postgres' certificate is not verified: sslmode={mode}."
        found.append(Warning(message, hint=hint, id="core.W001"))
    return found


def _takes_any_certificate(url: str) -> bool:
    parts = urlsplit(url)
    options = {name: values[-1].lower() for name, values in parse_qs(parts.query).items()}
    verifies = options.get("ssl_cert_reqs", "required") in {"required", "cert_required"}
    return parts.scheme == "rediss" and not (verifies and options.get("ssl_check_hostname", "true") == "true")


@register(Tags.security)
def former_keys(**_kwargs: Any) -> list[CheckMessage]:
    if settings.SECRET_KEY not in settings.SECRET_KEY_FALLBACKS:
        return []
    hint = "Set SECRET_KEY to a new key, and the former one in SECRET_KEY_FALLBACKS."
    return [Warning("SECRET_KEY is a former key as well: nothing was rotated.", hint=hint, id="core.W002")]
