"""What the kernel passes on to a packet socket: classic BPF programs, made here or by libpcap.

Expressions are tcpdump's and libpcap compiles them. A plain list of ports needs no libpcap: that program is written here,
with offsets from the network header, so that it fits every kind of interface. Before either goes what chooses the
interfaces, and what shows loopback once: there every packet passes twice, on its way out and back in.
"""

import ctypes
import errno
import os
import socket
import struct
from collections.abc import Collection, Iterable
from typing import Any

from pxcap.core.errors import CaptureError, UsageError

Program = list[tuple[int, int, int, int]]
"""Instructions (linux/filter.h, struct sock_filter): code, jump if true, jump if false, constant."""

LIBRARIES = ("libpcap.so.0.8", "libpcap.so.1")
"""What Debian calls libpcap, and what it is called elsewhere."""
MAX_INSTRUCTIONS = 4096
"""BPF_MAXINSNS: the kernel takes no longer program."""

_LINKS = {1: 1, 101: 12}  # link type to DLT_*, which differ for raw IP
_SNAPLEN = 262144
_SO_ATTACH_FILTER = 26
_LOAD, _LOAD_HALF, _LOAD_BYTE, _LOAD_HALF_AT_X = 0x20, 0x28, 0x30, 0x48
_X_CONSTANT, _X_HEADER_SIZE, _X_IS_A = 0x01, 0xB1, 0x07
_ADD, _SHIFT_LEFT, _SHIFT_RIGHT = 0x04, 0x64, 0x74
_JUMP, _IF_EQUAL, _IF_SET, _RETURN = 0x05, 0x15, 0x45, 0x06
_NET = -0x100000  # SKF_NET_OFF: from the network header
_EXTRA = -0x1000  # SKF_AD_OFF: not of the packet but about it
_PACKET_TYPE, _INTERFACE, _HARDWARE = _EXTRA + 4, _EXTRA + 8, _EXTRA + 28
_OUTGOING, _ARPHRD_LOOPBACK = 4, 772
_HOP_BY_HOP, _FRAGMENT6 = 0, 44
_DROP = (_RETURN, 0, 0, 0)
_PASS = (_RETURN, 0, 0, 0xFFFFFFFF)


def program_for(expression: str, ports: Collection[int], link: int) -> Program:
    """The filter for an expression, for ports, for both (a packet must fit both), or for all packets.

    Args:
        expression: tcpdump's; may be empty.
        ports: TCP or UDP ports, of either end; may be empty.
        link: What packets begin with: link type 1 (Ethernet) or 101 (raw IP).

    Raises:
        UsageError: The expression is wrong.
        CaptureError: It needs libpcap, which is not installed.
    """
    if not expression.strip():
        return ports_program(ports) if ports else [_PASS]
    if ports:
        expression = f"({expression}) and ({expression_for(ports)})"
    return compiled(expression, link)


def expression_for(ports: Collection[int]) -> str:
    """What `ports_program` does, as an expression.

    Later fragments have no ports and belong to any. TCP over IPv6 may be behind hop-by-hop options: so Linux marks
    segments of more than 64 KiB (RFC 2675).
    """
    wanted = sorted(set(ports))
    plain = [f"{protocol} port {port}" for port in wanted for protocol in ("tcp", "udp")]
    jumbo = " or ".join(f"ip6[48:2] = {port} or ip6[50:2] = {port}" for port in wanted)
    behind = f"(ip6[6] = {_HOP_BY_HOP} and ip6[40] = {socket.IPPROTO_TCP} and ({jumbo}))"
    return " or ".join([*plain, behind, "ip[6:2] & 0x1fff != 0", f"ip6[6] = {_FRAGMENT6}"])


def ports_program(ports: Iterable[int]) -> Program:
    """TCP and UDP over IPv4 or IPv6 from or to one of the ports, and fragments; see `expression_for`.

    Raises:
        UsageError: There are too many ports for one program.
    """
    wanted = sorted(set(ports))
    known = [(_IF_EQUAL, 1, 0, socket.IPPROTO_TCP), (_IF_EQUAL, 0, 1, socket.IPPROTO_UDP), (_JUMP, 0, 0, 1), _DROP]
    v4: Program = [
        (_LOAD_BYTE, 0, 0, _NET + 9),
        *known,
        (_LOAD_HALF, 0, 0, _NET + 6),
        (_IF_SET, 0, 1, 0x1FFF),
        _PASS,
        (_X_HEADER_SIZE, 0, 0, _NET),
    ]
    v6: Program = [
        (_X_CONSTANT, 0, 0, 40),
        (_LOAD_BYTE, 0, 0, _NET + 6),
        (_IF_EQUAL, 0, 5, _HOP_BY_HOP),
        (_LOAD_BYTE, 0, 0, _NET + 41),
        (_SHIFT_LEFT, 0, 0, 3),
        (_ADD, 0, 0, 48),
        (_X_IS_A, 0, 0, 0),
        (_LOAD_BYTE, 0, 0, _NET + 40),
        (_IF_EQUAL, 0, 1, _FRAGMENT6),
        _PASS,
        *known,
    ]
    either = [part for port in wanted for part in ((_IF_EQUAL, 0, 1, port), _PASS)]
    program: Program = [
        (_LOAD_BYTE, 0, 0, _NET),
        (_SHIFT_RIGHT, 0, 0, 4),
        (_IF_EQUAL, 0, len(v4) + 1, 4),
        *v4,
        (_JUMP, 0, 0, len(v6) + 2),
        (_IF_EQUAL, 1, 0, 6),
        _DROP,
        *v6,
        (_LOAD_HALF_AT_X, 0, 0, _NET),
        *either,
        (_LOAD_HALF_AT_X, 0, 0, _NET + 2),
        *either,
        _DROP,
    ]
    return _bounded(program, f"{len(wanted)} ports")


