"""RESP on the wire: type bytes, limits, and tables that turn a header into a number without parsing it.

Source: the Redis serialization protocol specification (redis.io, protocol 2 and 3) and `networking.c` of Redis 7.0.
"""

CRLF = b"\r\n"

(SIMPLE, ERROR, INTEGER, BULK, ARRAY) = b"+-:$*"
(NULL, DOUBLE, BOOLEAN, BULK_ERROR, VERBATIM, BIG_NUMBER, SET, MAP, ATTRIBUTE, PUSH) = b"_,#!=(~%|>"
(PIECE, END) = b";."  # of a streamed string, of a streamed aggregate

MAX_LINE = 65536  # PROTO_INLINE_MAX_SIZE: longest inline command; longest header or number we wait for
MAX_HEADER = 64  # longest "*N" or "$N" of a request
MAX_BULK = 1 << 30  # twice the default proto-max-bulk-len; a longer one is taken for damage
MAX_ITEMS = (1 << 31) - 1  # networking.c: a longer multibulk is a protocol error
MAX_DEPTH = 128  # of nested replies
MAX_WORD = 64  # longest command name kept

COMMON_BULK = 16384  # longest value the fast loops copy; a longer one is taken in as it comes
SLACK = 1024  # bytes a message may keep beyond one value of the body limit: keys and options around a long value


class Sizes(dict[bytes, int]):
    """Length by bulk header, `b"$5"` to 5, for lengths the fast loops take; KeyError for everything else."""

    def __missing__(self, header: bytes) -> int:
        """Parse a header seen for the first time; what is remembered is bounded by COMMON_BULK."""
        digits = header[1:]
        if header[:1] != b"$" or not digits.isdigit() or len(digits) > 5 or (digits[:1] == b"0" and digits != b"0"):
            raise KeyError(header)
        size = int(digits)
        if size > COMMON_BULK:
            raise KeyError(header)
        self[header] = size
        return size


SIZES = Sizes()


def number(digits: bytes) -> int | None:
    """A signed decimal of at most 19 digits, or None."""
    unsigned = digits[1:] if digits[:1] in (b"-", b"+") else digits
    return int(digits) if unsigned.isdigit() and len(unsigned) < 20 else None


class Bulk:
    """A value of known length, consumed as it comes; keeps at most `room` bytes, from the front.

    Attributes:
        size: True length.
        left: Bytes still to come, the closing CRLF included. As in Redis, that CRLF is not looked at.
        intact: No byte of it was lost.
    """

    __slots__ = ("_kept", "_room", "intact", "left", "size")

    def __init__(self, size: int, room: int) -> None:
        self.size = size
        self.left = size + 2
        self.intact = True
        self._room = room
        self._kept: list[bytes] = []

    def take(self, buf: bytes, pos: int) -> int:
        """Consume from `pos` on; returns the position behind what belonged to it."""
        end = min(pos + self.left, len(buf))
        body = min(end - pos, self.left - 2, self._room)
        if body > 0:
            self._kept.append(buf[pos : pos + body])
            self._room -= body
        self.left -= end - pos
        return end

    def lose(self, count: int) -> None:
        """`count` bytes of it were not captured; nothing behind them is kept."""
        self.left -= count
        if self.left + count > 2:
            self.intact = False
            self._room = 0

    def join(self, data: bytes, size: int) -> None:
        """Append the first bytes of a further piece of `size` bytes, for values whose length is not known before."""
        room = min(len(data), self._room) if self.intact else 0
        if room:
            self._kept.append(data[:room])
            self._room -= room
        self.intact = self.intact and len(data) == size
        self.size += size

    def value(self) -> bytes:
        """The bytes kept."""
        return b"".join(self._kept)
