"""Which container a process is in, from the text of its `/proc/PID/cgroup`.

No runtime is asked: each writes the container's id into the path of the cgroup it makes, and Kubernetes the pod's. The
last part of the path that names a container counts, since with containers inside a container (kind, Docker in Docker)
the innermost is where the process runs. A bare id below `kubepods` may be Docker's or containerd's: its runtime is left
empty rather than guessed.
"""

import re
from dataclasses import dataclass

_LINE = re.compile(r"\d+:([^:]*):(/.*)")
_ID = re.compile(r"(?:^|[-:_])([0-9a-f]{64})(?:\.scope)?$")
_POD = re.compile(r"pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?![0-9a-f])")  # 32: static pods
_QOS = re.compile(r"(?<![a-z])(besteffort|burstable)(?![a-z])")
_MONITORS = ("crio-conmon-", "libpod-conmon-")  # these watch a container from outside
_PREFIXES = (
    ("cri-containerd", "containerd"),
    ("nerdctl", "containerd"),
    ("crio", "cri-o"),
    ("docker", "docker"),
    ("libpod", "podman"),
)
_PARENTS = {"docker": "docker", "libpod_parent": "podman"}
_CONTROLLERS = ("pids", "memory", "", "name=systemd")  # in this order; "" is v2, which hybrid hosts leave at the root


@dataclass(frozen=True, slots=True)
class Container:
    """A container: `runtime` is docker, containerd, cri-o, podman, or empty when the path does not say.

    Attributes:
        id: 64 hexadecimal digits.
        pod_uid: The pod's UID with hyphens (32 digits for a static pod); empty outside Kubernetes.
        qos: guaranteed, burstable or besteffort; empty outside Kubernetes.
    """

    runtime: str
    id: str
    pod_uid: str = ""
    qos: str = ""


def container_of(cgroup: str) -> Container | None:
    """The container that the text of a `/proc/PID/cgroup` tells of; None outside one.

    The text must be read from the host: inside a cgroup namespace every path is `/`.
    """
    return next((found for path in _paths(cgroup) if (found := _container(path))), None)


def cgroup_path(cgroup: str) -> str:
    """The path that tells most about where the process is: its container's, else the first that is not the root."""
    paths = _paths(cgroup)
    told = next((path for path in paths if _container(path)), None)
    return told or next((path for path in paths if path != "/"), paths[0] if paths else "")


def _paths(cgroup: str) -> list[str]:
    """Paths of all lines, the most telling first."""
    found: list[tuple[int, str]] = []
    for line in cgroup.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        path = match[2].removesuffix(" (deleted)")
        ranks = [_CONTROLLERS.index(name) for name in match[1].split(",") if name in _CONTROLLERS]
        found.append((min(ranks, default=len(_CONTROLLERS) + ("kubepods" not in path)), path))
    return [path for _, path in sorted(found, key=lambda ranked: ranked[0])]


def _container(path: str) -> Container | None:
    parts = path.split("/")
    for at in range(len(parts) - 1, -1, -1):
        match = _ID.search(parts[at])
        if match is None or parts[at].startswith(_MONITORS):
            continue
        above = "/".join(parts[: at + 1])
        _, _, inner = above.rpartition("kubepods")  # with both drivers class and pod stand behind the last of these
        found = _POD.search(inner) if inner != above else None
        pod = found[1].replace("_", "-") if found else ""
        qos = _QOS.search(inner)
        return Container(_runtime(parts, at), match[1], pod, (qos[1] if qos else "guaranteed") if pod else "")
    return None


def _runtime(parts: list[str], at: int) -> str:
    name = parts[at].rpartition(":")[0].rpartition(":")[2] or parts[at]  # SLICE:RUNTIME:ID, or RUNTIME-ID.scope
    for prefix, runtime in _PREFIXES:
        if name == prefix or name.startswith(f"{prefix}-"):
            return runtime
    above = parts[:at]
    if "ecs" in above[:2]:
        return "docker"  # Amazon's agent drives Docker: /ecs/TASK/ID
    return _PARENTS.get(above[-1] if above else "", "")
