"""Cgroup texts as each runtime, driver and cgroup version writes them."""

import pytest

from pxcap.bpf.containers import Container, cgroup_path, container_of

ONE, TWO = "4f1c" * 16, "a09e" * 16
POD = "1b9f4a3c-52d0-4e1f-8a77-0c2d9be6f513"
POD_ = POD.replace("-", "_")
STATIC = "c5d1" * 8

CASES: dict[str, tuple[str, Container | None]] = {
    "v2, systemd, containerd": (
        f"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{POD_}.slice/cri-containerd-{ONE}.scope",
        Container("containerd", ONE, POD, "burstable"),
    ),
    "v2, systemd, cri-o": (
        f"0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{POD_}.slice/crio-{ONE}.scope",
        Container("cri-o", ONE, POD, "besteffort"),
    ),
    "v2, systemd, docker, guaranteed": (
        f"0::/kubepods.slice/kubepods-pod{POD_}.slice/docker-{ONE}.scope",
        Container("docker", ONE, POD, "guaranteed"),
    ),
    "cri-o's process in a cgroup of its own": (
        f"0::/kubepods.slice/kubepods-pod{POD_}.slice/crio-{ONE}.scope/container",
        Container("cri-o", ONE, POD, "guaranteed"),
    ),
    "cri-o's monitor": (f"0::/kubepods.slice/kubepods-pod{POD_}.slice/crio-conmon-{ONE}.scope", None),
    "podman's monitor": (f"0::/machine.slice/libpod-conmon-{ONE}.scope", None),
    "cri-o's monitor in a docker container": (
        f"0::/docker/{ONE}/kubepods.slice/kubepods-pod{POD_}.slice/crio-conmon-{TWO}.scope",
        Container("docker", ONE),
    ),
    "v1, cgroupfs, bare id": (
        f"11:memory:/kubepods/burstable/pod{POD}/{ONE}\n1:name=systemd:/kubepods/burstable/pod{POD}/{ONE}",
        Container("", ONE, POD, "burstable"),
    ),
    "v2, cgroupfs, guaranteed": (f"0::/kubepods/pod{POD}/{ONE}", Container("", ONE, POD, "guaranteed")),
    "v2, cgroupfs, cri-o": (
        f"0::/kubepods/besteffort/pod{POD}/crio-{ONE}",
        Container("cri-o", ONE, POD, "besteffort"),
    ),
    "v1, containerd below its service": (
        f"4:pids:/system.slice/containerd.service/kubepods-burstable-pod{POD_}.slice:cri-containerd:{ONE}",
        Container("containerd", ONE, POD, "burstable"),
    ),
    "v1, containerd at the root": (
        f"4:pids:/kubepods-pod{POD_}.slice:cri-containerd:{ONE}",
        Container("containerd", ONE, POD, "guaranteed"),
    ),
    "docker, cgroupfs": (f"0::/docker/{ONE}", Container("docker", ONE)),
    "docker, systemd": (f"0::/system.slice/docker-{ONE}.scope", Container("docker", ONE)),
    "docker, a service's own cgroup inside": (
        f"0::/system.slice/docker-{ONE}.scope/system.slice/nginx.service",
        Container("docker", ONE),
    ),
    "podman, root": (f"0::/machine.slice/libpod-{ONE}.scope/container", Container("podman", ONE)),
    "podman, user": (
        f"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ONE}.scope",
        Container("podman", ONE),
    ),
    "podman, cgroupfs": (f"0::/libpod_parent/libpod-{ONE}", Container("podman", ONE)),
    "podman, in a pod": (
        f"0::/machine.slice/machine-libpod_pod_{TWO}.slice/libpod-{ONE}.scope",
        Container("podman", ONE),
    ),
    "nerdctl": (f"0::/system.slice/nerdctl-{ONE}.scope", Container("containerd", ONE)),
    "ecs": (f"9:memory:/ecs/55091c13-b8cf-4801-b527-f4601742204d/{ONE}", Container("docker", ONE)),
    "under a parent of the administrator's": (f"0::/shop/{ONE}", Container("", ONE)),
    "kind, cgroupfs": (
        f"0::/docker/{ONE}/kubelet/kubepods/besteffort/pod{POD}/{TWO}",
        Container("", TWO, POD, "besteffort"),
    ),
    "kind, systemd": (
        f"0::/docker/{ONE}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/"
        + f"kubelet-kubepods-burstable-pod{POD_}.slice/cri-containerd-{TWO}.scope",
        Container("containerd", TWO, POD, "burstable"),
    ),
    "kind, the node itself": (f"0::/docker/{ONE}/system.slice/containerd.service", Container("docker", ONE)),
    "kind in a burstable pod: the inner pod's class counts": (
        f"0::/kubepods/burstable/pod{POD}/{ONE}/kubelet/kubepods/pod{STATIC}/{TWO}",
        Container("", TWO, STATIC, "guaranteed"),
    ),
    "static pod": (f"0::/kubepods/burstable/pod{STATIC}/{ONE}", Container("", ONE, STATIC, "burstable")),
    "static pod, systemd": (
        f"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{STATIC}.slice/cri-containerd-{ONE}.scope",
        Container("containerd", ONE, STATIC, "burstable"),
    ),
    "hybrid: v2 at the root": (
        f"9:name=systemd:/\n8:pids:/docker/{ONE}\n4:memory:/docker/{ONE}\n0::/",
        Container("docker", ONE),
    ),
    "v1, only another controller tells": (
        f"8:pids:/\n4:memory:/\n3:cpu,cpuacct:/kubepods/pod{POD}/{ONE}",
        Container("", ONE, POD, "guaranteed"),
    ),
    "v1, several controllers on a line": (
        f"3:net_cls:/docker/{TWO}\n4:cpu,memory:/docker/{ONE}",
        Container("docker", ONE),
    ),
    "seen from a sibling namespace": (f"0::/../../docker/{ONE}", Container("docker", ONE)),
    "cgroup removed": (f"0::/docker/{ONE} (deleted)", Container("docker", ONE)),
    "a colon in the path": (f"0::/a:b/docker-{ONE}.scope", Container("docker", ONE)),
    "no container": ("0::/user.slice/user-0.slice/session-1.scope", None),
    "a pod's own cgroup": (f"0::/kubepods/burstable/pod{POD}", None),
    "32 digits that are no container": (f"4:memory:/jobs/{STATIC}\n0::/", None),
    "65 digits": (f"0::/docker/{ONE}0", None),
    "the root": ("0::/", None),
    "not a cgroup file": ("hello\n\n0:\n::\n", None),
    "empty": ("", None),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_container(text: str, expected: Container | None) -> None:
    assert container_of(text) == expected
    assert container_of(f"{text}\n") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"8:pids:/a\n3:cpu:/docker/{ONE}\n0::/", f"/docker/{ONE}"),
        ("8:pids:/\n0::/system.slice/nginx.service\n", "/system.slice/nginx.service"),
        ("8:pids:/\n0::/\n", "/"),
        ("", ""),
    ],
)
def test_the_telling_path(text: str, expected: str) -> None:
    assert cgroup_path(text) == expected


def test_this_process_has_a_cgroup() -> None:
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        assert cgroup_path(file.read()).startswith("/")
