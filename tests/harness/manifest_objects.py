"""The objects of rendered manifests: those of a kind, what makes pods, and their containers."""

from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]
# What makes pods, and where its template of a pod is.
_TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}


def of_kind(objects: list[Object], *kinds: str) -> Iterator[Object]:
    return (found for found in objects if found.get("kind") in kinds)


def own_name(found: Object) -> str:
    return str(metadata(found).get("name", "?"))


def title(found: Object) -> str:
    return f"{found.get('kind', 'An object without a kind')} {own_name(found)}"


def metadata(found: Object) -> Object:
    return found.get("metadata") or {}


def template(found: Object) -> Object:
    """Return the template of the pods of an object, or the pod itself."""
    for word in _TEMPLATES[found["kind"]]:
        found = found[word]
    return found


def pod_labels(found: Object) -> Object:
    return metadata(template(found)).get("labels") or {}


def pods(objects: list[Object]) -> Iterator[tuple[str, Object, Object]]:
    """Yield what makes pods, with its name, the labels of the pods and their specification."""
    for found in of_kind(objects, *_TEMPLATES):
        yield title(found), pod_labels(found), template(found)["spec"]


def containers_of(pod: Object) -> list[Object]:
    return [*(pod.get("initContainers") or []), *pod["containers"]]


def containers(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    for place, _labels, pod in pods(objects):
        for container in containers_of(pod):
            yield f"{place}, container {container['name']}", container


def ports(pod: Object) -> set[str | int]:
    """Return the ports of a pod, by number and by name."""
    found = [port for container in containers_of(pod) for port in container.get("ports") or []]
    return {port[key] for port in found for key in ("containerPort", "name") if key in port}


def selects(selector: Object, found: Object) -> bool:
    return selector.items() <= found.items()
