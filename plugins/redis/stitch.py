"""Requests and replies in, rows out.

Replies come in the order of the requests, except that some requests have no reply, some several, and some replies are
pushes that answer nothing. Everything that decides which is which lives here:

* `SUBSCRIBE` and its kin are answered by one confirmation for each channel; the last completes the record.
* A push (RESP3 `>`, a message array in RESP2 subscribed mode, a line of a MONITOR stream) is a record of its own: its
  kind as `req_cmd`, no arguments, no latency.
* `CLIENT REPLY OFF` and `SKIP` silence the server; what is sent then is a record without a reply, and a clean one.
* A request the server could not read is a record only if the server says so.

After a loss `FifoMatcher` finds the order again.
"""

import re
from collections.abc import Iterable

from pxcap.core.matching import MAX_PENDING, FifoMatcher
from pxcap.core.protocol import RESPONSE, Row, Settings
from pxcap.core.text import quote
from pxcap.plugins.redis.pubsub import CONFIRMATIONS, Subscriptions
from pxcap.plugins.redis.redact import redact_line, redact_reply, suspicious
from pxcap.plugins.redis.render import more
from pxcap.plugins.redis.types import Kind, Reply, Request, Special
from pxcap.plugins.redis.wire import ARRAY, BULK, INTEGER, PUSH, SIMPLE
from pxcap.plugins.redis.words import split_words

_ASKED = frozenset({"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"})  # no server confirms these unasked
_PUSH_KIND = re.compile(r"[A-Za-z][A-Za-z_-]{0,31}")
_MONITOR_LINE = re.compile(r"\d+\.\d{6} \[\d+ [^\]]*\] \"")

MAX_WEIGHT = 2 << 20  # bytes all unanswered requests of a connection may take
_INFLATION = 30  # what a byte of requests may weigh at most: the shortest inline command has 6 bytes

Settled = Iterable[tuple[Request | None, Reply | None, bool]]


