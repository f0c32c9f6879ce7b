"""The BPF programs: put together, compiled, loaded and attached; everything ends with the process that holds them."""

import atexit
import mmap
import os
import platform
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from pxcap.bpf import cgroup
from pxcap.bpf.btf import Btf, UnknownMemberError
from pxcap.bpf.locate import import_bcc, stub_headers
from pxcap.bpf.records import COUNTERS, NO_PEER
from pxcap.bpf.ring import PAGE, Ring
from pxcap.bpf.silence import silenced
from pxcap.bpf.uprobe import MULTI
from pxcap.core.errors import CaptureError

CHUNK = (
    30 * 1024
)  # bytes of a call in one record: with its head it must stay below 32 KiB, the limit of a per-CPU value
IGNORED = 65536  # as in programs/socket.h
_CONTROL_PAGES = 1024

_MEMBERS = (
    *(("sock_common", name) for name in ("skc_v6_rcv_saddr", "skc_v6_daddr", "skc_net")),
    *(("net", "ns.inum"), ("sock", "sk_protocol"), ("tcp_sock", "total_retrans"), ("tcp_sock", "srtt_us")),
    *(("task_struct", name) for name in ("flags", "group_leader", "start_boottime", "comm", "mm", "tgid", "files")),
    *(("mm_struct", "arg_start"), ("mm_struct", "arg_end")),
    *(("files_struct", "fdt"), ("fdtable", "fd"), ("fdtable", "max_fds"), ("file", "f_inode"), ("inode", "i_mode")),
    *(("file", "private_data"), ("socket", "sk")),
)
_CHECKED = {"skc_daddr": 0, "skc_rcv_saddr": 4, "skc_dport": 12, "skc_num": 14, "skc_family": 16, "skc_state": 18}

_CALLS = (
    *("read", "write", "readv", "writev", "sendto", "recvfrom", "sendmsg", "recvmsg", "recvmmsg", "sendmmsg"),
    "sendfile",
)
_NUMBERS = {  # arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h
    "x86_64": (0, 1, 19, 20, 44, 45, 46, 47, 299, 307, 40),
    "aarch64": (63, 64, 65, 66, 206, 207, 211, 212, 243, 269, 71),
}
_REGISTERS = {"x86_64": ("r10",), "aarch64": ("syscallno", "orig_x0")}


@dataclass(frozen=True, slots=True)
class Choice:
    """What the programs are made for.

    Attributes:
        ports: Only connections with one of these ports at either end; empty: all.
        by_process: Only processes put into the map `pids`.
        tls: With the programs for TLS libraries.
        datagrams: With UDP.
        ring_mib: Size of the data ring, MiB, a power of two.
        payload: Bytes taken of one call, at most; the rest is a gap of known size.
        by_call: Hook the end of every system call, as on kernels older than 6.3.
        workers: Processes of the capture itself besides this one: what they send to the store is not captured.
    """

    ports: frozenset[int] = frozenset()
    by_process: bool = False
    tls: bool = False
    datagrams: bool = True
    ring_mib: int = 32
    payload: int = 3 * CHUNK  # 64 KiB, a usual size, with what comes before it
    by_call: bool = False
    workers: tuple[int, ...] = ()


@dataclass(slots=True)
class Program:
    """Loaded programs. `close` detaches them; the kernel does so as well when the process ends, however it ends."""

    module: Any
    links: list[int]
    data: Ring
    control: Ring
    _maps: list[mmap.mmap] = field(default_factory=list)
    _views: list[memoryview] = field(default_factory=list)

    def ignore(self, ids: Sequence[int]) -> None:
        """Take no more bytes of these connections."""
        ignored = self._views[0]
        for one in ids:
            ignored[one & (IGNORED - 1)] = one

    def notice_again(self) -> None:
        """Forget which connections are ignored."""
        self._maps[0][:] = bytes(len(self._maps[0]))

    def shed(self, level: int) -> None:
        """Leave out so many of 256 new connections."""
        self._views[1][0] = level

    def counters(self) -> list[int]:
        """The counts of `records.COUNTERS`, over all processors."""
        table = self.module[b"counters"]
        return [int(sum(table[table.Key(which)])) for which in range(len(COUNTERS))]

    def want(self, pids: Sequence[int]) -> None:
        """Take these processes in."""
        table = self.module[b"pids"]
        for pid in pids:
            table[table.Key(pid)] = table.Leaf(1)

    def wants(self, pid: int) -> bool:
        """Whether this process was taken in, by name or descent as well."""
        table = self.module[b"pids"]
        return table.Key(pid) in table

    def function(self, name: str) -> int:
        """The file descriptor of one of the programs that are not attached by loading, loaded when it is asked for."""
        return int(self.module.load_func(name.encode(), type(self.module).KPROBE, attach_type=MULTI).fd)

    def want_commands(self, names: Sequence[str]) -> None:
        """Take in whatever process becomes one of these commands."""
        table = self.module[b"commands"]
        for name in names:
            key = table.Key()
            key.comm = name.encode()[:15]
            table[key] = table.Leaf(1)

    def close(self) -> None:
        """Detach everything."""
        for view in self._views:
            view.release()
        for each in self._maps:
            each.close()
        self.data.close()
        self.control.close()
        for link in self.links:
            os.close(link)
        _release(self.module)


