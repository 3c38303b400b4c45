"""The manifests are valid, and each way to damage them is told. They are the real ones, rendered by kubectl."""

import json
import subprocess
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from checkout import paths

Objects = dict[str, Any]


def validate(*files: Path) -> "subprocess.CompletedProcess[str]":
    command = ["just", "manifests", *map(str, files)]
    return subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def objects() -> Objects:
    """Return the objects of production by kind and name."""
    assert validate().returncode == 0, validate().stderr
    tools = paths.STATE / "manifests/bin/kubectl"
    command = [str(tools), "kustomize", "deploy/kubernetes/overlays/production"]
    shown = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=True).stdout
    return {
        f"{each['kind']} {each['metadata']['name'].partition('-config-')[0]}": each
        for each in yaml.safe_load_all(shown)
    }


def container(objects: Objects, name: str = "web") -> Any:
    return objects[f"Deployment {name}"]["spec"]["template"]["spec"]["containers"][0]


def pod(objects: Objects, name: str = "web") -> Any:
    return objects[f"Deployment {name}"]["spec"]["template"]["spec"]


def backend(objects: Objects) -> Any:
    return objects["Ingress web"]["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]


def add(objects: Objects, found: Any) -> None:
    objects["added"] = found


def cron_job() -> Objects:
    """Return what makes pods without any of the rules."""
    container = {"name": "c", "image": "x:latest"}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    spec = {"schedule": "0 0 * * *", "jobTemplate": {"spec": {"template": template}}}
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"}, "spec": spec}


DAMAGES: dict[str, Callable[[Objects], Any]] = {
    "'replica' was unexpected": lambda o: o["Deployment web"]["spec"].update(replica=3),
    "is not of type": lambda o: o["Deployment beat"]["spec"].update(replicas="two"),
    "Kubernetes has no keda.sh/v1alpha1 ScaledObject": lambda o: add(
        o, {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "worker"}}
    ),
    "its image names no version": lambda o: container(o).update(image="registry.example.com/api:latest"),
    "give it requests of cpu and memory": lambda o: container(o)["resources"].pop("limits"),
    "set runAsNonRoot": lambda o: pod(o)["securityContext"].pop("runAsNonRoot"),
    "set automountServiceAccountToken to false": lambda o: pod(o).pop("automountServiceAccountToken"),
    "drop ALL capabilities": lambda o: container(o)["securityContext"].pop("capabilities"),
    "a read-only file system": lambda o: container(o)["securityContext"].update(readOnlyRootFilesystem=False),
    "needs a livenessProbe": lambda o: container(o, "worker-mail").pop("livenessProbe"),
    "needs a readinessProbe": lambda o: container(o).pop("readinessProbe"),
    "args has to begin with a role": lambda o: container(o, "beat").update(args=["beet"]),
    "names no setting ALOWED_HOSTS": lambda o: o["ConfigMap app"]["data"].update(ALOWED_HOSTS="x"),
    "names no setting WEB_CONCURENCY": lambda o: container(o)["env"].append({"name": "WEB_CONCURENCY", "value": "2"}),
    "REDIS_URL is secret": lambda o: o["ConfigMap app"]["data"].update(REDIS_URL="redis://x"),
    "secrets are not kept in files": lambda o: add(
        o, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"SECRET_KEY": "x"}}
    ),
    "does not select its own pods": lambda o: o["Deployment web"]["spec"]["selector"]["matchLabels"].update(a="b"),
    "Service web: it selects no pod": lambda o: o["Service web"]["spec"].update(selector={"app": "wob"}),
    "there is no Deployment wob": lambda o: o["HorizontalPodAutoscaler web"]["spec"]["scaleTargetRef"].update(
        name="wob"
    ),
    "it allows no disruption": lambda o: o["PodDisruptionBudget web"]["spec"].update(maxUnavailable=0),
    "no NetworkPolicy says what it may reach": lambda o: [
        o.pop("NetworkPolicy default-deny"),
        o.pop("NetworkPolicy servers"),
    ],
    # What a pod may do.
    "runAsUser 0 is root": lambda o: pod(o)["securityContext"].update(runAsUser=0),
    "it runs as root": lambda o: container(o)["securityContext"].update(runAsNonRoot=False),
    "loosens the pod's seccompProfile": lambda o: container(o)["securityContext"].update(
        seccompProfile={"type": "Unconfined"}
    ),
    "adds the capabilities NET_ADMIN": lambda o: container(o)["securityContext"]["capabilities"].update(
        add=["NET_ADMIN"]
    ),
    "hostPath is not allowed": lambda o: pod(o)["volumes"].append({"name": "h", "hostPath": {"path": "/"}}),
    "hostNetwork: nothing of the node is shared": lambda o: pod(o).update(hostNetwork=True),
    "hostPort: nothing of the node is shared": lambda o: container(o)["ports"][0].update(hostPort=80),
    "label it pod-security.kubernetes.io/enforce": lambda o: o["Namespace api-production"]["metadata"].pop("labels"),
    # Names that lead nowhere.
    "there is no ConfigMap app-confg": lambda o: container(o)["envFrom"][0]["configMapRef"].update(name="app-confg"),
    "the Secret is app-secrets, not app-secret": lambda o: container(o)["envFrom"][1]["secretRef"].update(
        name="app-secret"
    ),
    "it needs the settings of the ConfigMap": lambda o: container(o)["envFrom"].pop(1),
    "its settings must not be optional": lambda o: container(o)["envFrom"][1]["secretRef"].update(optional=True),
    "there is no ServiceAccount apj": lambda o: pod(o).update(serviceAccountName="apj"),
    "there is no volume tmpp": lambda o: container(o)["volumeMounts"].append({"name": "tmpp", "mountPath": "/x"}),
    "mount a volume at /tmp": lambda o: container(o).pop("volumeMounts"),
    "there are 2 of that name": lambda o: add(o, deepcopy(o["Service web"])),
    "There are several namespaces": lambda o: o["Deployment beat"]["metadata"].update(namespace="default"),
    "There are several images": lambda o: container(o).update(image="registry.example.com/api:2.0.0"),
    "there is no StatefulSet web": lambda o: o["HorizontalPodAutoscaler web"]["spec"]["scaleTargetRef"].update(
        kind="StatefulSet"
    ),
    # Ports, hosts and probes.
    "asks the port htp": lambda o: container(o)["readinessProbe"]["httpGet"].update(port="htp"),
    "has to ask /livez, not /healthz": lambda o: container(o)["livenessProbe"]["httpGet"].update(path="/healthz"),
    "has to run health beat": lambda o: container(o, "beat")["livenessProbe"]["exec"].update(command=["health", "web"]),
    "Service web: no pod has the port htp": lambda o: o["Service web"]["spec"]["ports"][0].update(targetPort="htp"),
    "NetworkPolicy web: no pod has the port htp": lambda o: o["NetworkPolicy web"]["spec"]["ingress"][0]["ports"][
        0
    ].update(port="htp"),
    "it may reach (Egress)": lambda o: o.pop("NetworkPolicy servers"),
    "it may reach (Ingress)": lambda o: o.pop("NetworkPolicy web"),
    "there is no Service wob with this port": lambda o: backend(o).update(name="wob"),
    "ALLOWED_HOSTS does not name its host": lambda o: o["ConfigMap app"]["data"].update(ALLOWED_HOSTS="x.example.com"),
    "its tls does not name its host": lambda o: o["Ingress web"]["spec"].pop("tls"),
    "METRICS_PORT is another": lambda o: o["ConfigMap app"]["data"].update(METRICS_PORT="9100"),
    # How it is rolled out.
    "it needs an init container manage migrate --check": lambda o: pod(o).pop("initContainers"),
    "There is no Job that applies the migrations": lambda o: o.pop("Job migrate"),
    "restartPolicy is for Jobs": lambda o: pod(o).update(restartPolicy="Never"),
    "No worker takes the queue mail": lambda o: o.pop("Deployment worker-mail"),
    "minReplicas is more than maxReplicas": lambda o: o["HorizontalPodAutoscaler web"]["spec"].update(minReplicas=9),
    "needs a PodDisruptionBudget": lambda o: o.pop("PodDisruptionBudget web"),
    "no disruption, so that nodes": lambda o: o["PodDisruptionBudget web"]["spec"].update(maxUnavailable="0%"),
    "spread it over the nodes": lambda o: pod(o).pop("topologySpreadConstraints"),
    "640MB is no quantity": lambda o: container(o)["resources"]["limits"].update(memory="640MB"),
    "it requests more memory than its limit": lambda o: container(o)["resources"]["requests"].update(memory="2Gi"),
    # Settings.
    "ALLOWED_HOSTS is missing": lambda o: [o["ConfigMap app"]["data"].pop("ALLOWED_HOSTS"), o.pop("Ingress web")],
    "ENVIRONMENT is not for a deployment": lambda o: o["ConfigMap app"]["data"].update(ENVIRONMENT="development"),
    "container web: SECRET_KEY is secret": lambda o: container(o)["env"].append({"name": "SECRET_KEY", "value": "x"}),
    "SHUTDOWN_DELAY is set twice": lambda o: container(o)["env"].append({"name": "SHUTDOWN_DELAY", "value": "9"}),
    "SHUTDOWN_DELAY is not a whole number": lambda o: container(o)["env"][0].update(value="ten"),
    "terminationGracePeriodSeconds has to be 70": lambda o: [
        container(o).pop("env"),
        o["ConfigMap app"]["data"].update(SHUTDOWN_DELAY="40"),
    ],
    # What is no object at all.
    "Not an object with a kind": lambda o: add(o, ["text"]),
    "There are no objects": lambda o: o.clear(),
    "terminationGracePeriodSeconds has to be 40": lambda o: pod(o).update(terminationGracePeriodSeconds=30),
    "terminationGracePeriodSeconds has to be 35": lambda o: pod(o, "worker-default").pop(
        "terminationGracePeriodSeconds"
    ),
}


