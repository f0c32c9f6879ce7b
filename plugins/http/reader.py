"""One direction of a connection: what both have in common.

A reader is always in one mode, and everything that changes it lives in this file and the two readers made from it:

* HEAD: the next byte begins a message.
* BODY: inside a body whose end can be known.
* RESUME: behind a loss. If the bytes begin like a message it is one; else SEARCH.
* SEARCH: skipping to the next start of a message, wherever it stands. Where segments begin is not used: the way bytes
  were cut must not matter.
* ASIDE: waiting for something that only one direction waits for.
"""

from abc import ABC, abstractmethod

from pxcap.core.protocol import TRUNCATED as REASON_TRUNCATED
from pxcap.core.stream import Inbox
from pxcap.plugins.http.body import Body, Framing
from pxcap.plugins.http.headers import Heads
from pxcap.plugins.http.stitch import Exchange
from pxcap.plugins.http.wire import GAP, MAX_HEAD, MAYBE, TRUNCATED, YES

HEAD, BODY, RESUME, SEARCH, ASIDE = range(5)
_WAIT = (0, 0)


def note_of(reason: str) -> int:
    """The note bit of a reason for which bytes are missing."""
    return TRUNCATED if reason == REASON_TRUNCATED else GAP


class Reader(ABC):
    """Reads one direction; holds at most MAX_HEAD bytes (the request reader: MAX_HOLD) and the kept part of one body.

    Attributes:
        inbox: Bytes not consumed yet.
        mode: See the module.
        synced: Messages are known to begin where they are read: what is none is malformed, not the tail of a loss.
        body: Of the current message, while it is being read.
    """

    __slots__ = ("_boundary", "_exchange", "_framing", "_heads", "body", "inbox", "mode", "synced")

    def __init__(self, exchange: Exchange, heads: Heads, midstream: bool) -> None:
        self.inbox = Inbox()
        self.mode = RESUME if midstream else HEAD
        self.synced = not midstream
        self.body: Body | None = None
        self._framing = Framing()
        self._boundary = True
        self._exchange = exchange
        self._heads = heads

    def read(self) -> None:
        """Consume of the inbox what can be consumed."""
        inbox = self.inbox
        while inbox.pos < len(inbox.buf) and not self._exchange.over:
            before = (inbox.pos, self.mode)
            if self.mode == HEAD:
                self._read_heads()
            elif self.mode == BODY:
                self._read_body()
            elif self.mode == RESUME:
                self._resume()
            elif self.mode == SEARCH:
                self._search()
            else:
                self._aside()
            if before == (inbox.pos, self.mode):
                break

    def gap(self, size: int, reason: str) -> None:
        """Go on behind `size` bytes that were not captured."""
        self._lose(size, note_of(reason))
        self.inbox.clear()

    def finish(self) -> None:
        """No more bytes will come: end what is open."""
        inbox = self.inbox
        if self.body is not None:
            self._abandon_body(self.body)
        elif self.mode == HEAD:
            self._cut_head(inbox.pos, len(inbox.buf), TRUNCATED)
        inbox.clear()

    @abstractmethod
    def _read_heads(self) -> None:
        """Read messages from the inbox in a tight loop, until one needs another mode or more bytes."""

    @abstractmethod
    def _cut_head(self, pos: int, end: int, note: int) -> None:
        """Make a message, noted, of what there is of its head in buf[pos:end], if it looks like one."""

    @abstractmethod
    def _end_message(self) -> None:
        """The current body is complete."""

    @abstractmethod
    def _starts(self, piece: bytes) -> int:
        """Whether the bytes begin like a message."""

    @abstractmethod
    def _find(self, buf: bytes, pos: int) -> tuple[int, int]:
        """Where the next message begins, or -1; and the position before which nothing is needed any more."""

    @abstractmethod
    def _aside(self) -> None:
        """Go on in mode ASIDE, if the bytes tell how."""

    @abstractmethod
    def _lost(self) -> None:
        """What comes next is behind a loss of unknown extent."""

    def _skip(self) -> None:
        """Search for the next message from here on."""
        self.mode = SEARCH
        self.synced = False
        self._boundary = True

    def _lose(self, size: int, note: int) -> None:
        """Go on behind lost bytes; those in the inbox came before them."""
        if self.mode == BODY and self.body is not None:
            inside = self._framing.gap(size, self.body, note)
            if self._framing.ended or not inside:
                self._end_message()
            if inside:
                return
        elif self.mode == HEAD:
            self._cut_head(self.inbox.pos, len(self.inbox.buf), note)
        elif self.body is not None:
            self.body.add(self.inbox.buf, self.inbox.pos, len(self.inbox.buf))
            self.body.lose(0, note)
            self._end_message()
        self._lost()

    def _head_end(self, buf: bytes, eol: int) -> tuple[int, int]:
        """Where the last header line of a message ends, and where its head ends; (0, 0) to wait for more.

        `eol` is the end of the start line. Lines end with LF or CRLF (RFC 9112, section 2.2).
        """
        end = buf.find(b"\n\r\n", eol)
        bare = buf.find(b"\n\n", eol, len(buf) if end < 0 else end + 1)
        if bare >= 0:
            return bare, bare + 2
        return (end, end + 3) if end >= 0 else _WAIT

    def _too_long(self, pos: int) -> None:
        """The head at `pos` exceeds MAX_HEAD."""
        if self.synced:
            self._exchange.error("head_too_long")
        self.inbox.pos = pos + MAX_HEAD
        self._cut_head(pos, pos + MAX_HEAD, TRUNCATED)
        self._skip()

    def _read_body(self) -> None:
        inbox, framing, body = self.inbox, self._framing, self.body
        if body is None:
            self.mode = HEAD
            return
        inbox.pos = framing.take(inbox.buf, inbox.pos, body)
        if framing.ended:
            self._end_message()
        elif framing.broken:
            self._exchange.error("chunk")
            body.note |= TRUNCATED
            self._end_message()
            if self.mode == HEAD:
                self._skip()

    def _abandon_body(self, body: Body) -> None:
        """The connection ended inside a body."""
        inbox = self.inbox
        if self.mode == SEARCH:
            body.add(inbox.buf, inbox.pos, len(inbox.buf))
        elif not self._framing.until_close:
            body.note |= TRUNCATED
        self._end_message()

    def _resume(self) -> None:
        inbox = self.inbox
        answer = self._starts(inbox.buf[inbox.pos : inbox.pos + 64])
        if answer == YES:
            self.mode = HEAD
        elif answer != MAYBE:
            self._skip()

    def _search(self) -> None:
        inbox = self.inbox
        found, keep = self._find(inbox.buf, inbox.pos)
        if self.body is not None:
            self.body.add(inbox.buf, inbox.pos, keep)
        if keep > inbox.pos:
            self._boundary = False
        inbox.pos = keep
        if found >= 0:
            if self.body is not None:
                self._end_message()
            else:
                self.mode = HEAD
