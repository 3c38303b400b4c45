"""What the API says of itself and of the others, over HTTP."""

import http.client
import json

from checkout import servers
from stack.programs import web


def _get(path: str) -> tuple[int, bytes]:
    """Return status and body; a status of 0 means that nobody answered, or somebody else would."""
    if not web.is_listening():
        return 0, b""
    # Not by urllib, which would ask a proxy.
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
    """Return whether the API's process answers."""
    return _get("/livez")[0] == 200  # noqa: PLR2004


def is_ready() -> bool:
    """Return whether requests can be served: Postgres answers and the migrations are applied."""
    return _get("/readyz")[0] == 200  # noqa: PLR2004


def is_healthy() -> bool:
    """Return whether every component is well."""
    return _get("/healthz")[0] == 200  # noqa: PLR2004


def problems(path: str = "/healthz") -> dict[str, str]:
    """Return what is wrong, by component; of an API that says nothing, that."""
    status, body = _get(path)
    try:
        answers = json.loads(body)["components"]
        return {name: answer.get("error", "it does not answer") for name, answer in answers.items() if not answer["ok"]}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"web": f"the API answers with an error ({status})" if status else "the API does not answer"}


def is_well(component: str) -> bool:
    """Return whether /healthz calls this one component healthy; the API itself only has to respond."""
    if component == "web":
        return is_live()
    try:
        return bool(json.loads(_get("/healthz")[1])["components"][component]["ok"])
    except (ValueError, KeyError, TypeError):
        return False
