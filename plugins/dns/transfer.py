"""Zone transfers: one answer in many messages (AXFR, RFC 5936, section 2.2; IXFR, RFC 1995, section 4)."""

from pxcap.plugins.dns.header import read_head
from pxcap.plugins.dns.message import Message, closing
from pxcap.plugins.dns.sections import Walk

_IXFR = "IXFR"
TRANSFERS = frozenset({"AXFR", _IXFR})
"""Types of question whose answer may take many messages."""


class Transfer:
    """The answer to one query, gathered within `limit` characters.

    Attributes:
        query: When the query was sent (ns since the epoch), its id, and itself.
        message: First message of the answer.
        last: When the last byte of the answer so far was seen; ns since the epoch.
        note: "gap" when a part of the answer was not captured.
    """

    __slots__ = ("_answers", "_closing",
        "_differences", "_incremental", "_messages", "_room", "_serial", "_soas", "_total",
                 "last", "message", "note", "query")  # fmt: skip

    def __init__(self, query: tuple[int, int, Message], message: Message, limit: int) -> None:
        self.query = query
        self.message = message
        self.last = 0
        self.note = ""
        self._incremental = query[2].qtype == _IXFR
        self._answers: list[str] = []
        self._closing = "}"
        self._differences = False
        self._messages = 0
        self._room = limit
        self._serial = -1
        self._soas = 0
        self._total = 0

    def add(self, msg: bytes, last: int) -> bool:
        """Take the next message, whose last byte was seen at `last`; tells whether it is the final one."""
        head = read_head(msg)
        walk = Walk(msg, self._room)
        walk.run(head)
        first = self._total == 0
        if not self._messages:
            self._closing = closing(walk)
        self._messages += 1
        self._answers += walk.answers
        self._room = walk.room
        self.last = last
        if first and (head.rcode or not walk.soas or walk.soas[0][0]):
            self._total += walk.answers_read
            return True  # an error, or not an answer that begins as a transfer does
        done = False
        for index, serial in walk.soas:
            done = self._soa(self._total + index, serial)
        self._total += walk.answers_read
        # One SOA alone: nothing newer than what the client has
        return done or (first and self._incremental and self._total == 1)

    def body(self) -> str:
        """JSON object of all sections; with the true number of answers, and of messages."""
        return (
            f'{{"answers":[{",".join(self._answers)}],"num_answers_total":{self._total}'
            f',"messages":{self._messages}{self._closing}'
        )

    def _soa(self, index: int, serial: int) -> bool:
        """Count an SOA; tells whether it ends the transfer.

        The first gives the zone's serial. A whole zone ends with the second SOA. Differences begin with a second SOA at
        once, and the newest serial comes three times: in front, before the last additions, and at the end.
        """
        if index == 0:
            self._serial = serial
        elif index == 1:
            self._differences = self._incremental and serial != self._serial
        if serial == self._serial or not self._differences:
            self._soas += 1
        return self._soas == (3 if self._differences else 2)
