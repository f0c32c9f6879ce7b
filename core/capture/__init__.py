"""Capture files as windows of packet columns: pcap and pcapng, plain or compressed, from disk or as they arrive."""

from pxcap.core.capture.reader import CaptureReader

__all__ = ["CaptureReader"]
