"""The capture file of a capture by sockets."""

from pxcap.bpf.saved.datagrams import SavedDatagrams
from pxcap.bpf.saved.ends import Interfaces
from pxcap.bpf.saved.file import SaveFile
from pxcap.bpf.saved.streams import SavedStreams


class SavedSockets:
    """A file that what sockets moved is written to, as packets.

    Attributes:
        file: Where it goes.
        streams: To be told of TCP connections.
        datagrams: To be told of UDP.
    """

    def __init__(self, file: SaveFile) -> None:
        self.file = file
        interfaces = Interfaces(file)
        self.streams = SavedStreams(file, interfaces)
        self.datagrams = SavedDatagrams(file, interfaces)

    def finish(self) -> None:
        """Write what waits, and close the file; connections that go on get no end."""
        self.datagrams.finish()
        self.file.close()
