"""TCP reassembly of one connection, packet by packet: for everything that is not a clean run in the middle of a stream.

Two rules decide when bytes are handed on:

* **Order**: a direction's bytes go on in sequence, the first copy of a byte winning; what comes early waits.
* **Cause**: a segment also waits while it acknowledges bytes of the other direction that were not handed on yet, so that
  a response never comes before its request, however the capture shuffled the packets.

What waits behind missing bytes waits within bounds. Missing bytes that the receiver acknowledged were not lost on the
network but by the capture, and are given up after PATIENCE packets (the capture may have swapped them); bytes not
acknowledged will be sent again, and are awaited until HOLE_BYTES wait behind them, or HOLE_TIME of capture time passed,
or the connection ends. Given-up bytes become a gap of known size (RFC 9293, section 3.4 for sequence arithmetic).
"""

from pxcap.core.connection import Connection
from pxcap.core.packets import ACK, FIN, RST
from pxcap.core.protocol import LOST, TRUNCATED
from pxcap.core.stream import Chunk

PATIENCE = 32  # packets of the connection after which acknowledged bytes that are missing count as lost
HOLE_BYTES = 4 << 20  # waiting behind missing bytes, per connection
HOLE_TIME = 30 * 1_000_000_000  # ns of capture time
ALL_WAITING = 64 << 20  # waiting in all connections together
_MASK = 0xFFFFFFFF
_HALF = 0x80000000

Segment = tuple[int, bytes, int, int, int, int]  # seq, data, bytes cut by the snap length, ack, time, arrival number


def distance(a: int, b: int) -> int:
    """How far sequence number `a` lies behind `b`, negative when before it; both modulo 2**32."""
    return ((a - b + _HALF) & _MASK) - _HALF


class Budget:
    """Bytes that wait in all connections of a run together."""

    __slots__ = ("used",)

    def __init__(self) -> None:
        self.used = 0


class Half:
    """One direction. `next` is the sequence number expected next (-1: nothing seen yet), `offset` its stream offset."""

    __slots__ = ("acked", "acked_first", "closed", "end", "end_arrival", "first", "next", "offset", "waiting")

    def __init__(self) -> None:
        self.next = -1
        self.first = -1  # sequence number of offset 0
        self.offset = 0
        self.acked = -1  # highest acknowledgement seen from the other side
        self.acked_first = -1  # the first one
        self.end = -1  # sequence number of the FIN or RST
        self.end_arrival = 0
        self.closed = False
        self.waiting: list[Segment] = []

    def begin(self, seq: int) -> None:
        """Stream offset 0 is at `seq`."""
        self.next = self.first = seq

    def acknowledge(self, ack: int) -> None:
        """The other side has the bytes before `ack`."""
        if self.acked < 0:
            self.acked = self.acked_first = ack
        elif distance(ack, self.acked) > 0:
            self.acked = ack

    def lacks(self, ack: int) -> int:
        """Bytes not handed on of those an acknowledgement is for; a FIN takes a number, and is no byte."""
        return distance(ack, self.next) - (self.end >= 0 and distance(ack, self.end) == 1)

    def unseen(self) -> int:
        """Bytes the other side acknowledged of a direction of which no packet was captured."""
        if self.next >= 0 or self.acked < 0:
            return 0
        return distance(self.acked, self.acked_first)