def load(choice: Choice) -> Program:
    """Compile, load and attach.

    Raises:
        CaptureError: This kernel or this user cannot; with the reason and what mends it.
    """
    bcc = import_bcc()
    flags = [f"-D{name}={value}" for name, value in _defines(choice).items()]
    with stub_headers(), silenced() as said:
        try:
            module = bcc.BPF(text=source().encode(), cflags=[*flags, "-Wno-everything"])
        except Exception as error:
            raise _explained(error, said()) from error
        links = _tell_senders(bcc, module) if choice.datagrams and not choice.by_call else []
    counters = module[b"counters"]
    counters[counters.Key(NO_PEER)] = counters.Leaf()  # of datagrams from before: nobody could have told who sent them
    pages = choice.ring_mib * (1 << 20) // PAGE
    program = Program(
        module, links, Ring(module[b"data"].map_fd, pages), Ring(module[b"control"].map_fd, _CONTROL_PAGES)
    )
    for name, size in ((b"ignored", IGNORED * 8), (b"shed", PAGE)):
        mapped = mmap.mmap(module[name].map_fd, size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        program._maps.append(mapped)
        program._views.append(memoryview(mapped).cast("Q"))
    return program


def _tell_senders(bcc: Any, module: Any) -> list[int]:
    """Attach what tells who sent a datagram; where that cannot be, such datagrams are counted and not seen."""
    links: list[int] = []
    for name, kind in ((b"datagram_from4", cgroup.UDP4_RECVMSG), (b"datagram_from6", cgroup.UDP6_RECVMSG)):
        try:
            function = module.load_func(name, bcc.BPF.CGROUP_SOCK_ADDR, None, kind)
            links.append(cgroup.link(function.fd, kind))
        except Exception:  # noqa: BLE001, S112 - bcc raises plain Exceptions
            continue
    return links


def source() -> str:
    """The programs as one text: bcc compiles from memory, where its own includes are not found beside the file."""
    folder = files("pxcap.bpf") / "programs"

    def inlined(name: str) -> str:
        text = (folder / name).read_text()
        return re.sub(r'^#include "(.*?)"$', lambda match: inlined(match[1]), text, flags=re.MULTILINE)

    return inlined("socket.c")


def _defines(choice: Choice) -> dict[str, str | int]:
    machine = platform.machine()
    if machine not in _NUMBERS:
        raise CaptureError(
            f"live capture by eBPF knows {' and '.join(_NUMBERS)}, this is {machine}", "use --source packet"
        )
    btf = Btf()
    for name, expected in _CHECKED.items():
        if (found := btf.offset("sock_common", name)) != expected:
            raise CaptureError(
                f"this kernel lays out sockets in another way ({name} at {found}, not {expected})",
                "use --source packet, and report the kernel's version",
            )
    defines: dict[str, str | int] = {}
    for struct, member in (*_MEMBERS, *(("pt_regs", name) for name in _REGISTERS[machine])):
        try:
            defines[f"OFF_{struct}_{member.replace('.', '_')}".upper()] = btf.offset(struct, member)
        except UnknownMemberError as error:
            raise CaptureError(f"this kernel is not as expected: {error}", "use --source packet") from error
    defines |= {f"NR_{name.upper()}": number for name, number in zip(_CALLS, _NUMBERS[machine], strict=True)}
    test = "||".join(f"(p)=={port}" for port in sorted(choice.ports)) or "1"
    ours = "||".join(f"(t)=={pid}" for pid in (os.getpid(), *choice.workers))
    defines |= {
        "CHUNK": CHUNK,
        "CHUNKS": -(-choice.payload // CHUNK),
        "PORT_IS(p)": f"({test})",
        "OURS(t)": f"({ours})",
    }
    defines |= {"DATA_PAGES": choice.ring_mib * (1 << 20) // PAGE, "CONTROL_PAGES": _CONTROL_PAGES}
    defines |= {"CPUS": _processors()}
    wanted = {"FILTER_PROCESS": choice.by_process, "TLS": choice.tls, "DATAGRAMS": choice.datagrams}
    wanted["BY_CALL"] = choice.by_call
    return defines | {name: 1 for name, asked in wanted.items() if asked}


def _processors() -> int:
    """A power of two above every processor's number."""
    with open("/sys/devices/system/cpu/possible") as file:
        last = int(re.split(r"[-,]", file.read().strip())[-1])
    return 1 << last.bit_length()


def _release(module: Any) -> None:
    """Detach bcc's module now, and not once more at exit; nothing of what it says is for the person."""
    with silenced():
        for probe in list(module.uprobe_fds):
            # Where tracefs is not mounted bcc closes the probe, and then complains that it has no name there.
            with suppress(Exception):
                module.detach_uprobe_event(probe)
            module.uprobe_fds.pop(probe, None)
        module.cleanup()
    atexit.unregister(module.cleanup)


def _explained(error: Exception, said: str) -> CaptureError:
    """Why loading failed, in one line, out of what libbcc and the kernel said."""
    text = f"{said}\n{error}"
    if found := re.search(r"Failed to attach BPF program raw_tracepoint__(\w+)|raw tracepoint (\w+)", text):
        name = found[1] or found[2]
        return CaptureError(f"this kernel has no tracepoint {name}", "use --source packet")
    if "Operation not permitted" in text or "EPERM" in text or "Need super-user" in text:
        return CaptureError("the kernel refuses to load BPF programs: not permitted", "run as root: sudo pxcap capture")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = next((line for line in lines if "error:" in line), lines[-1] if lines else "no reason was given")
    return CaptureError(f"BPF programs cannot be loaded: {told[:300]}", "pxcap doctor tells what is missing")
