"""What a machine can do: this one, and this one made poorer in the four ways people meet."""

import errno
import os
from collections.abc import Collection
from pathlib import Path

import pytest
from tests.bpf.elsewhere import BCC, BTF, NO_CAPABILITIES, NOBODY, TRACEFS, lines

from pxcap.bpf import features as module
from pxcap.bpf.features import (
    BY_CALL,
    FOR_BPF,
    FOR_PACKETS,
    HOOKS,
    LENGTHS,
    Feature,
    by_call,
    features,
    why_not_bpf,
    why_not_packet,
)
from pxcap.bpf.rights import held

TELL = """
import json
from dataclasses import asdict
from pxcap.bpf.features import features, why_not_bpf, why_not_packet
{first}
found = features()
for feature in found:
    print(json.dumps(asdict(feature)))
print(json.dumps({{"bpf": why_not_bpf(found), "packet": why_not_packet(found)}}))
"""


def elsewhere(first: str = "", hidden: Collection[str] = ()) -> tuple[dict[str, Feature], dict[str, str | None]]:
    """The features found there, and why not."""
    *found, why = lines(TELL.format(first=first), hidden)
    return {feature["name"]: Feature(**feature) for feature in found}, why


def missing(found: dict[str, Feature]) -> set[str]:
    return {name for name, feature in found.items() if not feature.ok}


def test_this_machine() -> None:
    """With rights and bcc nothing that a source needs is missing where the project is tested."""
    found = {feature.name: feature for feature in features()}
    hooks = {f"hook {name}" for name in HOOKS}
    others = {"rights", "uprobes", "tracefs", "libpcap", "socket tables", "io_uring"}
    assert {*FOR_BPF, *FOR_PACKETS, *hooks, *others} == set(found)
    assert all(feature.detail and bool(feature.remedy) != feature.ok for feature in found.values())
    if "CAP_SYS_ADMIN" not in held() or not found["bcc"].ok or why_not_packet(found.values()):
        pytest.skip(f"not a machine for live capture: {why_not_bpf(found.values())}")
    assert why_not_bpf(found.values()) is None
    assert why_not_packet(found.values()) is None


def test_only_what_is_named_is_tried() -> None:
    assert [feature.name for feature in features(["socket tables", "kernel"])] == ["kernel", "socket tables"]


def test_no_bcc() -> None:
    found, why = elsewhere(hidden=[BCC])
    assert missing(found) >= {"bcc", "kernel headers"}
    assert found["bcc"].detail.startswith("bcc is not installed")
    assert found["bcc"].remedy.startswith("sudo apt-get install python3-bpfcc")
    assert why["bpf"] == f"bcc: {found['bcc'].detail} ({found['bcc'].remedy})"
    assert why["packet"] is None
    assert found["BPF programs"].ok


def test_no_btf() -> None:
    found, why = elsewhere(hidden=[BTF])
    assert missing(found) - {"io_uring"} == {"BTF"}
    assert found["BTF"].detail.startswith("/sys/kernel/btf/vmlinux: No such file or directory")
    assert found["BTF"].remedy.endswith("sudo apt-get install linux-image-$(dpkg --print-architecture)")
    assert (why["bpf"] or "").startswith("BTF: ")


def test_no_tracefs() -> None:
    found, why = elsewhere(hidden=TRACEFS)
    assert missing(found) - {"io_uring"} == {"tracefs"}
    assert found["tracefs"].remedy == "sudo mount -t tracefs nodev /sys/kernel/tracing"
    assert why == {"bpf": None, "packet": None}


@pytest.mark.parametrize("who", [NO_CAPABILITIES, NOBODY], ids=["root without capabilities", "another user"])
def test_no_rights(who: str) -> None:
    if "CAP_SYS_ADMIN" not in held():
        pytest.skip("needs rights to give up: run as root")
    found, why = elsewhere(who)
    if absent := {"bcc", "libpcap"} & missing(found):
        pytest.skip(f"not installed: {', '.join(sorted(absent))}")
    refused = {"rights", "BPF programs", "BPF ring buffer", "packet socket", "packet ring", "uprobes"}
    varying = {"tracefs", "kernel headers", "io_uring"}  # readable to others or not, used by somebody or not
    assert missing(found) - varying == refused | {f"hook {name}" for name in HOOKS}
    assert found["rights"].detail.startswith("without CAP_BPF (load programs), CAP_PERFMON")
    remedy = 'sudo "$(command -v pxcap)" capture' if who == NOBODY else "docker run --cap-add BPF --cap-add PERFMON"
    assert all(remedy in found[name].remedy for name in refused)
    assert (why["bpf"] or "").startswith("BPF programs: not permitted")
    assert (why["packet"] or "").startswith("packet socket: not permitted")


