"""Requests: arrays of bulk strings, and inline commands.

`RequestReader` takes in one request, however large and however cut, and keeps only what is shown. Nothing is read twice,
so a long request that comes in small pieces costs no more than its bytes.
"""

from functools import lru_cache

from pxcap.core.text import REDACTED, to_text
from pxcap.plugins.redis.redact import SECRET_COMMANDS, has_secret_reply, redact_args, redact_unparsed
from pxcap.plugins.redis.render import json_array, more, shown
from pxcap.plugins.redis.types import Kind, Request, Special
from pxcap.plugins.redis.wire import (
    CRLF,
    MAX_BULK,
    MAX_HEADER,
    MAX_ITEMS,
    MAX_LINE,
    MAX_WORD,
    SLACK,
    Bulk,
    number,
)
from pxcap.plugins.redis.words import split_words

_LOST_WORD = b"?"
_SUBSCRIBE = frozenset({"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"})
_UNSUBSCRIBE = frozenset({"UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"})
SPECIAL_COMMANDS = frozenset(
    {*SECRET_COMMANDS, *_SUBSCRIBE, *_UNSUBSCRIBE, "CLIENT", "MONITOR", "PSYNC", "REPLCONF", "RESET", "SYNC"}
)


@lru_cache(maxsize=1024)
def word_text(word: bytes) -> str:
    """A command name as it is stored: upper case."""
    return to_text(word.upper())


