"""Queries and responses in, rows out.

A response belongs to the query from the other side with its id and its question, sent before it. When several fit (a
client that repeats a query may keep its id) they are answered in order, except that a query older by RETRY than another
is not what the response answers. Queries of a chunk may come ahead of all the responses between them, so only times say
what was sent before what.

Queries without a response and responses without a query become records too. A response without a query is held for a
while: where a capture has packets out of order, the query may follow it within DISORDER. Such a pair is a guess and has
no latency.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Any

from pxcap.core.protocol import LOST, TRUNCATED, Row
from pxcap.plugins.dns.message import ENTRY, Message
from pxcap.plugins.dns.transfer import TRANSFERS, Transfer

Query = tuple[int, int, Message]
"""When it was sent (ns since the epoch), its id, and itself."""

AGE = 60_000_000_000  # ns; no resolver waits longer for an answer
RETRY = 2_000_000_000  # ns; clients wait 1 to 5 s before they ask again
DISORDER = 100_000_000  # ns
MAX_CROWD = 16384  # queries waiting beyond the first of each id, of which there are as many
MAX_SCAN = 256  # queries of one id that a response is compared with
MAX_ORPHANS = 64  # responses held
MAX_TRANSFERS = 64  # zone transfers at once on one connection
MAX_WEIGHT = 16 << 20  # bytes of the queries waiting, estimated; repeated ones weigh nothing


class Matcher:
    """Pairs the messages of one connection.

    Attributes:
        waiting: For each side, its unanswered queries by id. A hot loop may put a query under an id not in use, and
            take one out that is alone under its id (a tuple, not a deque).
    """

    __slots__ = ("_crowd", "_limit", "_orphans", "_transfers", "_transport", "_weight", "waiting")

    def __init__(self, transport: str, limit: int) -> None:
        self.waiting: tuple[dict[int, Query | deque[Query]], dict[int, Query | deque[Query]]] = ({}, {})
        self._limit = limit
        self._transfers: dict[int, Transfer] | None = None
        self._transport = transport
        self._orphans: deque[tuple[int, int, int, Message]] | None = None
        self._crowd = 0
        self._weight = 0

    def ask(self, side: int, query: Query) -> list[Row]:
        """Note a query; returns rows of others that are given up for it."""
        waiting = self.waiting[side]
        earlier = waiting.get(query[1])
        if earlier is None:
            waiting[query[1]] = query
            return []
        if isinstance(earlier, tuple):
            earlier = waiting[query[1]] = deque((earlier,))
        earlier.append(query)
        self._crowd += 1
        if self._crowd > MAX_CROWD:
            self._crowd -= 1
            return self._no_response((earlier.popleft(),))
        return []

    def weigh(self, message: Message) -> list[Row]:
        """Count a query's size; returns rows of the oldest when all that wait are too large together."""
        self._weight += _size(message)
        if self._weight < MAX_WEIGHT:
            return []
        queries = [(query, side) for side in (0, 1) for query in self._unanswered(side)]
        queries.sort(key=lambda waiting: waiting[0][0])
        total = sum(_size(query[2]) for query, _ in queries)  # the answered weigh nothing any more
        given_up = 0
        while total > MAX_WEIGHT // 2:
            total -= _size(queries[given_up][0][2])
            given_up += 1
        if given_up:
            self._clear()
            for query, side in queries[given_up:]:
                self.ask(side, query)
        self._weight = total
        return self._no_response(query for query, _ in queries[:given_up])

    def take(self, side: int, when: int, ident: int, key: str) -> tuple[Query | None, list[Row]]:
        """Take out the query of `side` that a response seen at `when` answers; also rows of queries given up."""
        waiting = self.waiting[side]
        entry = waiting.get(ident)
        if entry is None:
            return None, []
        if isinstance(entry, tuple):
            if entry[0] > when or _choose([entry], when, key) is None:
                return None, []
            del waiting[ident]
            return entry, []
        given_up = []
        queue = entry
        while len(queue) > MAX_SCAN and queue[MAX_SCAN][0] <= when:
            given_up.append(queue.popleft())
            self._crowd -= 1
        chosen = _choose(list(takewhile(lambda query: query[0] <= when, queue)), when, key)
        if chosen is not None:
            self._remove(side, chosen)
        return chosen, self._no_response(given_up)

    def answer(
        self, side: int, when: int, ident: int, response: Message, framed: tuple[bytes, int] | None = None
    ) -> list[Row]:
        """Note a response sent by `side`; returns rows. Over TCP, `framed` is its bytes and when the last was seen."""
        if framed is not None and self._transfers and (transfer := self._transfers.get(ident)) is not None:
            return self._gather(transfer, *framed)
        query, rows = self._question_of(side, when, ident, response)
        if query is not None:
            if framed is not None and query[2].qtype in TRANSFERS:
                return rows + self._gather(Transfer(query, response, self._limit), *framed)
            rows.append(self.pair(query, ident, response, when - query[0]))
            return rows
        if self._orphans is None:
            self._orphans = deque()
        self._orphans.append((when, side, ident, response))
        if len(self._orphans) > MAX_ORPHANS:
            rows += self._settle(*self._orphans.popleft())
        return rows

    def lose(self) -> None:
        """Note that responses were lost: zone transfers that have begun are not whole."""
        for transfer in (self._transfers or {}).values():
            transfer.note = LOST

    def _gather(self, transfer: Transfer, msg: bytes, last: int) -> list[Row]:
        ident = transfer.query[1]
        if self._transfers is None:
            self._transfers = {}
        if transfer.add(msg, last):
            self._transfers.pop(ident, None)
            return [self.transferred(transfer, transfer.note)]
        self._transfers[ident] = transfer
        if len(self._transfers) > MAX_TRANSFERS:
            oldest = self._transfers.pop(next(iter(self._transfers)))
            return [self.transferred(oldest, oldest.note or TRUNCATED)]
        return []

    def expire(self, side: int, now: int) -> list[Row]:
        """Rows of the queries of `side` too old for any response seen at `now` or later."""
        waiting = self.waiting[side]
        old: list[Query] = []
        while waiting:
            ident, entry = next(iter(waiting.items()))
            if now - (entry if isinstance(entry, tuple) else entry[0])[0] <= AGE:
                break
            del waiting[ident]
            if isinstance(entry, tuple):
                old.append(entry)
                continue
            while entry and now - entry[0][0] > AGE:
                old.append(entry.popleft())
                self._crowd -= 1
            self._crowd += not entry  # the first of an id is not of the crowd
            if entry:
                waiting[ident] = entry
        return self._no_response(old)

    def finish(self) -> list[Row]:
        """Rows for everything still open, oldest first."""
        if not (self.waiting[0] or self.waiting[1] or self._orphans or self._transfers):
            return []
        rows: list[Row] = []
        for transfer in (self._transfers or {}).values():
            rows.append(self.transferred(transfer, transfer.note or TRUNCATED))
        for orphan in self._orphans or ():
            rows += self._settle(*orphan)
        rows += self._no_response([*self._unanswered(0), *self._unanswered(1)])
        self._clear()
        self._orphans = self._transfers = None
        rows.sort(key=_first)
        return rows

    def pair(self, query: Query, ident: int, response: Message, latency: int | None, *notes: str) -> Row:
        """The row of a query and its response."""
        sent, asked_ident, asked = query
        return (
            sent,
            f'{{"txid":{asked_ident}{asked.header}',
            asked.body,
            f'{{"txid":{ident}{response.header}',
            response.body,
            asked.qname if asked.key else response.qname,
            asked.qtype if asked.key else response.qtype,
            response.rcode,
            self._transport,
            latency,
            _note(*notes, asked, response) if notes or asked.rare or response.rare else "",
        )

    def transferred(self, transfer: Transfer, *notes: str) -> Row:
        """The row of a zone transfer, latency to its last byte."""
        query = transfer.query
        row = self.pair(query, query[1], transfer.message, transfer.last - query[0], *notes)
        return (*row[:4], transfer.body(), *row[5:])

    def _question_of(self, side: int, when: int, ident: int, response: Message) -> tuple[Query | None, list[Row]]:
        if response.rare and response.rare.names and not response.key:
            return self._by_name(1 - side, when, response.rare.names), []
        return self.take(1 - side, when, ident, response.key)

    def _settle(self, when: int, side: int, ident: int, response: Message) -> list[Row]:
        """A held response: by now a query that was sent before it, or a little later, may have come."""
        rows: list[Row] = []
        for late, notes in ((0, ()), (DISORDER, ("guessed",))):
            query, given_up = self._question_of(side, when + late, ident, response)
            rows += given_up
            if query is not None:
                return [*rows, self.pair(query, ident, response, None if late else when - query[0], *notes)]
        if response.rare and response.rare.dubious:
            return rows
        head = f'{{"txid":{ident}{response.header}'
        body, question = response.body, (response.qname, response.qtype)
        note = _note("no_request", response)
        return [*rows, (when, None, None, head, body, *question, response.rcode, self._transport, None, note)]

    def _no_response(self, queries: Iterable[Query]) -> list[Row]:
        rows: list[Row] = []
        for sent, ident, asked in queries:
            if asked.rare and asked.rare.dubious:
                continue  # its errors are counted
            head = f'{{"txid":{ident}{asked.header}'
            note = _note("no_response", asked)
            rows.append(
                (sent, head, asked.body, None, None, asked.qname, asked.qtype, None, self._transport, None, note)
            )
        return rows

    def _by_name(self, side: int, when: int, names: frozenset[str]) -> Query | None:
        """The oldest query of `side` that asks for one of the records `names` (RFC 6762, section 6: ids do not tell)."""
        owners = {name.rpartition(" ")[0] + " ANY" for name in names} | names
        for query, _ in zip(self._unanswered(side), range(MAX_SCAN), strict=False):
            rare = query[2].rare
            if query[0] <= when <= query[0] + RETRY and rare and not rare.names.isdisjoint(owners):
                self._remove(side, query)
                return query
        return None

    def _remove(self, side: int, query: Query) -> None:
        waiting = self.waiting[side]
        entry = waiting[query[1]]
        if isinstance(entry, tuple):
            del waiting[query[1]]
            return
        del entry[next(index for index, other in enumerate(entry) if other is query)]
        if entry:
            self._crowd -= 1
        else:
            del waiting[query[1]]

    def _unanswered(self, side: int) -> Iterator[Query]:
        for entry in self.waiting[side].values():
            if isinstance(entry, tuple):
                yield entry
            else:
                yield from entry

    def _clear(self) -> None:
        for waiting in self.waiting:
            waiting.clear()
        self._crowd = self._weight = 0


def _choose(queries: list[Query], when: int, key: str) -> Query | None:
    """The query among those of one id that a response with this question answers."""
    if len(queries) == 1 and queries[0][2].key == key and when - queries[0][0] <= AGE:
        return queries[0]
    fitting = [query for query in queries if query[2].key == key]
    if not fitting:
        fitting = [query for query in queries if not (query[2].key and key)]
    for query in fitting:
        if fitting[-1][0] - query[0] <= RETRY and when - query[0] <= AGE:
            return query
    return None


def _note(*parts: str | Message) -> str:
    words = [part if isinstance(part, str) else part.rare.cut if part.rare else "" for part in parts]
    return ",".join(dict.fromkeys(word for word in words if word))


def _size(message: Message) -> int:
    return len(message.body) + ENTRY


def _first(item: tuple[Any, ...]) -> Any:
    return item[0]
