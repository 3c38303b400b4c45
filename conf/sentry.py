"""Error reports to Sentry. Not imported unless SENTRY_DSN is set; the library is the extra `sentry`."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from structlog.contextvars import get_contextvars

from conf.logs.redaction import redact


def report_errors(*, dsn: str, environment: str, release: str = "") -> None:
    """Report unhandled errors and log records of level ERROR, with the request's id and without secrets.

    Raises ImproperlyConfigured where the library is not installed, and for a DSN that is none.
    """
    try:
        import sentry_sdk  # noqa: PLC0415 - costs time and memory, and may not be there
        from sentry_sdk.integrations.logging import LoggingIntegration  # noqa: PLC0415
        from sentry_sdk.utils import BadDsn, Dsn  # noqa: PLC0415
    except ImportError:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, and its library is missing. Install it: just uv sync --extra sentry"
        ) from None
    try:
        Dsn(dsn)
    except BadDsn:
        # It holds a key: not shown.
        raise ImproperlyConfigured("SENTRY_DSN is not like https://key@host/1. Correct or unset it.") from None
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=release or None,
        before_send=_prepare,  # type: ignore[arg-type] # an event is a dict of anything
        # The log has what happened before; breadcrumbs would send it to a third party.
        integrations=[LoggingIntegration(level=None, sentry_logs_level=None)],
        max_breadcrumbs=0,
        # Local variables contain passwords and tokens, and personal data must not leave.
        include_local_variables=False,
        send_default_pii=False,
        max_request_body_size="never",
    )


def _prepare(event: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any]:
    context = get_contextvars()
    tags = {name: context[name] for name in ("request_id", "task_id", "task") if name in context}
    prepared: dict[str, Any] = redact(event)
    return {**prepared, "tags": {**prepared.get("tags", {}), **tags}}