@pytest.mark.parametrize("absent", [["sock_send_length", "sock_recv_length"], HOOKS], ids=["before 6.3", "all"])
def test_an_older_kernel_is_told_what_it_lacks(monkeypatch: pytest.MonkeyPatch, absent: Collection[str]) -> None:
    def attach(name: str) -> None:
        if name in absent:
            raise FileNotFoundError(errno.ENOENT, name)

    monkeypatch.setattr("platform.release", lambda: "6.1.0-30-amd64")
    monkeypatch.setattr(module.trial, "attach_hook", attach)
    found = features([f"hook {name}" for name in HOOKS])
    assert found[0].detail == "Linux 6.1.0-30-amd64 has no such tracepoint, Linux 6.3 has"
    assert found[0].remedy.startswith("boot Linux 6.3 or newer")
    assert by_call(found)
    last = "inet_sock_set_state: Linux 6.1.0-30-amd64 has no such tracepoint, Linux 6.3 has (pxcap capture --source packet)"
    assert why_not_bpf(found) == (f"hook {last}" if absent is HOOKS else None)


def test_without_lengths_and_calls_nothing_can_be_seen() -> None:
    found = [Feature(f"hook {name}", name not in (BY_CALL, *LENGTHS), "absent", "boot") for name in HOOKS]
    assert why_not_bpf(found) == "hook sys_exit: absent (boot)"
    assert why_not_bpf(feature for feature in found if "length" not in feature.name) is None


def test_a_process_with_an_io_uring_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a kernel or a policy lets one be made differs, so the processes are given."""
    mine = os.getpid()
    comm = Path("/proc/self/comm").read_text().strip()
    monkeypatch.setattr(module, "io_uring_processes", lambda: [mine] * 7)
    (found,) = features(["io_uring"])
    assert found.detail.startswith(f"eBPF does not see what these send by it: {comm} ({mine}), ")
    assert found.detail.endswith(f"{comm} ({mine}) and 2 more")
    assert found.remedy == "pxcap capture --source packet"
    monkeypatch.setattr(module, "io_uring_processes", list)
    assert features(["io_uring"])[0].ok


def test_a_policy_that_forbids_root_is_named_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden() -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    if "CAP_SYS_ADMIN" not in held():
        pytest.skip("needs to be root")
    monkeypatch.setattr(module.trial, "load_program", forbidden)
    (found,) = features(["BPF programs"])
    assert found.detail == "not permitted, though root: a policy of this machine"
    assert "--privileged" in found.remedy


def test_any_other_refusal_is_a_line_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(module.trial, "load_program", refused)
    (found,) = features(["BPF programs"])
    assert found.detail == "the kernel refuses: Invalid argument"


def test_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    (found,) = features()
    assert (found.name, found.ok, found.detail) == ("kernel", False, "Darwin: live capture needs Linux")
    assert why_not_bpf([found]) == why_not_packet([found])


def test_another_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    kernel, programs = features(["kernel", "BPF programs"])
    assert kernel.ok
    assert programs.detail == "they know aarch64, x86_64, this is riscv64"
    assert why_not_packet([kernel, programs]) is None


def test_a_compiler_that_fails_is_quoted_and_says_nothing_itself(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    if not features(["bcc"])[0].ok:
        pytest.skip("bcc is not installed")
    monkeypatch.setattr(module, "_PROGRAM", b"int nothing(void *ctx) { return a_name; }\n")
    (found,) = features(["kernel headers"])
    assert "use of undeclared identifier 'a_name'" in found.detail
    assert found.remedy == "pxcap capture --source packet"
    assert capfd.readouterr().err == ""


def test_why_not_names_the_first_to_mend() -> None:
    found = [
        Feature("bcc", False, "absent", "install it"),
        Feature("BTF", False, "gone", "boot"),
        Feature("x", False, "-"),
    ]
    assert why_not_bpf(found) == "BTF: gone (boot)"
    assert why_not_packet(found) is None
