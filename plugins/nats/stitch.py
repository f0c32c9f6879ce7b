r"""Which message answers which, and the rows that come of it. Every message is one row, or one half of one.

* A PUB with a reply subject that the connection subscribes to waits in `requests` for a delivery on that subject.
* A delivery with a reply subject waits in `awaited` for a PUB to that subject: the responder's view, and JetStream's acks.
* In verbose mode +OK and -ERR answer CONNECT, PUB, SUB and UNSUB in order; without it, CONNECT waits for what comes first.
* PING is answered by PONG, in order, both ways (`pings`).
* A pull request counts what its consumer delivers (`pulls`), which are rows of their own, and ends with its status.
"""

from collections.abc import Iterable

from pxcap.core.matching import FifoMatcher
from pxcap.core.protocol import REQUEST, RESPONSE, Row, Settings
from pxcap.core.text import quote, to_text
from pxcap.plugins.nats.failures import About, about, error_row, error_text
from pxcap.plugins.nats.jetstream import PROGRESS, batch_size, is_pull
from pxcap.plugins.nats.options import connect_body, info_body
from pxcap.plugins.nats.pings import Pings
from pxcap.plugins.nats.pulls import Pulls, pull_row
from pxcap.plugins.nats.render import answer_text, answered, notes, row, subscription, waiting
from pxcap.plugins.nats.requests import Requests
from pxcap.plugins.nats.subscriptions import Subscriptions
from pxcap.plugins.nats.types import Message, Pull, Waiting
from pxcap.plugins.nats.wire import LINKS, PAYLOAD_VERBS

MAX_WEIGHT = 2 << 20  # bytes of text and what holds it, of records that wait
OWN_WEIGHT = 400  # of a waiting record, without its texts
_Order = tuple[
    Waiting | None, str
]  # a record that +OK or -ERR answers, or the reply subject of a request only -ERR answers