def selecting(program: Program, interfaces: Collection[int] = ()) -> Program:
    """Put before a program what shows loopback once and, if any are named, passes only these interfaces (indices)."""
    once: Program = [
        (_LOAD, 0, 0, _HARDWARE),
        (_IF_EQUAL, 0, 3, _ARPHRD_LOOPBACK),
        (_LOAD, 0, 0, _PACKET_TYPE),
        (_IF_EQUAL, 0, 1, _OUTGOING),
        _DROP,
    ]
    chosen: Program = []
    if interfaces:
        chosen.append((_LOAD, 0, 0, _INTERFACE))
        for left, index in zip(range(len(interfaces) - 1, -1, -1), interfaces, strict=True):
            chosen += [(_IF_EQUAL, 0, 1, index), (_JUMP, 0, 0, left * 2 + 1)]
        chosen.append(_DROP)
    return _bounded([*once, *chosen, *program], "the filter")


def compiled(expression: str, link: int) -> Program:
    """Let libpcap compile an expression; see `program_for`."""
    library = _library()
    handle = library.pcap_open_dead(_LINKS[link], _SNAPLEN)
    made = _BpfProgram()
    try:
        if library.pcap_compile(handle, ctypes.byref(made), os.fsencode(expression), 1, 0xFFFFFFFF) != 0:
            said = library.pcap_geterr(handle).decode(errors="replace")
            raise UsageError(f"filter {expression!r}: {said}", "the syntax is tcpdump's: man pcap-filter")
        code = ctypes.string_at(made.instructions, made.count * 8)
        library.pcap_freecode(ctypes.byref(made))
    finally:
        library.pcap_close(handle)
    return [(code, true, false, constant) for code, true, false, constant in struct.iter_unpack("=HBBI", code)]


def attach(packets: socket.socket, program: Program) -> None:
    """Give a socket its filter.

    Raises:
        CaptureError: The kernel does not take it.
    """
    code = b"".join(struct.pack("=HBBI", *part[:3], part[3] & 0xFFFFFFFF) for part in program)
    held = ctypes.create_string_buffer(code, len(code))
    try:
        packets.setsockopt(
            socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(program), ctypes.addressof(held))
        )
    except OSError as err:
        why = "its size is beyond net.core.optmem_max" if err.errno == errno.ENOMEM else os.strerror(err.errno or 0)
        raise CaptureError(f"the kernel refused a filter of {len(program)} instructions ({why})") from err


class _BpfProgram(ctypes.Structure):
    _fields_ = (("count", ctypes.c_uint), ("instructions", ctypes.c_void_p))


def _library() -> Any:
    for name in LIBRARIES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.pcap_open_dead.restype = ctypes.c_void_p
        library.pcap_open_dead.argtypes = [ctypes.c_int, ctypes.c_int]
        library.pcap_compile.argtypes = [
            *(ctypes.c_void_p, ctypes.POINTER(_BpfProgram), ctypes.c_char_p, ctypes.c_int, ctypes.c_uint32)
        ]
        library.pcap_geterr.restype = ctypes.c_char_p
        library.pcap_geterr.argtypes = [ctypes.c_void_p]
        library.pcap_freecode.restype = None
        library.pcap_freecode.argtypes = [ctypes.POINTER(_BpfProgram)]
        library.pcap_close.restype = None
        library.pcap_close.argtypes = [ctypes.c_void_p]
        return library
    hint = "sudo apt install libpcap0.8, or filter by ports alone"
    raise CaptureError("libpcap is not installed: a filter expression needs it", hint)


def _bounded(program: Program, what: str) -> Program:
    if len(program) > MAX_INSTRUCTIONS:
        raise UsageError(f"{what}: a program of {len(program)} instructions, the kernel takes {MAX_INSTRUCTIONS}")
    return program
