"""What this machine can do for live capture, found by doing it: each feature with what was found and what mends it."""

import os
import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pxcap.bpf import trial
from pxcap.bpf.btf import Btf
from pxcap.bpf.locate import import_bcc, stub_headers
from pxcap.bpf.packet.filter import compiled
from pxcap.bpf.procfs import io_uring_processes, read_stat
from pxcap.bpf.rights import held
from pxcap.bpf.silence import silenced
from pxcap.bpf.syscalls import ARCHITECTURES
from pxcap.core.errors import CaptureError

AS_ROOT = 'sudo "$(command -v pxcap)" capture'
LENGTHS = ("sock_send_length", "sock_recv_length")
"""Tracepoints that tell what was sent and received, since Linux 6.3; before, the end of every system call is hooked."""
BY_CALL = "sys_exit"
HOOKS = (*LENGTHS, BY_CALL, "inet_sock_set_state", "tcp_destroy_sock")
"""The tracepoints that capture hooks; of `LENGTHS` and `BY_CALL` one is enough."""
FOR_BPF = (
    *("kernel", "BPF programs", "BPF ring buffer"),
    *(f"hook {name}" for name in HOOKS if name != BY_CALL and name not in LENGTHS),
    *("BTF", "bcc", "kernel headers"),
)
"""What `--source bpf` cannot do without, in the order of mending."""
FOR_PACKETS = ("kernel", "packet socket", "packet ring")
"""What `--source packet` cannot do without."""

_WANTED = {
    "CAP_BPF": "load programs",
    "CAP_PERFMON": "read kernel memory",
    "CAP_NET_RAW": "read packets",
    "CAP_NET_ADMIN": "read socket statistics",
    "CAP_SYS_PTRACE": "look into other users' processes",
}
_NEWER = "sudo apt-get install linux-image-$(dpkg --print-architecture)"
_MOUNT = "sudo mount -t tracefs nodev /sys/kernel/tracing"
_LESS = "pxcap capture --source packet"
_NAMED = 5  # processes, before the rest is counted
_PROGRAM = b"#include <linux/ptrace.h>\nint nothing(struct pt_regs *ctx) { return 0; }\n"


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing that a kind of capture needs or is better with.

    Attributes:
        name: What was tried.
        ok: Whether it worked.
        detail: What was found.
        remedy: The command that mends it; empty when it worked.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def features(names: Iterable[str] | None = None) -> list[Feature]:
    """Try everything, or only what is named; what is missing is told and never raises.

    All takes about a second, most of it compiling. Where there is no Linux, only that is told.
    """
    wanted = set(_TRIALS if names is None else names)
    if platform.system() != "Linux":
        wanted &= {"kernel"}
    return [_tried(name, attempt) for name, attempt in _TRIALS.items() if name in wanted]


def why_not_bpf(found: Iterable[Feature]) -> str | None:
    """What keeps eBPF from being used here, on one line with what mends it; None when nothing does."""
    tried = list(found)
    return _first_missing(tried, (*FOR_BPF, f"hook {BY_CALL}") if by_call(tried) else FOR_BPF)


def by_call(found: Iterable[Feature]) -> bool:
    """Whether the end of every system call must be hooked here, because the kernel does not tell sockets' lengths."""
    missing = {feature.name for feature in found if not feature.ok}
    return not missing.isdisjoint(f"hook {name}" for name in LENGTHS)


def why_not_packet(found: Iterable[Feature]) -> str | None:
    """The same of packet sockets."""
    return _first_missing(found, FOR_PACKETS)


def _first_missing(found: Iterable[Feature], needed: tuple[str, ...]) -> str | None:
    missing = {feature.name: feature for feature in found if not feature.ok}
    first = next((missing[name] for name in needed if name in missing), None)
    return None if first is None else f"{first.name}: {first.detail} ({first.remedy})"


def _tried(name: str, attempt: Callable[[], str]) -> Feature:
    try:
        return Feature(name, True, attempt())
    except CaptureError as error:
        return Feature(name, False, str(error), error.hint)
    except PermissionError:
        return Feature(name, False, *_forbidden())
    except OSError as error:
        return Feature(name, False, f"the kernel refuses: {error.strerror or error}", _NEWER)


def _forbidden() -> tuple[str, str]:
    """What to say, and to do, when a right is missing."""
    if os.geteuid():
        return "not permitted to this user", AS_ROOT
    if lacking := [name for name in _WANTED if name not in held()]:
        allow = " ".join(f"--cap-add {name.removeprefix('CAP_')}" for name in lacking)
        return f"not permitted: root without {', '.join(lacking)}", f"outside a container, or: docker run {allow}"
    return "not permitted, though root: a policy of this machine", "docker run --privileged, or boot without lockdown="


