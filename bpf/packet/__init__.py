"""Live packets from AF_PACKET sockets; needs no more than the capability CAP_NET_RAW."""

from pxcap.bpf.packet.source import Counts, Frames, PacketSource

__all__ = ["Counts", "Frames", "PacketSource"]