class Stitcher:
    """Matches the messages of one connection.

    Attributes:
        rows: Rows made and not yet taken.
        requests: Requests by reply subject. A hot loop may take from it.
        awaited: Deliveries by the subject their answer goes to. A hot loop may take from it.
        weight: Bytes of what waits, about.
        subs: What is subscribed to.
        verbose: Operations are answered by +OK.
        max_payload: What the server accepts, by its INFO; 0 when not known.
        link: Name of the link between servers this turned out to be, or empty.
        two_way: Something was subscribed to: the client may answer the server.
    """

    def __init__(self, settings: Settings, joined: bool) -> None:
        self._limit = settings.body_limit
        self._redact = settings.redact
        self.rows: list[Row] = []
        self.requests = Requests(joined)
        self.awaited: dict[str, Waiting] = {}
        self._pulls = Pulls()
        self.weight = 0
        self.subs = Subscriptions()
        self.verbose = not joined  # the server's default, until CONNECT says otherwise
        self.link = ""
        self.two_way = False
        self._oks: FifoMatcher[_Order, Message] = FifoMatcher(not joined)
        self._pings = Pings(joined)
        self._pings.rows = self.rows
        self.max_payload = 0
        self._connect: Waiting | None = None
        self._broken: Waiting | None = None
        self._refusal: Message | None = None
        self._request_gap = -1
        self._introduced = False  # a CONNECT was seen

    @property
    def plain(self) -> bool:
        """Whether publications and deliveries need nothing but `requests` and `awaited`."""
        return not (self.verbose or self._connect or self._pulls or self.subs.counting)

    @property
    def orderly(self) -> bool:
        """Whether what is answered in order is known to be in order."""
        return self._oks.sure and self._pings.sure

    def take_rows(self) -> list[Row]:
        """The rows made since the last time."""
        rows = self.rows
        if rows:
            self.rows = self._pings.rows = []
        return rows

    # What the client sends.

    def request(self, message: Message) -> None:
        """Take a message of the client."""
        verb = message.verb
        if verb in ("PUB", "HPUB"):
            self._publication(message)
        elif verb == "PING":
            self._pings.client_ping(message.time)
        elif verb == "PONG":
            self._pings.client_pong(message.time)
        elif verb == "SUB":
            self.two_way = True
            self.subs.add(message.sid, message.subject)
            self._operation(subscription(message))
        elif verb == "UNSUB":
            self._unsubscribe(message)
        elif verb == "CONNECT":
            self._introduced = True
            body, options = connect_body(message.text, self._redact)
            self.verbose = options is None or options.get("verbose", True) is not False
            record = (message.time, verb, body[:-1], None, None, None, None, message.note)
            if self.verbose:
                self._operation(record)
            else:
                self._end_connect()
                self._connect = record
        elif verb in LINKS or verb == "INFO":
            self.link = LINKS.get(verb, "route_link")
        else:
            text = quote(to_text(message.text[: self._limit]))
            self._fail((message.time, "?", '{"line":' + text, None, None, None, None, message.note))

    def broken(self, message: Message) -> None:
        """Take a publication that does not end where it said: the server will complain of it."""
        self._fail(waiting(message, self._limit))

    def _fail(self, record: Waiting | None) -> None:
        """What the server will complain of; what it did not complain of before is a record if it was a publication."""
        before, self._broken = self._broken, record
        if before is not None and before[1] != "?":
            self.rows.append(row(before, note="no_response"))

    def _operation(self, record: Waiting) -> None:
        """A record that +OK or -ERR answers in verbose mode, and nothing else does."""
        if self.verbose:
            self.weight += _weight(record)
            self._settle_oks(self._oks.request((record, "")))
        else:
            self.rows.append(row(record))

    def _publication(self, message: Message) -> None:
        delivery = self.awaited.get(message.subject)
        if delivery is not None and not message.payload.startswith(PROGRESS):
            del self.awaited[message.subject]
            self.weight -= _weight(delivery)
            if self.requests.lost[RESPONSE]:
                self.requests.remember(message.subject)
            self.rows.append(answered(delivery, message, self._limit))
            if self.verbose:
                self._settle_oks(self._oks.request((None, "")))
            return
        if not message.reply and delivery is None:
            message.note = notes(message.note, self.requests.orphan(message.subject, RESPONSE, True))
        record = waiting(message, self._limit)
        if 0 < self.max_payload < message.size + message.head_size:
            if self._refusal is not None:
                self.rows.append(row(record, error_text(self._refusal, self._limit), self._refusal.time))
                self._refusal = None
            else:
                self._fail(record)  # the server will not take it
            return
        if not message.reply:
            self._operation(record)
            return
        self.ask(record, message.reply, message)
        if self.verbose and message.reply in self.requests.by_reply:
            self._settle_oks(self._oks.request((None, message.reply)))

    def ask(self, record: Waiting, reply: str, message: Message | None = None) -> None:
        """A publication that names a reply subject: it waits if the reply can come this way."""
        sid = self.subs.sid_for(reply)
        if not sid and not self.requests.lost[REQUEST]:
            self._operation(record)
            return
        self.two_way = True
        held: Waiting | Pull = record
        if message is not None and is_pull(message.subject):
            held = Pull(record, batch_size(message.payload))
            for gone in self._pulls.add(sid, held):
                self.requests.forget(gone)
                self._pulled(gone)
        self.weight += _weight(record)
        self.requests.add(reply, held)

    def _unsubscribe(self, message: Message) -> None:
        subject = self.subs.by_sid.get(message.sid)
        self._operation(subscription(message))
        if message.maximum:
            self.subs.end_after(message.sid, message.maximum)
            return
        for pull in self._pulls.end(message.sid):
            self.requests.forget(pull)
            self._pulled(pull)
        while subject is not None and subject in self.requests.by_reply:
            self._give_up(subject)
        self.subs.remove(message.sid)

    # What the server sends.

    def response(self, message: Message) -> None:
        """Take a message of the server."""
        verb = message.verb
        if verb in PAYLOAD_VERBS:
            self._delivery(message)
        elif verb == "+OK":
            if not self._introduced and self.requests.lost[REQUEST]:
                self.verbose = True
            self._end_connect()
            self._settle_oks(self._oks.response(message))
        elif verb == "-ERR":
            self._error(message)
        elif verb == "PONG":
            self._end_connect()
            self._pings.server_pong(message.time)
        elif verb == "PING":
            self._pings.server_ping(message.time)
        elif verb == "INFO":
            body, options = info_body(message.text)
            limit = options.get("max_payload") if options else None
            self.max_payload = limit if isinstance(limit, int) else 0
            self.rows.append(row((message.time, verb, body[:-1], None, None, None, None, message.note)))
        elif verb in LINKS:
            self.link = LINKS[verb]

    def _delivery(self, message: Message) -> None:
        self._end_connect()
        if self.subs.counting:
            self.subs.delivered(message.sid)
        held = self.requests.by_reply.get(message.subject)
        if held is not None:
            if not isinstance(held, Pull):
                self.answer(message)
                return
            if message.head_size and not message.reply and self._status(held, message):
                return
        if self._pulls and message.reply.startswith("$JS.ACK."):
            self._count_pulled(message)
        self.deliver(waiting(message, self._limit), message.sid)

    def answer(self, message: Message) -> None:
        """A delivery on the reply subject of a request that is no pull."""
        self.rows.append(answered(self.take(message.subject), message, self._limit))

    def take(self, subject: str) -> Waiting:
        """Take out the oldest request under a reply subject, which must be there and no pull."""
        held = self.requests.take(subject)
        assert isinstance(held, tuple)
        self.weight -= _weight(held)
        return held

    def deliver(self, record: Waiting, sid: str) -> None:
        """A delivery that answers nothing: it waits if an answer to it can come."""
        reply = record[4]
        if reply is not None and reply not in self.awaited:
            self.two_way = True
            self.weight += _weight(record)
            self.awaited[reply] = record
            return
        self.rows.append(row(record, note=self.requests.orphan(record[3] or "", REQUEST, sid in self.subs.by_sid)))

    def _status(self, pull: Pull, message: Message) -> bool:
        """A status message on a pull request's inbox: ends it, unless it only says that the server is alive."""
        text = answer_text(message, self._limit)
        if text.startswith("100"):
            return False
        if message.sid not in self.subs.by_sid:
            self.subs.add(message.sid, message.subject)  # its SUB was lost
        self.requests.take(message.subject)
        self._pulls.remove(pull)
        self._pulled(pull, text, message.time)
        return True

    def _count_pulled(self, message: Message) -> None:
        known = message.sid in self.subs.by_sid
        pull = self._pulls.count(message.sid if known else "", message.time)
        if pull is not None:
            self.requests.forget(pull)
            self._pulls.remove(pull)
            self._pulled(pull)

    def _pulled(self, pull: Pull, status: str = "", at: int | None = None) -> None:
        self.weight -= _weight(pull.waiting)
        self.rows.append(pull_row(pull, status, at))

    def _error(self, message: Message) -> None:
        kind, resp = about(message.text), error_text(message, self._limit)
        if self._broken is not None and kind in (About.UNREAD, About.TOO_BIG):
            self.rows.append(row(self._broken, resp, message.time))
            self._broken = None
        elif kind is About.TOO_BIG and self.max_payload and self._refusal is None:
            self._refusal = message  # the publication is still being sent
        elif self._connect is not None and kind is About.CONNECT:
            self.rows.append(row(self._connect, resp, message.time))
            self._connect = None
        elif self.verbose and self._oks.pending and kind in (About.CONNECT, About.OPERATION):
            self._settle_oks(self._oks.response(message))
        else:
            self._end_connect()
            self.rows.append(error_row(message, self._limit))

    # Pairs in order.

    def _settle_oks(self, settled: Iterable[tuple[_Order | None, Message | None, bool]]) -> None:
        for order, message, guessed in settled:
            self._settle_ok(order, message, "guessed" if guessed else "")

    def _settle_ok(self, order: _Order | None, message: Message | None, note: str) -> None:
        resp = None if message is None else error_text(message, self._limit) if message.verb == "-ERR" else "+OK"
        if order is None:
            if message is not None:
                body = '{"answer":' + quote(resp or "")
                self.rows.append(row((message.time, message.verb, body, None, None, None, None, "no_request"), resp))
            return
        record, reply = order
        if record is not None:
            self.weight -= _weight(record)
            at = None if message is None else message.time
            self.rows.append(row(record, resp, at, "no_response" if message is None and not self.link else note))
        elif reply and message is not None and message.verb == "-ERR":
            held = self.requests.take(reply)
            if held is not None:
                record = held.waiting if isinstance(held, Pull) else held
                self.weight -= _weight(record)
                self.rows.append(row(record, resp, message.time, note))
                if isinstance(held, Pull):
                    self._pulls.remove(held)

    def _end_connect(self) -> None:
        """The server went on: it has taken the CONNECT."""
        if self._connect is not None:
            self.rows.append(row(self._connect))
            self._connect = None

    # Bookkeeping.

    def waits(self, record: Waiting, sign: int) -> None:
        """Count a record that begins (1) or ends (-1) to wait."""
        self.weight += sign * _weight(record)

    def _give_up(self, reply: str) -> None:
        held = self.requests.take(reply)
        if isinstance(held, Pull):
            self._pulls.remove(held)
            self._pulled(held)
        elif held is not None:
            self.weight -= _weight(held)
            expected = reply.startswith("_INBOX.") or self.subs.sid_for(reply)  # else it may have been wanted elsewhere
            self.rows.append(row(held, note="no_response" if expected else ""))

    def _unanswered(self, delivery: Waiting) -> None:
        self.weight -= _weight(delivery)
        self.rows.append(row(delivery, note="no_response" if delivery[0] <= self._request_gap else ""))

    def gap(self, side: int, time: int) -> None:
        """Bytes of a side were lost, and maybe whole messages."""
        self.requests.lost[side] = True
        self._settle_oks(self._oks.gap(side))
        self._pings.gap(side)
        if side == REQUEST:
            self._request_gap = time
            if not self._introduced:
                self.verbose = False  # its CONNECT was lost: +OK will tell
        else:
            self._pulls.doubt()

    def bound(self) -> None:
        """Give up the oldest while too much waits."""
        while self.weight > MAX_WEIGHT and (self.awaited or self.requests or self._oks.pending):
            if len(self.awaited) >= max(len(self.requests), len(self._oks.pending)):
                self._unanswered(self.awaited.pop(next(iter(self.awaited))))
            elif self.requests and len(self.requests) >= len(self._oks.pending):
                self._give_up(next(iter(self.requests.by_reply)))
            else:
                self._settle_ok(self._oks.pending.popleft(), None, "")

    def finish(self) -> None:
        """Rows for everything still open."""
        self._end_connect()
        self._fail(None)
        if self._refusal is not None:
            self.rows.append(error_row(self._refusal, self._limit))
        self._settle_oks(self._oks.finish())
        self._pings.finish()
        while self.requests:
            self._give_up(next(iter(self.requests.by_reply)))
        for delivery in self.awaited.values():
            self._unanswered(delivery)
        self.awaited.clear()


def _weight(record: Waiting) -> int:
    return OWN_WEIGHT + len(record[2]) + len(record[3] or "") + len(record[5] or "")
