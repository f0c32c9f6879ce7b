"""Each question is asked of the real kernel: with rights it is answered, without it is refused, and nothing is left."""

import os
from collections.abc import Callable
from functools import partial

import pytest
from tests.bpf.elsewhere import NO_CAPABILITIES, run

from pxcap.bpf import trial
from pxcap.bpf.rights import held

NEEDING = {
    "load_program": "CAP_BPF",
    "make_ring": "CAP_BPF",
    "probe_function": "CAP_PERFMON",
    "open_packet_socket": "CAP_NET_RAW",
    "make_packet_ring": "CAP_NET_RAW",
}
TRIALS: dict[str, Callable[[], None]] = {name: getattr(trial, name) for name in NEEDING}
TRIALS["attach_hook"] = partial(trial.attach_hook, "inet_sock_set_state")
TRIALS["list_sockets"] = trial.list_sockets


@pytest.mark.parametrize("attempt", TRIALS.values(), ids=TRIALS.keys())
def test_with_rights_it_is_done_and_given_back(attempt: Callable[[], None]) -> None:
    if not {*NEEDING.values()} <= held():
        pytest.skip("needs the rights of live capture: run as root")
    before = len(os.listdir("/proc/self/fd"))
    attempt()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_hook_that_is_not_there() -> None:
    if "CAP_BPF" not in held():
        pytest.skip("needs CAP_BPF: run as root")
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileNotFoundError):
        trial.attach_hook("no_such_tracepoint")
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("name", NEEDING)
def test_without_rights_it_is_refused(name: str) -> None:
    program = f"""
{NO_CAPABILITIES}
from pxcap.bpf import trial
try:
    trial.{name}()
except PermissionError:
    print("refused")
"""
    assert run(program).stdout == "refused\n"


def test_an_unknown_architecture_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "vax")
    with pytest.raises(OSError, match="no system call numbers of vax"):
        trial.load_program()