class TcpFlow:
    """Reassembles one connection and feeds it.

    Attributes:
        over: The connection ended; what still comes is a repetition, or a new connection.
        last: Time of the last packet, ns since the epoch.
    """

    __slots__ = ("_arrivals", "_budget", "_direction", "_from", "_parts", "_reset", "_starts", "_times", "connection", "halves", "last", "over")  # fmt: skip

    def __init__(self, connection: Connection, budget: Budget) -> None:
        self.connection = connection
        self.halves = (Half(), Half())
        self.over = False
        self.last = 0
        self._reset = False
        self._budget = budget
        self._arrivals = 0
        self._direction = 0
        self._from = 0
        self._parts: list[bytes] = []
        self._starts: list[int] = []
        self._times: list[int] = []

    @property
    def quiet(self) -> bool:
        """Nothing waits and no end is announced: a clean run of segments may be handed on as a whole."""
        a, b = self.halves
        return not a.waiting and not b.waiting and a.end < 0 and b.end < 0

    def packet(self, direction: int, flags: int, seq: int, ack: int, time: int, data: bytes, wire: int) -> None:
        """Take one packet that is no SYN; `wire` is the payload's true length, `data` what the capture holds of it."""
        half, peer = self.halves[direction], self.halves[1 - direction]
        self._arrivals += 1
        self.last = time
        if flags & ACK:
            # Of a direction never seen only acknowledgements tell. What the server's bare FIN acknowledges anew ends most
            # likely with the client's FIN, which is no byte; so is one byte more with the FIN of either.
            if flags & FIN and not wire and peer.next < 0 and peer.acked >= 0:
                more, connection = distance(ack, peer.acked), self.connection
                if more == 1 or (more > 1 and connection.role_known and direction != connection.flip):
                    ack = (ack - 1) & _MASK
            peer.acknowledge(ack)
        else:
            ack = peer.next  # says nothing: it waits for nothing
        if wire:
            if half.next < 0:
                half.begin(seq)
            ahead = distance(seq, half.next)
            if ahead + wire <= 0:
                if wire > 1:  # one byte before the next is a keep-alive probe (RFC 9293, section 3.8.4)
                    self.connection.retransmits += 1
            elif ahead > 0 or half.waiting or (peer.next >= 0 and peer.lacks(ack) > 0):
                self._wait(half, (seq, data, wire - len(data), ack, time, self._arrivals))
            else:
                if ahead < 0:
                    self.connection.retransmits += 1
                self._deliver(direction, data, wire - len(data), -ahead, time)
        if flags & (FIN | RST) and half.end < 0:
            half.end = (seq + wire) & _MASK
            half.end_arrival = self._arrivals
            if flags & RST:
                self._reset = True
                if half.next < 0 and half.acked < 0:
                    half.begin(half.end)  # a refusal
                elif half.next < 0 or distance(half.end, half.next) < 0:
                    half.end = half.next  # a reset for bytes long past
        self._advance(time)

    def flush(self) -> None:
        """Hand on the run collected so far; to be called after the last packet of a window."""
        if self._parts:
            data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            chunk = Chunk(data, self._from, self._starts, self._times)
            self._parts, self._starts, self._times = [], [], []
            self.connection.data(self._direction, chunk)

    def finish(self, time: int, closed: bool = False) -> None:
        """Give up what is missing, hand on what waits, and end the connection."""
        self._step()
        while (hole := self._hole()) is not None:
            self._give_up(*hole[:2], time)
            self._step()
        self.flush()
        self.over = True
        for direction in (0, 1):
            self.connection.lost[direction] += self.halves[direction].unseen()
        self.connection.finish(time, closed)

    def _wait(self, half: Half, segment: Segment) -> None:
        """Put a segment where it belongs in sequence; the first copy of a byte wins when they are handed on."""
        waiting = half.waiting
        at = len(waiting)
        while at and distance(waiting[at - 1][0], segment[0]) > 0:
            at -= 1
        covered = waiting[at - 1][0] + len(waiting[at - 1][1]) + waiting[at - 1][2] if at else half.next
        length = len(segment[1]) + segment[2]
        if distance(segment[0] + length, covered) <= 0:
            self.connection.retransmits += 1
            return
        if at < len(waiting) and distance(segment[0] + length, waiting[at][0]) > 0:
            segment, rest = self._split(segment, distance(waiting[at][0], segment[0]))
            waiting.insert(at, segment)
            self._budget.used += len(segment[1])
            self._wait(half, rest)
            return
        waiting.insert(at, segment)
        self._budget.used += len(segment[1])

    @staticmethod
    def _split(segment: Segment, size: int) -> tuple[Segment, Segment]:
        seq, data, cut, ack, time, arrival = segment
        head, tail = data[:size], data[size:]
        head_cut = size - len(head)
        return (
            (seq, head, head_cut, ack, time, arrival),
            ((seq + size) & _MASK, tail, cut - head_cut, ack, time, arrival),
        )

    def _advance(self, time: int) -> None:
        """Hand on all that may go, giving up what has been missing for too long."""
        while True:
            self._step()
            hole = self._hole()
            if hole is None or not self._overdue(hole, time):
                break
            self._give_up(hole[0], hole[1], time)
        self._ends(time)

    def _step(self) -> None:
        """Hand on waiting segments until neither direction has one that may go."""
        moved = True
        while moved:
            moved = False
            for direction in (0, 1):
                while (first := self._ready(direction)) is not None and not self._caused(direction, first):
                    self._take_first(direction)
                    moved = True
            if not moved and (a := self._ready(0)) is not None and (b := self._ready(1)) is not None:
                # Each waits for the other: one is a repetition, which acknowledges what the first copy's answer said.
                self._take_first(0 if a[5] > b[5] else 1)
                moved = True

    def _ready(self, direction: int) -> Segment | None:
        """The first waiting segment of a direction if no byte before it is missing."""
        half = self.halves[direction]
        if half.waiting and distance(half.waiting[0][0], half.next) <= 0:
            return half.waiting[0]
        return None

    def _caused(self, direction: int, segment: Segment) -> bool:
        """Whether a segment acknowledges bytes of the other direction that were not handed on yet."""
        peer = self.halves[1 - direction]
        return peer.next >= 0 and peer.lacks(segment[3]) > 0

    def _take_first(self, direction: int) -> None:
        half = self.halves[direction]
        seq, data, cut, _, seen, _ = half.waiting.pop(0)
        self._budget.used -= len(data)
        ahead = distance(seq, half.next)
        if ahead + len(data) + cut > 0:
            self._deliver(direction, data, cut, -ahead, seen)

    def _hole(self) -> tuple[int, int, int] | None:
        """The missing bytes that hold everything up: direction, how many, arrival number of what waits for them."""
        found: tuple[int, int, int] | None = None
        for direction in (0, 1):
            half, peer = self.halves[direction], self.halves[1 - direction]
            if half.waiting:
                first = half.waiting[0]
                if (ahead := distance(first[0], half.next)) > 0:
                    hole = (direction, ahead, first[5])
                else:
                    missing = peer.lacks(first[3])
                    if peer.waiting:
                        missing = min(missing, distance(peer.waiting[0][0], peer.next))
                    hole = (1 - direction, missing, first[5])
            elif half.end >= 0 and half.next >= 0 and (ahead := distance(half.end, half.next)) > 0:
                hole = (direction, ahead, half.end_arrival)
            else:
                continue
            if hole[1] > 0 and (found is None or hole[2] < found[2]):
                found = hole
        return found

    def _overdue(self, hole: tuple[int, int, int], time: int) -> bool:
        direction, size, arrival = hole
        half = self.halves[direction]
        if self._budget.used > ALL_WAITING:
            return True
        if half.acked >= 0 and distance(half.acked, half.next) >= size and self._arrivals - arrival >= PATIENCE:
            return True
        waiting = self.halves[0].waiting + self.halves[1].waiting
        if not waiting:
            return self._arrivals - arrival >= PATIENCE
        return (
            time - min(segment[4] for segment in waiting) > HOLE_TIME
            or sum(len(segment[1]) for segment in waiting) > HOLE_BYTES
        )

    def _give_up(self, direction: int, size: int, time: int) -> None:
        half = self.halves[direction]
        self.flush()
        half.next = (half.next + size) & _MASK
        half.offset += size
        self.connection.gap(direction, size, time, LOST)

    def _deliver(self, direction: int, data: bytes, cut: int, skip: int, time: int) -> None:
        """Add a segment to the run, less its first `skip` bytes, which were handed on before."""
        half = self.halves[direction]
        if skip:
            cut -= max(skip - len(data), 0)
            data = data[skip:]
        if data:
            if self._direction != direction:
                self.flush()
                self._direction = direction
            if not self._parts:
                self._from = half.offset
            self._parts.append(data)
            self._starts.append(half.offset)
            self._times.append(time)
        size = len(data)
        if cut > 0:
            self.flush()
            size += cut
            self.connection.gap(direction, cut, time, TRUNCATED)
        half.next = (half.next + size) & _MASK
        half.offset += size

    def _ends(self, time: int) -> None:
        """Tell the connection of ends that were reached."""
        for direction in (0, 1):
            half = self.halves[direction]
            if half.end >= 0 and not half.closed and not half.waiting and distance(half.end, half.next) <= 0:
                half.closed = True
                self.flush()
                if self._reset:
                    self.finish(time, closed=True)
                    return
                self.connection.close(direction, time)
        if self.halves[0].closed and self.halves[1].closed:
            self.finish(time, closed=True)
