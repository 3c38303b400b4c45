"""Validates deploy/kubernetes and deploy/compose.yaml without a cluster: `python -m tests.harness.manifests [FILE]`.

It runs in the environment of the dependency group `deploy`: kubectl renders the overlays, kubernetes-validate holds
them to the schemas of Kubernetes. The rules here are what the schemas do not say. A file is validated alone: rendered
manifests, or a compose file.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import kubernetes_validate
import yaml

from conf import roles
from stack.bootstrap import variables
from tests.harness.compose_wiring import wiring
from tests.harness.manifest_objects import Object, containers, of_kind, own_name, pod_labels, pods, selects, title
from tests.harness.manifest_references import names, networks, ports_of_services, selectors, sources
from tests.harness.manifest_rights import rights

ROOT = Path(__file__).resolve().parents[2]
OVERLAYS = ROOT / "deploy/kubernetes/overlays"
COMPOSE = ROOT / "deploy/compose.yaml"
# The oldest Kubernetes that is supported upstream.
VERSION = "1.35.0"
_SECRETS = {
    *("SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_URL", "DATABASE_DIRECT_URL"),
    *("REDIS_URL", "EMAIL_URL", "METRICS_TOKEN", "SENTRY_DSN"),
}
# Seconds that a role needs to end, besides its own delay: the longest request, the handing back of tasks.
_TO_END = {"web": ("SHUTDOWN_DELAY", 5, 30), "worker": ("TASK_SHUTDOWN_TIMEOUT", 10, 5)}

# What Kubernetes takes, without exponents.
_UNITS = {"m": 0.001, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12} | {
    unit: 1024.0**power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti"), start=1)
}
_QUANTITY = re.compile(rf"[0-9]+(\.[0-9]+)?({'|'.join(_UNITS)})")
# Where the ConfigMap has to say something, since no default can be right.
_NEEDED = ("ALLOWED_HOSTS", "FRONTEND_URL", "DEFAULT_FROM_EMAIL")
_PATHS = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
_GATE = ["manage", "migrate", "--check"]
_QUEUES = ("conf/settings/celery.py", "conf/project/celery.py")

Rule = Callable[[list[Object]], Iterator[str]]


def schema(objects: list[Object]) -> Iterator[str]:
    """Known kinds, no misspelt or mistyped field."""
    if not objects:
        yield "There are no objects"
    for found in objects:
        if not isinstance(found, dict) or not found.get("kind"):
            yield f"Not an object with a kind: {str(found)[:60]}"
            continue
        try:
            kubernetes_validate.validate(found, VERSION, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{title(found)}: {'.'.join(map(str, error.path))}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError:
            yield f"{title(found)}: Kubernetes has no {found.get('apiVersion')} {found.get('kind')}"
        except kubernetes_validate.InvalidSchemaError:
            yield f"{title(found)}: it has no apiVersion"


def images(objects: list[Object]) -> Iterator[str]:
    used = {name: container.get("image", "") for name, container in containers(objects)}
    unversioned = [name for name, image in used.items() if not _has_version(image)]
    for name in unversioned:
        yield f"{name}: its image names no version; set one: kustomize edit set image app=…:VERSION"
    if len(set(used.values())) > 1 and not unversioned:
        yield f"There are several images, and all roles are of one: {', '.join(sorted(set(used.values())))}"


def _has_version(image: str) -> bool:
    tag = image.rpartition("/")[2].partition(":")[2]
    return "@sha256:" in image or tag not in {"", "latest"}


def resources(objects: list[Object]) -> Iterator[str]:
    for name, container in containers(objects):
        found = container.get("resources") or {}
        requests, limits = found.get("requests") or {}, found.get("limits") or {}
        if {"cpu", "memory"} - set(requests) or "memory" not in limits:
            yield f"{name}: give it requests of cpu and memory, and a limit of memory"
        given = [value for values in (requests, limits) for value in values.values()]
        if wrong := [str(value) for value in given if not _QUANTITY.fullmatch(str(value))]:
            yield f"{name}: {', '.join(wrong)} is no quantity; write 500m or 320Mi"
        elif "memory" in limits and _bytes(requests.get("memory", "0")) > _bytes(limits["memory"]):
            yield f"{name}: it requests more memory than its limit"


def _bytes(quantity: str | int) -> float:
    number, unit = re.fullmatch(r"([0-9.]+)(.*)", str(quantity)).groups()  # type: ignore[union-attr] # _QUANTITY did
    return float(number) * _UNITS[unit]


def probes(objects: list[Object]) -> Iterator[str]:
    services = [found["spec"].get("selector") or {} for found in of_kind(objects, "Service")]
    for found in of_kind(objects, "Deployment"):
        labels = pod_labels(found)
        for container in found["spec"]["template"]["spec"]["containers"]:
            if not container.get("livenessProbe"):
                yield f"{title(found)}: {container['name']} needs a livenessProbe"
            if not container.get("readinessProbe") and any(selects(selector, labels) for selector in services):
                yield f"{title(found)}: {container['name']} has a Service and needs a readinessProbe"
            yield from (f"{title(found)}: {problem}" for problem in _wrong_probes(container))


def _wrong_probes(container: Object) -> Iterator[str]:
    role = (container.get("args") or [""])[0]
    for kind, path in _PATHS.items():
        probe = container.get(kind) or {}
        asked = (probe.get("httpGet") or {}).get("path", path)
        command = (probe.get("exec") or {}).get("command", ["health", role])
        if asked != path:
            # Another one says that Postgres or Redis is unavailable, which another start would not mend.
            yield f"the {kind} of {container['name']} has to ask {path}, not {asked}"
        if command != ["health", role] and roles.role(role, []):
            yield f"the {kind} of {container['name']} has to run health {role}"


def commands(objects: list[Object]) -> Iterator[str]:
    for name, container in containers(objects):
        words = container.get("args") or []
        if not words or roles.role(words[0], words[1:]) is None or container.get("command"):
            yield f"{name}: args has to begin with a role, without a command: web, worker, beat, migrate, manage"
    for name, _labels, pod in pods(objects):
        kind = name.partition(" ")[0]
        if (kind in {"Job", "CronJob"}) != (pod.get("restartPolicy", "Always") != "Always"):
            yield f"{name}: a restartPolicy is for Jobs, which need Never or OnFailure"


def gates(objects: list[Object]) -> Iterator[str]:
    """A new version serves only when its migrations are applied."""
    jobs = [pod["containers"] for name, _labels, pod in pods(objects) if name.startswith("Job ")]
    if not any(container.get("args") == ["migrate"] for job in jobs for container in job):
        yield "There is no Job that applies the migrations"
    for found in of_kind(objects, "Deployment"):
        first = found["spec"]["template"]["spec"].get("initContainers") or []
        if not any(container.get("args") == _GATE for container in first):
            yield f"{title(found)}: it needs an init container {' '.join(_GATE)}, which waits for the migrations"


def queues(objects: list[Object]) -> Iterator[str]:
    """Tasks of a queue without a worker wait for ever."""
    known = {name for file in _QUEUES for name in re.findall(r'Queue\("([^"]+)"', (ROOT / file).read_text())}
    taken: set[str] = set()
    for found in of_kind(objects, "Deployment"):
        for container in found["spec"]["template"]["spec"]["containers"]:
            words = container.get("args") or []
            if words[:1] != ["worker"] or found["spec"].get("replicas", 1) == 0:
                continue
            named = re.findall(r"(?:--queues[= ]|-Q[= ]?)(\S+)", " ".join(words))
            own = {name for each in named for name in each.split(",")} or known
            taken |= own
            if own - known:
                yield f"{title(found)}: there is no queue {', '.join(sorted(own - known))}"
    yield from (f"No worker takes the queue {name}" for name in sorted(known - taken))


def settings(objects: list[Object]) -> Iterator[str]:
    known = variables.settings(ROOT)
    maps = list(of_kind(objects, "ConfigMap"))
    given = [(title(found), each) for found in maps for each in found.get("data") or {}]
    for name, container in containers(objects):
        own = [variable["name"] for variable in container.get("env") or [] if "valueFrom" not in variable]
        given += [(name, variable) for variable in own]
        yield from (f"{name}: {each} is set twice" for each in sorted(set(own)) if own.count(each) > 1)
    for place, variable in given:
        yield from _unknown(place, variable, known)
        if variable in _SECRETS:
            yield f"{place}: {variable} is secret: put it into the Secret app-secrets"
        if variable in {"ENVIRONMENT", "DEBUG"}:
            yield f"{place}: {variable} is not for a deployment; the image is production's"
    yield from (f"{title(found)}: {name} is missing" for found in maps for name in _NEEDED if not _value(found, name))
    for found in of_kind(objects, "Secret"):
        yield f"{title(found)}: secrets are not kept in files of this repository"


def _value(found: Object, name: str) -> str:
    return str((found.get("data") or {}).get(name, ""))


def _common(objects: list[Object], name: str) -> str:
    """Return what the ConfigMap says about a setting; empty if it does not."""
    return next((value for found in of_kind(objects, "ConfigMap") if (value := _value(found, name))), "")


def addresses(objects: list[Object]) -> Iterator[str]:
    """The ports of the settings are those of the containers, and the hosts of the Ingress are answered."""
    for place, container in containers(objects):
        named = {port.get("name"): str(port["containerPort"]) for port in container.get("ports") or []}
        for name, variable, default in (("http", "PORT", "8000"), ("metrics", "METRICS_PORT", "")):
            if name in named and named[name] != (_common(objects, variable) or default):
                yield f"{place}: its port {name} is {named[name]}, and {variable} is another"
    answered = _common(objects, "ALLOWED_HOSTS").split(",")
    for found in of_kind(objects, "Ingress"):
        secured = [host for each in found["spec"].get("tls") or [] for host in each.get("hosts") or []]
        for host in [rule.get("host", "") for rule in found["spec"].get("rules") or []]:
            if not any(host == each or (each.startswith(".") and host.endswith(each)) for each in answered):
                yield f"{title(found)}: ALLOWED_HOSTS does not name its host {host}"
            if host not in secured:
                yield f"{title(found)}: its tls does not name its host {host}"


def _unknown(place: str, variable: str, known: frozenset[str]) -> Iterator[str]:
    if variable not in known and variable.removesuffix("_FILE") not in known:
        yield f"{place}: .env.example names no setting {variable}"


def disruptions(objects: list[Object]) -> Iterator[str]:
    """A budget that allows no disruption blocks the maintenance of nodes for ever."""
    for found in of_kind(objects, "PodDisruptionBudget"):
        spec = found["spec"]
        number = _replicas(objects, (spec.get("selector") or {}).get("matchLabels") or {})
        # Kubernetes rounds up: of two pods, 51 % are two.
        least = _share(spec.get("minAvailable", 0), number)
        if _share(spec.get("maxUnavailable", 1), number) == 0 or (number and least >= number):
            yield f"{title(found)}: it allows no disruption, so that nodes cannot be drained"


def _share(value: str | int, number: int) -> int:
    """Return how many pods a number or a percentage is."""
    return -(-int(value.rstrip("%")) * number // 100) if isinstance(value, str) else value


def scaling(objects: list[Object]) -> Iterator[str]:
    for found in of_kind(objects, "HorizontalPodAutoscaler"):
        if found["spec"].get("minReplicas", 1) > found["spec"]["maxReplicas"]:
            yield f"{title(found)}: minReplicas is more than maxReplicas"
    budgets = [
        (found["spec"].get("selector") or {}).get("matchLabels", {})
        for found in of_kind(objects, "PodDisruptionBudget")
    ]
    for found in of_kind(objects, "Deployment"):
        labels = pod_labels(found)
        services = [each["spec"].get("selector") or {} for each in of_kind(objects, "Service")]
        if any(selects(each, labels) for each in services) and not any(selects(each, labels) for each in budgets):
            yield f"{title(found)}: it has a Service and needs a PodDisruptionBudget"
        if not found["spec"]["template"]["spec"].get("topologySpreadConstraints"):
            yield f"{title(found)}: spread it over the nodes, by topologySpreadConstraints"


def _replicas(objects: list[Object], selector: Object) -> int:
    """Return how many pods there are at least of the Deployment that a selector selects."""
    scaled = {
        found["spec"]["scaleTargetRef"]["name"]: found["spec"].get("minReplicas", 1)
        for found in of_kind(objects, "HorizontalPodAutoscaler")
    }
    return sum(
        int(scaled.get(own_name(found), found["spec"].get("replicas", 1)))
        for found in of_kind(objects, "Deployment")
        if selects(selector, pod_labels(found))
    )


def endings(objects: list[Object]) -> Iterator[str]:
    for name, _labels, pod in pods(objects):
        for container in pod["containers"]:
            role = (container.get("args") or [""])[0]
            if role not in _TO_END:
                continue
            variable, default, more = _TO_END[role]
            given = {each["name"]: each.get("value") for each in container.get("env") or []}
            text = str(given.get(variable) or _common(objects, variable) or default)
            if not text.isdecimal():
                yield f"{name}: {variable} is not a whole number"
                continue
            needed = int(text) + more
            if pod.get("terminationGracePeriodSeconds", 30) < needed:
                yield f"{name}: terminationGracePeriodSeconds has to be {needed} at least ({variable} and {more} s)"


RULES: tuple[Rule, ...] = (
    *(names, images, resources, rights, probes, commands, gates, queues, settings, addresses),
    *(sources, selectors, ports_of_services, scaling, disruptions, networks, endings),
)


def problems(objects: list[Object]) -> list[str]:
    """Return what is wrong with rendered objects; the rules are asked only if the schemas are kept."""
    return list(schema(objects)) or [problem for rule in RULES for problem in rule(objects)]


def compose(services: dict[str, Object]) -> Iterator[str]:
    """Yield what is wrong with the services of the compose file that run our image."""
    known = variables.settings(ROOT)
    for name, service in services.items():
        if "${IMAGE" not in service.get("image", ""):
            continue
        words = service.get("command", [])
        role = words[0] if words else ""
        if roles.role(role, words[1:]) is None:
            yield f"service {name}: its command has to begin with a role"
        if not service.get("read_only") or service.get("cap_drop") != ["ALL"]:
            yield f"service {name}: a read-only file system, and drop ALL capabilities"
        if "no-new-privileges:true" not in service.get("security_opt", []) or "mem_limit" not in service:
            yield f"service {name}: no new privileges, and a limit of memory"
        if role != "migrate" and "healthcheck" not in service:
            yield f"service {name}: it needs a healthcheck"
        for variable in service.get("environment", {}):
            yield from _unknown(f"service {name}", variable, known)
            if variable in _SECRETS:
                yield f"service {name}: {variable} is secret: name a file by {variable}_FILE"


def rendered(overlay: Path) -> str:
    """Return what kubectl makes of an overlay."""
    command = [str(Path(sys.executable).with_name("kubectl")), "kustomize", str(overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: {overlay}: {done.stderr.strip()}")
    return done.stdout


def _validated(text: str) -> list[str]:
    found = [each for each in yaml.safe_load_all(text) if each]
    is_compose = len(found) == 1 and "services" in found[0]
    return [*compose(found[0]["services"]), *wiring(found[0])] if is_compose else problems(found)


def main(files: list[str]) -> int:
    """Validate, and print what is wrong. Returns the exit status."""
    texts = {file: Path(file).read_text() for file in files}
    if not files:
        texts = {str(overlay.relative_to(ROOT)): rendered(overlay) for overlay in sorted(OVERLAYS.iterdir())}
        texts[str(COMPOSE.relative_to(ROOT))] = COMPOSE.read_text()
    found = [f"{place}: {problem}" for place, text in texts.items() for problem in _validated(text)]
    for problem in found:
        print(f"error: {problem}", file=sys.stderr)  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
