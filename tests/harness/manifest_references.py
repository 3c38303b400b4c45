"""Names by which objects find each other: a mistyped one is an error only in the cluster, or never."""

from collections import Counter
from collections.abc import Iterator

from tests.harness.manifest_objects import (
    Object,
    containers,
    metadata,
    of_kind,
    own_name,
    pod_labels,
    pods,
    ports,
    selects,
    title,
)

# Made by the operator, never a file of the repository.
SECRET = "app-secrets"


def names(objects: list[Object]) -> Iterator[str]:
    """Each object has a name of its own, and all of them are in one namespace."""
    counted = Counter((found.get("apiVersion"), title(found)) for found in objects)
    yield from (f"{name}: there are {number} of that name" for (_, name), number in counted.items() if number > 1)
    yield from (f"{title(found)}: it has no metadata.name" for found in objects if own_name(found) == "?")
    # What belongs to the cluster has none.
    spaces = {space for found in objects if (space := metadata(found).get("namespace"))}
    if len(spaces) > 1:
        yield f"There are several namespaces: {', '.join(sorted(spaces))}"


def sources(objects: list[Object]) -> Iterator[str]:
    """The settings and the account of each pod are there."""
    maps = {own_name(found) for found in of_kind(objects, "ConfigMap")}
    accounts = {own_name(found) for found in of_kind(objects, "ServiceAccount")}
    for place, container in containers(objects):
        given = container.get("envFrom") or []
        for source in given:
            name = source.get("configMapRef", {}).get("name")
            if name and name not in maps:
                yield f"{place}: there is no ConfigMap {name}"
            secret = source.get("secretRef", {}).get("name")
            if secret and secret != SECRET:
                yield f"{place}: the Secret is {SECRET}, not {secret}"
            if any(found.get("optional") for found in source.values() if isinstance(found, dict)):
                yield f"{place}: its settings must not be optional"
        if {"configMapRef", "secretRef"} - {kind for source in given for kind in source}:
            yield f"{place}: it needs the settings of the ConfigMap, and the Secret {SECRET}"
    for place, _labels, pod in pods(objects):
        if (account := pod.get("serviceAccountName", "")) not in accounts:
            yield f"{place}: there is no ServiceAccount {account or 'named'}"


def selectors(objects: list[Object]) -> Iterator[str]:
    found_labels = [labels for _place, labels, _pod in pods(objects)]
    for found in of_kind(objects, "Deployment"):
        selector = found["spec"]["selector"].get("matchLabels") or {}
        if not selector or not selects(selector, pod_labels(found)):
            yield f"{title(found)}: its selector does not select its own pods"
    for found in of_kind(objects, "Service", "PodDisruptionBudget"):
        selector = found["spec"].get("selector") or {}
        selector = selector.get("matchLabels", selector)
        if not selector or not any(selects(selector, each) for each in found_labels):
            yield f"{title(found)}: it selects no pod"
    deployments = {own_name(found) for found in of_kind(objects, "Deployment")}
    for found in of_kind(objects, "HorizontalPodAutoscaler"):
        target = found["spec"]["scaleTargetRef"]
        if target["kind"] != "Deployment" or target["name"] not in deployments:
            yield f"{title(found)}: there is no {target['kind']} {target['name']}"


def ports_of_services(objects: list[Object]) -> Iterator[str]:
    """What a Service, an Ingress, a probe or a policy leads to listens."""
    services = {own_name(found): found["spec"] for found in of_kind(objects, "Service")}
    for name, spec in services.items():
        listening = _ports(objects, spec.get("selector") or {})
        for port in spec.get("ports") or []:
            number = port.get("targetPort", port["port"])
            if listening and number not in listening:
                yield f"Service {name}: no pod has the port {number}"
    for found in of_kind(objects, "Ingress"):
        for backend in _backends(found["spec"]):
            port = backend.get("port") or {}
            given = services.get(backend["name"], {}).get("ports") or []
            if not any(port.get("name") == each.get("name") or port.get("number") == each["port"] for each in given):
                yield f"{title(found)}: there is no Service {backend['name']} with this port"
    for place, container in containers(objects):
        own = {port[key] for port in container.get("ports") or [] for key in ("containerPort", "name") if key in port}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            kinds = container.get(probe) or {}
            port = (kinds.get("httpGet") or kinds.get("tcpSocket") or {}).get("port")
            if port is not None and port not in own:
                yield f"{place}: its {probe} asks the port {port}, which it does not have"


def _backends(spec: Object) -> Iterator[Object]:
    found = [path["backend"] for rule in spec.get("rules") or [] for path in (rule.get("http") or {}).get("paths", [])]
    return (each["service"] for each in [*found, spec.get("defaultBackend") or {}] if "service" in each)


def _ports(objects: list[Object], selector: Object) -> set[str | int]:
    return {port for _place, labels, pod in pods(objects) if selects(selector, labels) for port in ports(pod)}


def networks(objects: list[Object]) -> Iterator[str]:
    """Nothing is reached that no policy names, and what each pod needs is named."""
    policies = [(title(found), found["spec"]) for found in of_kind(objects, "NetworkPolicy")]
    for place, labels, pod in pods(objects):
        # What selects all pods forbids; it is the others that say who may talk to whom.
        own = [
            spec
            for _, spec in policies
            if (chosen := spec["podSelector"].get("matchLabels")) and selects(chosen, labels)
        ]
        needed = {"Egress": "egress"} | ({"Ingress": "ingress"} if ports(pod) else {})
        denied = {word for _, spec in policies if not spec["podSelector"] for word in spec.get("policyTypes", [])}
        for direction in ("Ingress", "Egress"):
            rules = [rule for spec in own for rule in spec.get(needed.get(direction, "-")) or []]
            is_limited = direction in denied or any(direction in spec.get("policyTypes", []) for spec in own)
            if not is_limited or (direction in needed and not rules):
                yield f"{place}: no NetworkPolicy says what it may reach ({direction})"
    for name, spec in policies:
        known = _ports(objects, spec["podSelector"].get("matchLabels") or {})
        if not known and spec["podSelector"]:
            yield from _selects_nobody(objects, name, spec)
        for rule in (spec.get("ingress") or []) if known else []:
            for port in rule.get("ports") or []:
                if port.get("port") not in known:
                    yield f"{name}: no pod has the port {port.get('port')}"


def _selects_nobody(objects: list[Object], name: str, spec: Object) -> Iterator[str]:
    selector = spec["podSelector"].get("matchLabels") or {}
    if not any(selects(selector, labels) for _place, labels, _pod in pods(objects)):
        yield f"{name}: it selects no pod"