class Stitcher:
    """Makes the rows of one connection. Pending requests are bounded by the matcher, everything else by the body limit.

    Attributes:
        matcher: Pairs by order.
        rows: Rows made; the parser takes them out.
        replicating: The connection is a replication link: nothing that follows is to be parsed.
    """

    __slots__ = (
        "_answer_lost",
        "_complete",
        "_held",
        "_joined",
        "_monitoring",
        "_mute",
        "_overdue",
        "_settings",
        "_subscriptions",
        "_weight",
        "debris",
        "matcher",
        "replicating",
        "rows",
    )

    def __init__(self, settings: Settings, midstream: bool) -> None:
        self._settings = settings
        self.matcher: FifoMatcher[Request, Reply] = FifoMatcher(sure=not midstream)
        self.rows: list[Row] = []
        self.replicating = False
        self.debris = 0  # replies that cannot be replies: what is left of an aggregate that lost its header
        self._complete = not midstream  # no request was lost since the order was known last
        self._held = 0  # replies the matcher holds
        self._joined = midstream  # no request seen yet of a connection joined in mid-stream
        self._subscriptions = Subscriptions(known=not midstream)
        self._monitoring = False
        self._mute = ""  # CLIENT REPLY: "", "SKIP" (the next one) or "OFF"
        self._weight = 0  # of pending requests, at most
        self._answer_lost = False  # bytes of the server were lost since the last request
        self._overdue = 0  # requests given up whose replies have not come

    @property
    def plain_requests(self) -> bool:
        """Requests may go straight to the end of `matcher.pending`."""
        return self.matcher.sure and not self._mute and not self._answer_lost

    @property
    def plain_replies(self) -> bool:
        """A reply that is no push belongs to the first of `matcher.pending`."""
        return self.matcher.sure and not self._subscriptions.listening and not self._monitoring and not self._overdue

    def request(self, request: Request) -> None:
        """Take the next request."""
        self._joined = False
        answer_lost, self._answer_lost = self._answer_lost, False
        special = request[3]
        if special is not None:
            if special.kind is Kind.ACK:
                self.replicating = self.replicating or not self.matcher.pending
                return
            if special.kind is Kind.REPLY and special.word in ("OFF", "SKIP"):
                if self._mute != "OFF":
                    self._mute = special.word
                self._unanswered(request, "")
                return
            if special.kind is Kind.RESET or (special.kind is Kind.REPLY and special.word == "ON"):
                self._mute = ""
        if self._mute:
            self._mute = "OFF" if self._mute == "OFF" else ""
            self._unanswered(request, "")
        elif self.matcher.sure:
            self.matcher.pending.append(request)
        else:
            if self._gone_on(answer_lost):
                self._settle(self.matcher.settle())
            self._settle(self.matcher.request(request))

    def bound(self, size: int) -> None:
        """Keep pending requests within bounds after `size` bytes of requests were taken: give up the oldest.

        Their replies may still come, and must not be taken for those of younger ones.
        """
        pending = self.matcher.pending
        if not pending:
            self._weight = 0
            return
        self._weight += size * _INFLATION
        if len(pending) <= MAX_PENDING and self._weight <= MAX_WEIGHT:
            return
        self._weight = sum(map(_weight, pending))
        if self._weight > MAX_WEIGHT or len(pending) > MAX_PENDING:
            while self._weight > MAX_WEIGHT // 2 or len(pending) > MAX_PENDING:
                request = pending.popleft()
                self._weight -= _weight(request)
                self._overdue += self.matcher.sure
                self._pair(request, None, False)

    def syncing(self) -> bool:
        """The next reply begins a replication stream, unless it is an error."""
        pending = self.matcher.pending
        return bool(pending) and pending[0][3] is not None and pending[0][3].kind is Kind.SYNC

    def reply(self, reply: Reply) -> None:
        """Take the next reply or push."""
        if self._is_push(reply):
            return
        pending = self.matcher.pending
        self._drop_front(reply)
        if not pending and self._mute == "OFF":
            self._mute = ""  # it was refused
        owed = len(pending) - self._held if not self.matcher.sure or self._answer_lost else 1
        if owed <= 0 and self._complete and not reply.note:
            self.debris += 1
            return
        if self._subscriptions.listening and not reply.error and reply.type in (BULK, INTEGER, SIMPLE):
            self._subscriptions.listening = False  # subscribed RESP2 clients get arrays only
        if self._overdue and self.matcher.sure:
            self._overdue -= 1
            self._pair(None, reply, False)
            return
        if self._answer_lost and not self.matcher.sure:
            reply.note = _notes(reply.note, "guessed")  # the answer to the last request may be what was lost
        settled = self.matcher.response(reply)
        if settled:
            self._settle(settled)
        else:
            self._held += 1

    def gap(self, side: int) -> None:
        """Bytes of a side were lost, and maybe whole messages."""
        if side == RESPONSE:
            self._answer_lost = True
        else:
            if self._held or self._gone_on(self._answer_lost):
                self._settle(self.matcher.settle())  # the client spoke again
            self._complete = False
            self._subscriptions.forget()
        self.lost_track(side)

    def lost_track(self, side: int) -> None:
        """Messages of a side may have gone by unread."""
        if side == RESPONSE and self.matcher.sure:
            self._complete = True
        self._settle(self.matcher.gap(side))
        self.hole(side)
        self._overdue = 0

    def _gone_on(self, answer_lost: bool) -> bool:
        """A client that waits for one answer, and goes on after a loss, had the answer there."""
        alone = len(self.matcher.pending) == 1 and not self.matcher.sure
        return answer_lost and alone and not self._subscriptions.used

    def hole(self, side: int) -> None:
        """Bytes of a side were lost inside a message."""
        pending = self.matcher.pending
        if side == RESPONSE and (
            self._subscriptions.used or any(p[3] is not None and p[3].kind is Kind.CONFIRM for p in pending)
        ):
            self._subscriptions.forget()

    def finish(self) -> None:
        """Rows for everything still open."""
        self._settle(self.matcher.finish())

    # Pushes and confirmations.

    def _is_push(self, reply: Reply) -> bool:
        if reply.note and reply.type in (ARRAY, PUSH):
            self._repair(reply)
        kind = reply.kind
        if reply.type == SIMPLE:
            if not self._monitoring and self.matcher.pending and self.matcher.sure:
                return False
            if _MONITOR_LINE.match(reply.text) is None:
                return False
            self._monitoring = True
            if self._settings.redact:
                words, _ = split_words(reply.text[reply.text.index("] ") + 2 :].encode())
                reply.text = redact_line([w.decode("utf-8", "backslashreplace") for w in words], reply.text)
            self._push("MONITOR", reply)
            return True
        if reply.type == PUSH:
            if kind not in CONFIRMATIONS or not self._confirm(reply):
                self._push(kind.upper() if _PUSH_KIND.fullmatch(kind) else "PUSH", reply)
            return True
        if reply.type != ARRAY:
            return False
        listening = self._subscriptions.listening
        if kind in CONFIRMATIONS and reply.count == 3:
            if self._confirm(reply):
                return True
        elif not self._subscriptions.is_message(reply, self.matcher.pending[0][1] if self.matcher.pending else None):
            return False
        if listening:
            self._push(kind.upper(), reply)
        return listening

    def _repair(self, reply: Reply) -> None:
        """A damaged reply while confirmations are awaited is one of them, if it looks so where it is legible."""
        pending = self.matcher.pending
        special = pending[0][3] if pending else None
        legible = reply.kind.split("...")[0]
        if special and special.kind is Kind.CONFIRM and reply.count == 3 and special.word.startswith(legible):
            reply.kind = special.word

    def _push(self, kind: str, reply: Reply) -> None:
        unasked = kind not in _ASKED and (self._complete or reply.kind not in CONFIRMATIONS)
        note = reply.note if unasked else _notes(reply.note, "no_request")
        self.rows.append((reply.time, kind, None, reply.text, reply.error, None, note))

    def _confirm(self, reply: Reply) -> bool:
        """Count a confirmation and give it to its request; False when none waits for it."""
        word = reply.kind
        special = self._awaiting(word)
        if special is not None and special.expect is None and not special.seen:
            special.expect = self._subscriptions.expected(word)
        left = self._subscriptions.confirm(reply)
        if special is None:
            return False
        special.seen += 1
        special.note = _notes(special.note, reply.note)
        special.last = reply.time
        if sum(map(len, special.parts)) < self._settings.body_limit:
            special.parts.append(reply.text)
        else:
            special.more += 1
        if special.expect is None and left == 0:
            special.expect = special.seen
        if special.seen == special.expect:
            self._confirmed(self.matcher.pending.popleft())
        return True

    def _awaiting(self, word: str) -> Special | None:
        """The special of the first pending request if it awaits this confirmation."""
        pending = self.matcher.pending
        if not self.matcher.sure and pending:
            if (_awaits(pending[-1], word) or _illegible(pending[-1], word)) is None:
                return None
            last = pending.pop()  # a confirmation tells its request: the order is known again
            self._settle(self.matcher.settle())
            pending.append(last)
        self._drop_front(None)
        if pending and (special := pending[0][3]) is not None and special.seen and special.word != word:
            self._confirmed(pending.popleft())
        if not pending:
            return None
        found = _awaits(pending[0], word)
        if found is None and (found := _illegible(pending[0], word)) is not None:
            time, cmd, args, _, note = pending[0]
            pending[0] = (time, cmd, args, found, note)
        return found

    def _confirmed(self, request: Request) -> None:
        """Make the row of a request that was answered by confirmations."""
        time, cmd, args, special, note = request
        if special is None:
            return
        parts = special.parts + ([quote(more(special.more))] if special.more else [])
        text = parts[0] if len(parts) == 1 else "[" + ",".join(parts) + "]"
        note = _notes(note, special.note)
        if special.expect is not None and special.seen < special.expect:
            note = _notes(note, "no_response")
        self.rows.append((time, cmd, args, text, False, special.last - time, note))

    def _drop_front(self, reply: Reply | None) -> None:
        """Take away what the next reply cannot belong to: confirmed requests, and what was no request after all."""
        pending = self.matcher.pending
        while pending and self.matcher.sure:
            special = pending[0][3]
            if special is not None and special.seen and reply is not None:
                self._confirmed(pending.popleft())
            elif special is not None and special.kind is Kind.MALFORMED and not (reply is not None and reply.error):
                pending.popleft()
            else:
                break

    # Rows.

    def _unanswered(self, request: Request, note: str) -> None:
        time, cmd, args, _, own = request
        self.rows.append((time, cmd, args, None, None, None, _notes(own, note)))

    def _settle(self, settled: Settled) -> None:
        for request, reply, guessed in settled:
            self._pair(request, reply, guessed)
        if self.matcher.sure:
            self._held = 0
            self._complete = True

    def _pair(self, request: Request | None, reply: Reply | None, guessed: bool) -> None:
        redact = self._settings.redact
        if request is None:
            if reply is not None:
                text = redact_reply(None, reply.text) if redact and suspicious(reply.text) else reply.text
                note = _notes(reply.note, "no_request", "midstream" if self._joined else "")
                self.rows.append((reply.time, None, None, text, reply.error, None, note))
            return
        time, cmd, args, special, note = request
        if reply is None:
            if special is not None and special.seen:
                self._confirmed(request)
            elif special is None or special.kind is not Kind.MALFORMED:
                self._unanswered(request, "no_response")
            return
        text = reply.text
        if special is not None and not reply.error:
            if special.kind is Kind.MONITOR:
                self._monitoring = reply.text == "OK"
            elif special.kind is Kind.RESET:
                self._monitoring = False
                self._subscriptions.reset()
            elif special.kind is Kind.SECRET:
                text = redact_reply(cmd, text)
        elif redact and not self.plain_replies and suspicious(text):
            text = redact_reply(None, text)
        note = _notes(note, reply.note, "guessed" if guessed else "")
        self.rows.append((time, cmd, args, text, reply.error, reply.time - time, note))


def _awaits(request: Request, word: str) -> Special | None:
    """What is special of a request if it awaits this confirmation."""
    special = request[3]
    return special if special is not None and special.kind is Kind.CONFIRM and special.word == word else None


def _illegible(request: Request, word: str) -> Special | None:
    """The same for a request whose command was lost: the confirmation tells what it was."""
    return Special(Kind.CONFIRM, word) if request[1] == "?" and request[3] is None else None


def _weight(request: Request) -> int:
    """Bytes a pending request takes, about."""
    args = request[2]
    return 170 + len(args) if args != "[]" and args is not None else 120


def _notes(*notes: str) -> str:
    """Notes joined, none twice."""
    return ",".join(dict.fromkeys(n for n in notes if n))
