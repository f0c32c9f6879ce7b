"""Where one direction of a connection stands, and the frame it is inside of."""

from pxcap.core.stream import Inbox
from pxcap.plugins.kafka.request import Request
from pxcap.plugins.kafka.walker import Walk


class Frame:
    """A frame that is not whole yet: its bytes are held, or walked as they come, or passed over.

    Args:
        size: Bytes of it, its length included.
        time: Of its first byte, ns since the epoch.
        need: Bytes after which it is walked; its size when it is to be held whole.

    Attributes:
        size, time, need: As given.
        left: Bytes still to come.
        pieces: Bytes so far; None once it is walked or passed over.
        walk: Reads its body; None when it is held or passed over.
        ident: Correlation id.
        request: The request itself without its body, or the one it answers; None when that is not known.
        text: What is shown of a body that is not walked.
        token: It is a raw SASL token.
        damaged: Bytes of it are missing.
    """

    __slots__ = ("damaged", "ident", "left", "need", "pieces", "request", "size", "text", "time", "token", "walk")

    def __init__(self, size: int, time: int, need: int) -> None:
        self.size = self.left = size
        self.time = time
        self.need = need
        self.pieces: list[bytes] | None = []
        self.walk: Walk | None = None
        self.ident = 0
        self.request: Request | None = None
        self.text = "{}"
        self.token = False
        self.damaged = False

    @property
    def ripe(self) -> bool:
        """Its header is there and it is too long to be held."""
        return self.pieces is not None and self.need < self.size and self.size - self.left >= self.need

    def take(self, data: bytes) -> int:
        """Take what belongs to it from the beginning of `data`; returns how much that was."""
        cut = min(self.left, len(data))
        piece = data if cut == len(data) else data[:cut]
        self.left -= cut
        if self.pieces is not None:
            self.pieces.append(piece)
        elif self.walk is not None:
            self.walk.feed(piece)
        return cut

    def lose(self, size: int) -> int:
        """`size` bytes were not captured; returns how many of them lie behind the frame."""
        cut = min(self.left, size)
        self.left -= cut
        self.damaged = True
        if self.walk is not None:
            self.walk.lose(cut)
        return size - cut

    def held(self) -> bytes:
        """The bytes so far, which are not held any more."""
        data = b"".join(self.pieces or ())
        self.pieces = None
        return data


class Lane:
    """One direction.

    Attributes:
        inbox: Bytes not consumed: less than a header, or what is looked through after a loss.
        frame: The frame that is not whole, if any.
        lost: It is not known where the next frame begins.
    """

    __slots__ = ("frame", "inbox", "lost")

    def __init__(self, lost: bool) -> None:
        self.inbox = Inbox()
        self.frame: Frame | None = None
        self.lost = lost
