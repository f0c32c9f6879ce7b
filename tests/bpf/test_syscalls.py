"""What the kernel answers comes back as a number or as its own error."""

from collections.abc import Callable

import pytest

from pxcap.bpf import syscalls


@pytest.mark.parametrize("call", [lambda: syscalls.bpf(-1, b""), lambda: syscalls.perf_event_open(b"", 0, 0, 0, 0)])
def test_errors_are_the_kernels(call: Callable[[], int]) -> None:
    with pytest.raises(OSError, match=r"\[Errno \d+\]"):
        call()


def test_an_unknown_architecture_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "vax")
    with pytest.raises(OSError, match="no system call numbers of vax"):
        syscalls.bpf(0, b"")