@pytest.fixture(scope="module")
def refused(objects: Objects, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Return what is said about each damage; all are validated at once."""
    files = {}
    for number, (said, damage) in enumerate(DAMAGES.items()):
        damaged = deepcopy(objects)
        damage(damaged)
        files[said] = tmp_path_factory.getbasetemp() / f"{number:03}.yaml"
        # JSON is YAML, without anchors.
        files[said].write_text("\n---\n".join(json.dumps(each) for each in damaged.values()))
    done = validate(*files.values())
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: /")]
    return {said: [line for line in lines if f"/{file.name}:" in line] for said, file in files.items()}


@pytest.mark.parametrize("said", DAMAGES)
def test_a_damaged_manifest_is_refused_and_told(said: str, refused: dict[str, list[str]]) -> None:
    assert refused[said], said
    assert all(said in line for line in refused[said]), refused[said]


COMPOSE: dict[str, Callable[[Objects], Any]] = {
    "its command has to begin with a role": lambda s: s["web"].update(command=["gunicorn"]),
    "a read-only file system": lambda s: s["worker"].pop("read_only"),
    "no new privileges, and a limit of memory": lambda s: s["beat"].pop("mem_limit"),
    "it needs a healthcheck": lambda s: s["worker"].pop("healthcheck"),
    "names no setting WEB_CONCURENCY": lambda s: s["web"]["environment"].update(WEB_CONCURENCY="2"),
    "SECRET_KEY is secret": lambda s: s["web"]["environment"].update(SECRET_KEY="x"),
    "service worker: it has no secret redis_url": lambda s: s["worker"]["secrets"].remove("redis_url"),
    "there is no secret redis_urls": lambda s: s["web"]["secrets"].append("redis_urls"),
    "service postgres: its ports are open to the world": lambda s: s["postgres"].update(ports=["5432:5432"]),
    "service redis: it needs a restart": lambda s: s["redis"].pop("restart"),
    "service beat: it has to wait for migrate": lambda s: s["beat"].pop("depends_on"),
    "service web: stop_grace_period has to be 35s": lambda s: s["web"].pop("stop_grace_period"),
}


@pytest.mark.parametrize("said", COMPOSE)
def test_a_damaged_service_of_one_server_is_refused_and_told(said: str, tmp_path: Path) -> None:
    damaged = yaml.safe_load((paths.ROOT / "deploy/compose.yaml").read_text())
    damaged["services"] = {name: deepcopy(service) for name, service in damaged["services"].items()}
    COMPOSE[said](damaged["services"])
    (tmp_path / "compose.yaml").write_text(json.dumps(damaged))
    refused = validate(tmp_path / "compose.yaml")
    assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr


def test_a_cron_job_has_to_keep_all_rules_of_pods(objects: Objects, tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text("\n---\n".join(json.dumps(each) for each in [*objects.values(), cron_job()]))
    refused = validate(tmp_path / "all.yaml")
    told = ("names no version", "requests of cpu", "runAsNonRoot", "begin with a role", "NetworkPolicy says")
    assert [said for said in told if said not in refused.stderr] == []


def test_what_is_not_damaged_passes(objects: Objects, tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text("\n---\n".join(json.dumps(each) for each in objects.values()))
    assert validate(tmp_path / "all.yaml").returncode == 0
