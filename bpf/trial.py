"""Asking the kernel for each thing live capture needs, in the smallest way, and giving it back at once.

What a kernel is configured for does not tell what it allows here and now. So each function does the thing, past bcc, so
that a machine without bcc is told the rest as well; it raises the kernel's own `OSError` when it is refused.
"""

import ctypes
import os
import socket
import struct

from pxcap.bpf.syscalls import bpf
from pxcap.bpf.uprobe import open_probe

# include/uapi/linux/bpf.h
_PROBE_READ_KERNEL, _GET_CURRENT_TASK_BTF, _TASK_PT_REGS = 113, 158, 175
_MAP_CREATE, _PROG_LOAD, _RAW_TRACEPOINT_OPEN = 0, 5, 17
_RING_BUFFER, _RAW_TRACEPOINT = 27, 17
_SOL_PACKET, _PACKET_RX_RING, _PACKET_VERSION, _TPACKET_V3 = 263, 5, 10, 2
_NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST_DUMP, _NLMSG_ERROR = 4, 20, 0x301, 2


def load_program() -> None:
    """Load a program that calls the helpers pxcap's programs call."""
    os.close(_program())


def attach_hook(name: str) -> None:
    """Attach a program to a raw tracepoint, such as "sock_send_length", and detach it."""
    program = _program()
    label = ctypes.create_string_buffer(name.encode())
    try:
        os.close(bpf(_RAW_TRACEPOINT_OPEN, struct.pack("=QI4x", ctypes.addressof(label), program)))
    finally:
        os.close(program)


def make_ring() -> None:
    """Make a BPF ring buffer of one page."""
    os.close(bpf(_MAP_CREATE, struct.pack("=IIII", _RING_BUFFER, 0, 0, os.sysconf("SC_PAGESIZE"))))


def probe_function() -> None:
    """Place a probe into a file of ours that no program executes, and take it out."""
    os.close(open_probe(__file__, 0))


def open_packet_socket() -> None:
    """Open a packet socket that sees nothing."""
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()


def make_packet_ring() -> None:
    """Give such a socket a ring of blocks (TPACKET_V3)."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as packets:
        packets.setsockopt(_SOL_PACKET, _PACKET_VERSION, _TPACKET_V3)
        block = 1 << 16
        packets.setsockopt(_SOL_PACKET, _PACKET_RX_RING, struct.pack("=7I", block, 1, 2048, block // 2048, 60, 0, 0))


def list_sockets() -> None:
    """Ask the kernel for the TCP sockets that listen (sock_diag(7))."""
    request = struct.pack("=BBBxI48x", socket.AF_INET, socket.IPPROTO_TCP, 0, 1 << 10)
    header = struct.pack("=IHHII", 16 + len(request), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST_DUMP, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as netlink:
        netlink.settimeout(5)
        netlink.send(header + request)
        answer = netlink.recv(1 << 16)
    if struct.unpack_from("=H", answer, 4)[0] == _NLMSG_ERROR:
        number = -struct.unpack_from("=i", answer, 16)[0]
        raise OSError(number, os.strerror(number))


def _program() -> int:
    """The file descriptor of a program of the kind and with the helpers of pxcap's."""
    instructions = [
        (0xBF, 0xA1, 0, 0),  # r1 = r10
        (0x07, 0x01, 0, -8),  # r1 += -8
        (0xB7, 0x02, 0, 8),  # r2 = 8
        (0xB7, 0x03, 0, 0),  # r3 = 0
        (0x85, 0, 0, _PROBE_READ_KERNEL),
        (0x85, 0, 0, _GET_CURRENT_TASK_BTF),
        (0xBF, 0x01, 0, 0),  # r1 = r0
        (0x85, 0, 0, _TASK_PT_REGS),
        (0xB7, 0, 0, 0),  # r0 = 0
        (0x95, 0, 0, 0),  # exit
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=BBhi", *part) for part in instructions))
    licence = ctypes.create_string_buffer(b"GPL")
    where = (ctypes.addressof(code), ctypes.addressof(licence))
    return bpf(_PROG_LOAD, struct.pack("=IIQQ", _RAW_TRACEPOINT, len(instructions), *where))
