"""A window of a capture with its packet headers gathered into columns: what the readers make and the flows consume.

Per-packet Python would decide the speed of everything, so headers are read for the whole window at once with numpy, and
only what is not common (fragments, IPv6 extension headers) is walked packet by packet.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
U32 = npt.NDArray[np.uint32]
U16 = npt.NDArray[np.uint16]
U8 = npt.NDArray[np.uint8]

TCP, UDP = 6, 17
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10


@dataclass(slots=True)
class PacketWindow:
    """TCP and UDP packets of a window, in capture order. All arrays have one length.

    Attributes:
        buf: Bytes that `start` points into: the window of the file, with reassembled datagrams appended.
        time: ns since the epoch.
        src_hi, src_lo, dst_hi, dst_lo: Addresses as two 64-bit halves of the IPv6 address, most significant first;
            IPv4 as ::ffff:a.b.c.d.
        sport, dport: Ports.
        proto: TCP or UDP (IANA protocol number).
        flags: TCP flags, low byte (RFC 9293, section 3.1); 0 for UDP.
        seq, ack: TCP sequence and acknowledgement numbers; 0 for UDP.
        start: Index in `buf` of the payload's first byte.
        size: Payload bytes in the capture.
        wire: Payload bytes there were on the wire; more than `size` when the snap length cut the packet.
        ipid: IPv4 identification, 0 for IPv6: tells one packet seen twice from two equal packets.
        tag: Where the packet was seen: Linux cooked packet type and interface index mixed; 0 for other link types.
    """

    buf: bytes
    time: I64
    src_hi: U64
    src_lo: U64
    dst_hi: U64
    dst_lo: U64
    sport: U16
    dport: U16
    proto: U8
    flags: U8
    seq: U32
    ack: U32
    start: I64
    size: I64
    wire: I64
    ipid: U16
    tag: U32

    def __len__(self) -> int:
        """How many packets."""
        return len(self.time)