class RequestReader:
    """Takes in one request at a time; call `start`, then `run` until it is `complete` or `bad`.

    Holds at most the body limit and SLACK bytes of values.

    Attributes:
        started: It is inside a request.
        complete: The request is whole, or was nothing (an empty line, an empty array).
        bad: Why this is no request, else empty.
        inline: The client has used inline commands.
        bulk: The value it is in.
    """

    __slots__ = (
        "_args", "_keep", "_left", "_limit", "_more", "_note", "_redact", "_want", "_word",
        "bad", "bulk", "complete", "inline", "started", "time",
    )  # fmt: skip

    def __init__(self, limit: int, redact: bool) -> None:
        self._limit = limit
        self._redact = redact
        self.started = False
        self.inline = False
        self.start(0)
        self.started = False

    def start(self, time: int) -> None:
        """Begin a request whose first byte was seen at `time`."""
        self.started = True
        self.complete = False
        self.bad = ""
        self.time = time
        self.bulk: Bulk | None = None
        self._word: bytes | None = None
        self._args: list[tuple[bytes, int]] = []
        self._keep = True
        self._left = self._limit + SLACK
        self._more = 0
        self._note = ""
        self._want = -1  # bulks still to come; -1 before the header

    def run(self, buf: bytes, pos: int) -> int:
        """Consume bytes; returns how far it came. What is left is the part of a line, never more than MAX_LINE."""
        while True:
            bulk = self.bulk
            if bulk is not None:
                pos = bulk.take(buf, pos)
                if bulk.left:
                    return pos
                self._end_bulk(bulk)
            elif self._want < 0 and buf[pos : pos + 1] != b"*":
                self.inline = True
                return self._inline(buf, pos)
            else:
                stop = buf.find(CRLF, pos, pos + MAX_HEADER + 2)
                if stop < 0:
                    if len(buf) - pos >= MAX_HEADER + 2:
                        self._fail("header too long")
                    return pos
                self._header(buf[pos:stop])
                if self.bad:
                    return pos
                pos = stop + 2
            if self.complete:
                return pos

    def lose(self, count: int, reason: str) -> int:
        """`count` bytes were not captured; returns how many of them lie behind the value it was in."""
        bulk = self.bulk
        if bulk is None:
            return count
        covered = min(count, bulk.left)
        bulk.lose(covered)
        if not bulk.intact:
            self._note = reason
        if not bulk.left:
            self._end_bulk(bulk)
        return count - covered

    def take(self) -> Request | None:
        """The request that is complete; None when it was nothing."""
        self.started = False
        if self._word is None:
            return None
        return self._build(self._word)

    def abandon(self, reason: str) -> Request | None:
        """What is known of the request that was cut off, None when not even its command is."""
        self.started = False
        if self._word is None:
            return None
        self._note = reason
        if self.bulk is not None:
            self._end_bulk(self.bulk)
        return self._build(self._word)

    def malformed(self) -> Request:
        """What was readable of the request that is `bad`; it is a record only if the server complains of it."""
        self.started = False
        words = [shown(data, size) for data, size in self._args]
        if self._word is not None:
            words.insert(0, to_text(self._word))
        if self._redact:
            words = redact_unparsed(words)
        return (self.time, "?", json_array(words), Special(Kind.MALFORMED), "")

    def _build(self, word: bytes) -> Request:
        cmd = word_text(word)
        texts = [shown(data, size) for data, size in self._args]
        special = None
        if cmd in SPECIAL_COMMANDS:
            special = _special(cmd, texts, len(texts) + self._more, self._redact)
            if self._redact:
                texts = self._redacted(cmd, texts)
        elif word == _LOST_WORD and self._redact:
            texts = [REDACTED] * len(texts)
        if self._more:
            texts.append(more(self._more))
        return (self.time, cmd, json_array(texts), special, self._note)

    def _redacted(self, cmd: str, texts: list[str]) -> list[str]:
        """Secrets replaced; from an argument on that is not whole nothing tells what the next ones are."""
        out = redact_args(cmd, texts)
        if cmd in SECRET_COMMANDS:
            cut = next((i for i, (data, size) in enumerate(self._args) if len(data) < size), len(out))
            out[cut:] = [REDACTED] * (len(out) - cut)
        return out

    def _fail(self, why: str) -> None:
        self.bad = why

    def _header(self, line: bytes) -> None:
        value = number(line[1:])
        if self._want < 0:
            if value is None or value > MAX_ITEMS:
                self._fail("invalid multibulk length")
            elif value <= 0:
                self.complete = True
            else:
                self._want = value
        elif line[:1] != b"$" or value is None or not 0 <= value <= MAX_BULK:
            self._fail("invalid bulk length")
        else:
            room = self._room(value) if self._word is not None else min(value, MAX_WORD)
            self.bulk = Bulk(value, room)

    def _room(self, size: int) -> int:
        """How much of an argument is kept: up to the limit, and none once one did not fit in what is left."""
        keep = min(size, self._limit)
        if self._keep and max(keep, 1) <= self._left:
            self._left -= max(keep, 1)
            return keep
        self._keep = False
        return 0

    def _end_bulk(self, bulk: Bulk) -> None:
        self.bulk = None
        value = bulk.value()
        if self._word is None:
            known = bulk.intact and not bulk.left
            self._word = (value + b"..." if bulk.size > MAX_WORD else value) if known else _LOST_WORD
        elif self._keep:
            self._args.append((value, bulk.size))
        else:
            self._more += 1
        self._want -= 1
        self.complete = self._want == 0

    def _inline(self, buf: bytes, pos: int) -> int:
        stop = buf.find(b"\n", pos, pos + MAX_LINE)
        if stop < 0:
            if len(buf) - pos >= MAX_LINE:
                self._fail("inline command too long")
            return pos
        words, whole = split_words(buf[pos:stop])
        for word in words:
            if self._word is None:
                self._word = word if len(word) <= MAX_WORD else word[:MAX_WORD] + b"..."
                continue
            room = self._room(len(word))
            if self._keep:
                self._args.append((word[:room], len(word)))
            else:
                self._more += 1
        if not whole:
            self._fail("unbalanced quotes")
        self.complete = True
        return stop + 1


def _special(cmd: str, args: list[str], count: int, redact: bool) -> Special | None:
    first = args[0].upper() if args else ""
    if cmd in _SUBSCRIBE:
        return Special(Kind.CONFIRM, cmd.lower(), count)
    if cmd in _UNSUBSCRIBE:
        return Special(Kind.CONFIRM, cmd.lower(), count or None)
    if cmd == "CLIENT" and first == "REPLY" and len(args) == 2:
        return Special(Kind.REPLY, args[1].upper())
    if cmd == "REPLCONF" and first == "ACK":
        return Special(Kind.ACK)
    if redact and has_secret_reply(cmd, args):
        return Special(Kind.SECRET)
    simple = {"MONITOR": Kind.MONITOR, "RESET": Kind.RESET, "PSYNC": Kind.SYNC, "SYNC": Kind.SYNC}
    return Special(simple[cmd]) if cmd in simple else None