def _rights() -> str:
    have = held()
    if "CAP_SYS_ADMIN" in have:
        have |= {"CAP_BPF", "CAP_PERFMON"}
    if lacking := [f"{name} ({use})" for name, use in _WANTED.items() if name not in have]:
        raise CaptureError(f"without {', '.join(lacking)}", _forbidden()[1])
    return "may load programs, read packets and look into processes"


def _kernel() -> str:
    if (system := platform.system()) != "Linux":
        raise CaptureError(f"{system}: live capture needs Linux", "pxcap replay reads captures on every system")
    return f"Linux {platform.release()} on {platform.machine()}"


def _program() -> str:
    if (machine := platform.machine()) not in ARCHITECTURES:
        raise CaptureError(f"they know {', '.join(sorted(ARCHITECTURES))}, this is {machine}", _LESS)
    trial.load_program()
    return "load, and may read kernel memory and registers"


def _ring() -> str:
    trial.make_ring()
    return "can be made"


def _hook(name: str) -> str:
    try:
        trial.attach_hook(name)
    except FileNotFoundError as error:
        found = f"Linux {platform.release()} has no such tracepoint, Linux 6.3 has"
        remedy = "boot Linux 6.3 or newer; until then every system call is hooked, which costs more"
        raise CaptureError(found, remedy if name in LENGTHS else _LESS) from error
    return "attaches"


def _btf() -> str:
    kernel = Btf()
    kernel.offset("sock_common", "skc_family")
    return str(kernel.path)


def _bcc() -> str:
    bcc = import_bcc()
    return f"{bcc.__version__} in {Path(bcc.__file__).parent}"


def _headers() -> str:
    bcc = import_bcc()
    with silenced() as said, stub_headers():
        try:
            bcc.BPF(text=_PROGRAM).cleanup()
        except Exception as error:  # bcc raises nothing more specific
            why = next((line for line in said().splitlines() if "error:" in line), str(error))
            raise CaptureError(
                f"bcc {bcc.__version__} does not compile: {why}", "pxcap capture --source packet"
            ) from error
    return "none needed: bcc compiles against pxcap's own"


def _uprobes() -> str:
    try:
        trial.probe_function()
    except FileNotFoundError as error:
        raise CaptureError("this kernel cannot probe functions: TLS is not seen in plain text", _NEWER) from error
    return "functions of programs can be probed: TLS is seen in plain text"


def _tracefs() -> str:
    # bcc looks in the second place whenever it exists, even when nothing is mounted there.
    for place in ("/sys/kernel/debug/tracing", "/sys/kernel/tracing"):
        try:
            if "events" in os.listdir(place):
                return place
        except FileNotFoundError:
            continue
    if "\ttracefs\n" not in Path("/proc/filesystems").read_text():
        raise CaptureError("this kernel has none", _NEWER)
    raise CaptureError("/sys/kernel/tracing is not mounted", _MOUNT)


def _packet_socket() -> str:
    trial.open_packet_socket()
    return "can be opened"


def _packet_ring() -> str:
    trial.make_packet_ring()
    return "TPACKET_V3"


def _libpcap() -> str:
    compiled("tcp port 80", 1)
    return "compiles filter expressions"


def _sockets() -> str:
    trial.list_sockets()
    return "sock_diag tells which sockets there are"


def _io_uring() -> str:
    whose = "no process" if "CAP_SYS_PTRACE" in held() else "no process of this user"
    if named := [f"{stat.comm} ({pid})" for pid in io_uring_processes() if (stat := read_stat(pid))]:
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        raise CaptureError(f"eBPF does not see what these send by it: {', '.join(named[:_NAMED])}{more}", _LESS)
    return f"{whose} uses it"


_TRIALS: dict[str, Callable[[], str]] = {
    "kernel": _kernel,
    "rights": _rights,
    "BPF programs": _program,
    "BPF ring buffer": _ring,
    **{f"hook {name}": partial(_hook, name) for name in HOOKS},
    "BTF": _btf,
    "bcc": _bcc,
    "kernel headers": _headers,
    "uprobes": _uprobes,
    "tracefs": _tracefs,
    "packet socket": _packet_socket,
    "packet ring": _packet_ring,
    "libpcap": _libpcap,
    "socket tables": _sockets,
    "io_uring": _io_uring,
}
