"""What the pods may do: the profile `restricted` of Kubernetes' Pod Security Standards, and a read-only file system."""

from collections.abc import Iterator

from tests.harness.manifest_objects import Object, containers_of, metadata, of_kind, pods, title

# The volumes of `restricted`: none of them is a directory of the node.
_VOLUMES = {
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"),
    *("persistentVolumeClaim", "projected", "secret"),
}
_ENFORCED = "pod-security.kubernetes.io/enforce"


def rights(objects: list[Object]) -> Iterator[str]:
    for place, _labels, pod in pods(objects):
        yield from (f"{place}: {problem}" for problem in _of_pod(pod))
        for container in containers_of(pod):
            for problem in _of_container(container, pod):
                yield f"{place}, container {container['name']}: {problem}"
    for found in of_kind(objects, "Namespace"):
        if (metadata(found).get("labels") or {}).get(_ENFORCED) != "restricted":
            yield f"{title(found)}: label it {_ENFORCED}: restricted"


def _of_pod(pod: Object) -> Iterator[str]:
    own = pod.get("securityContext") or {}
    if own.get("runAsNonRoot") is not True or (own.get("seccompProfile") or {}).get("type") != "RuntimeDefault":
        yield "set runAsNonRoot and the seccompProfile RuntimeDefault"
    if own.get("runAsUser") == 0:
        yield "runAsUser 0 is root"
    if pod.get("automountServiceAccountToken") is not False:
        yield "set automountServiceAccountToken to false: the programs do not talk to the cluster"
    if shared := [name for name in ("hostNetwork", "hostPID", "hostIPC") if pod.get(name)]:
        yield f"{', '.join(shared)}: nothing of the node is shared"
    for volume in pod.get("volumes") or []:
        if kinds := sorted(set(volume) - {"name"} - _VOLUMES):
            yield f"volume {volume['name']}: {', '.join(kinds)} is not allowed, as what belongs to the node is not"


def _of_container(container: Object, pod: Object) -> Iterator[str]:
    own = container.get("securityContext") or {}
    capabilities = own.get("capabilities") or {}
    is_closed = own.get("allowPrivilegeEscalation") is False and own.get("readOnlyRootFilesystem") is True
    if not is_closed or capabilities.get("drop") != ["ALL"] or own.get("privileged"):
        yield "no privilege escalation, a read-only file system, and drop ALL capabilities"
    if capabilities.get("add"):
        yield f"it adds the capabilities {', '.join(capabilities['add'])}"
    # What a container says replaces what the pod says.
    profile = own.get("seccompProfile") or {"type": "RuntimeDefault"}
    mask = own.get("procMount", "Default")
    if own.get("runAsNonRoot") is False or own.get("runAsUser") == 0:
        yield "it runs as root"
    if profile.get("type") != "RuntimeDefault" or mask != "Default":
        yield "it loosens the pod's seccompProfile or procMount"
    if any("hostPort" in port for port in container.get("ports") or []):
        yield "hostPort: nothing of the node is shared"
    if "/tmp" not in {mount["mountPath"] for mount in container.get("volumeMounts") or []}:  # noqa: S108
        yield "mount a volume at /tmp: all else is read-only"
    volumes = {volume["name"] for volume in pod.get("volumes") or []}
    for mount in container.get("volumeMounts") or []:
        if mount["name"] not in volumes:
            yield f"there is no volume {mount['name']}"
