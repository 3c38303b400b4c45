"""/livez, /readyz and /healthz. Plain views: no authentication, no throttle, no secrets."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from apps.core.api.errors import read_only
from apps.core.health import draining
from apps.core.health.components import ALL, READY
from apps.core.health.probe import Component, check


def _respond(components: tuple[Component, ...]) -> JsonResponse:
    answers: dict[str, dict[str, Any]] = check(components)
    well = all(answer["ok"] for answer in answers.values())
    return _as_recorded(
        JsonResponse({"status": "ok" if well else "down", "components": answers}, status=200 if well else 503)
    )


def _as_recorded(response: JsonResponse) -> JsonResponse:
    # The access log has it; Django's own record would fill error.log for as long as a component is down.
    response._has_been_logged = True  # type: ignore[attr-defined] # noqa: SLF001
    return response


@never_cache
@read_only
def livez(_request: HttpRequest) -> JsonResponse:
    """Respond: the process is alive."""
    return JsonResponse({"status": "ok"})


@never_cache
@read_only
def readyz(_request: HttpRequest) -> JsonResponse:
    """Report whether requests can be served, and will be: a server that is about to stop gets no new ones."""
    if draining.has_begun():
        return _as_recorded(JsonResponse({"status": "stopping"}, status=503))
    return _respond(READY)


@never_cache
@read_only
def healthz(_request: HttpRequest) -> JsonResponse:
    """Report the health of each component."""
    return _respond(ALL)
