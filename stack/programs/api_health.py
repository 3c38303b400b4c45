"""The health of the components, as the API reports it over HTTP."""

import http.client
import json

from checkout import servers
from stack.programs import web


def _get(path: str) -> tuple[int, bytes]:
    """Return status and body. The status is 0 if the API of this checkout does not respond."""
    if not web.is_listening():
        return 0, b""
    # Not urllib, which would use a proxy.
    connection = http.client.HTTPConnection("127.0.0.1", servers.web_port(), timeout=3)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def is_live() -> bool:
    """Return whether the process of the API responds."""
    return _get("/livez")[0] == 200  # noqa: PLR2004


def is_ready() -> bool:
    """Return whether the API can serve requests: Postgres responds and all migrations are applied."""
    return _get("/readyz")[0] == 200  # noqa: PLR2004


def is_healthy() -> bool:
    """Return whether every component is healthy."""
    return _get("/healthz")[0] == 200  # noqa: PLR2004


def problems(path: str = "/healthz") -> dict[str, str]:
    """Return the errors by component. If the API does not respond, that is the error of the component web."""
    status, body = _get(path)
    try:
        answers = json.loads(body)["components"]
        return {name: answer.get("error", "it does not answer") for name, answer in answers.items() if not answer["ok"]}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"web": f"the API answers with an error ({status})" if status else "the API does not answer"}


def is_component_healthy(component: str) -> bool:
    """Return whether /healthz calls this one component healthy; the API itself only has to respond."""
    if component == "web":
        return is_live()
    try:
        return bool(json.loads(_get("/healthz")[1])["components"][component]["ok"])
    except (ValueError, KeyError, TypeError):
        return False
