"""Hand a window's packets to their flows: clean runs as one chunk, the rest packet by packet.

Most packets of a busy capture lie in the middle of a connection, in order, with nothing missing. Whether a flow's part of
a window is such a clean run is decided with numpy for all flows at once, and then each direction is handed on as one
chunk. The rest goes through `TcpFlow` packet by packet.
"""

from bisect import bisect_left
from functools import cached_property
from ipaddress import IPv6Address
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from pxcap.core.flows.grouping import Groups, group
from pxcap.core.flows.table import FlowTable
from pxcap.core.flows.tcp import TcpFlow, distance
from pxcap.core.flows.udp import UdpFlow
from pxcap.core.packets import ACK, FIN, I64, RST, SYN, UDP, PacketWindow
from pxcap.core.stream import Chunk
from pxcap.core.vantage import Endpoint

_MASK = 0xFFFFFFFF
_SHUFFLED = 16  # packets of a flow among which a shuffled capture may show the SYN late
_BASE_SEARCH = 8  # data packets looked at to find where a direction joined in mid-stream begins


def distribute(table: FlowTable, window: PacketWindow) -> None:
    """Give every packet of a window to its flow in `table`, then let the table forget what is idle."""
    if len(window):
        _Pass(table, window, group(window)).run()
        table.forget(int(window.time.max()))


class _Pass:
    """One window's way through the flows. Names ending in `_d` are columns of the data packets in flow order."""

    def __init__(self, table: FlowTable, window: PacketWindow, groups: Groups) -> None:
        self.table = table
        self.window = window
        self.groups = groups
        self.keys: list[int] = groups.keys.tolist()
        self.starts: list[int] = groups.starts.tolist()
        self._addresses: dict[tuple[int, int], str] = {}
        order = groups.order
        number = np.repeat(np.arange(len(self.keys)), np.diff(groups.starts))
        wire = window.wire[order]
        keep = wire > 0
        flags = window.flags[order]
        if window.tag.any():
            keep &= ~self._seen_twice(order, number)
        picked = order[keep]
        self.data_number = number[keep]
        bounds = np.searchsorted(self.data_number, np.arange(len(self.keys) + 1))
        seq = window.seq[picked]
        wire = wire[keep]
        after = seq + wire.astype(np.uint32)
        broken = (self.data_number[1:] == self.data_number[:-1]) & (seq[1:] != after[:-1])
        broken &= window.proto[picked[1:]] != UDP
        self.repeated: dict[int, list[int]] = {}  # by group: places in the window of packets that repeat another
        if broken.any():
            groups_broken = np.unique(self.data_number[1:][broken])
            places, repeated = _in_sequence(seq, wire, bounds, groups_broken)
            self.repeated = {number: picked[again].tolist() for number, again in repeated.items()}
            picked, self.data_number = picked[places], self.data_number[places]
            seq, wire = seq[places], wire[places]
            after = seq + wire.astype(np.uint32)
            bounds = np.searchsorted(self.data_number, np.arange(len(self.keys) + 1))
            broken = (self.data_number[1:] == self.data_number[:-1]) & (seq[1:] != after[:-1])
            broken &= window.proto[picked[1:]] != UDP
        size = window.size[picked]
        self.picked = picked
        start = window.start[picked]
        self.start_d: list[int] = start.tolist()
        self.end_d: list[int] = (start + size).tolist()
        self.size_d: list[int] = size.tolist()
        self.time_d: list[int] = window.time[picked].tolist()
        self.bounds: list[int] = bounds.tolist()
        if len(picked):  # of each group's first or last data packet; of no meaning where it has none
            self.first_seq: list[int] = seq[np.minimum(bounds[:-1], len(picked) - 1)].tolist()
            self.last_after: list[int] = after[bounds[1:] - 1].tolist()
            self.last_ack: list[int] = window.ack[picked][bounds[1:] - 1].tolist()
        dirty = np.zeros(len(self.keys), bool)
        dirty[self.data_number[1:][broken]] = True
        dirty[self.data_number[size != wire]] = True
        dirty[number[(flags & (SYN | FIN | RST)) != 0]] = True
        self.dirty: list[bool] = dirty.tolist()
        self.twins: list[bool] = self._twins(picked, wire).tolist()
        self.udp: list[bool] = (window.proto[order[groups.starts[:-1]]] == UDP).tolist()

    @cached_property
    def index_d(self) -> list[int]:
        """Places in the window of the data packets."""
        places: list[int] = self.picked.tolist()
        return places

    @cached_property
    def wire_d(self) -> list[int]:
        """True sizes of the data packets."""
        sizes: list[int] = self.window.wire[self.picked].tolist()
        return sizes

    @cached_property
    def columns(self) -> tuple[list[int], ...]:
        """Flags, seq, ack, time, start, size and wire of all packets in capture order, for flows that are walked."""
        w = self.window
        return tuple(column.tolist() for column in (w.flags, w.seq, w.ack, w.time, w.start, w.size, w.wire))

    def run(self) -> None:
        keys, count = self.keys, len(self.keys)
        pairs: list[tuple[int, int]] = []
        at = 0
        while at < count:  # two directions of a flow stand next to each other
            both = at + 1 < count and keys[at] >> 1 == keys[at + 1] >> 1
            pairs.append((at, at + 1 if both else -1))
            at += 2 if both else 1
        first = self.groups.order[self.groups.starts[:-1]].tolist()
        pairs.sort(key=lambda pair: first[pair[0]])  # the hash is salted: give rows the same order in every run
        for one, two in pairs:
            if self.udp[one]:
                self._udp(one, two)
            else:
                self._tcp(one, two)

    def _seen_twice(self, order: I64, number: I64) -> npt.NDArray[np.bool_]:
        """Packets that a capture on all interfaces shows a second time: equal but for where they were seen."""
        window = self.window
        twice = np.zeros(len(order), bool)
        same = number[1:] == number[:-1]
        for column in (window.seq, window.wire, window.ipid, window.flags):
            ordered = column[order]
            same &= ordered[1:] == ordered[:-1]
        tags = window.tag[order]
        twice[1:] = same & (tags[1:] != tags[:-1]) & (window.proto[order][1:] != UDP)
        return twice

    def _twins(self, picked: I64, wire: I64) -> npt.NDArray[np.bool_]:
        """Groups in which a packet looks like one of the four before it, so that datagrams must be compared."""
        groups = np.full(len(self.keys), bool(self.window.tag.any()))
        ipid = self.window.ipid[picked]
        for back in (1, 2, 3, 4):
            same = (self.data_number[back:] == self.data_number[:-back]) & (ipid[back:] == ipid[:-back])
            same &= (wire[back:] == wire[:-back]) & (ipid[back:] != 0)
            groups[self.data_number[back:][same]] = True
        return groups

    def _tcp(self, one: int, two: int) -> None:
        key = self.keys[one] >> 1
        flow = self.table.find(key)
        if not isinstance(flow, TcpFlow):
            flow = None
        elif not self.dirty[one] and (two < 0 or not self.dirty[two]) and self._clean(flow, one, two):
            self._hand_on(flow, one, two)
            return
        self._walk(key, flow, one, two)

    def _clean(self, flow: TcpFlow, one: int, two: int) -> bool:
        """Whether both directions go on exactly where the flow stands, and no part waits for the other."""
        connection = flow.connection
        if flow.over or not connection.settled or not flow.quiet:
            return False
        if connection.parser is not None and connection.parser.lockstep:
            return False
        halves = flow.halves
        after = [halves[0].next, halves[1].next]
        acks = [-1, -1]
        for number in (one, two):
            if number < 0:
                continue
            direction = self.keys[number] & 1
            low, high = self.bounds[number], self.bounds[number + 1]
            if low < high:
                if halves[direction].next != self.first_seq[number]:
                    return False
                after[direction] = self.last_after[number]
                acks[direction] = self.last_ack[number]
        return all(acks[d] < 0 or after[1 - d] < 0 or distance(acks[d], after[1 - d]) <= 0 for d in (0, 1))

    def _hand_on(self, flow: TcpFlow, one: int, two: int) -> None:
        connection = flow.connection
        client = connection.flip
        groups = (one, two) if self.keys[one] & 1 == client else (two, one)
        for number in groups:
            if number < 0:
                continue
            low, high = self.bounds[number], self.bounds[number + 1]
            if low == high:
                continue
            direction = self.keys[number] & 1
            if number in self.repeated:  # one byte sent again is a keep-alive probe
                connection.retransmits += int((self.window.wire[self.repeated[number]] > 1).sum())
            half = flow.halves[direction]
            sizes = self.size_d[low:high]
            total = sum(sizes)
            times = self.time_d[low:high]
            half.next = self.last_after[number]
            offset = half.offset
            half.offset += total
            flow.last = max(flow.last, times[-1])
            flow.halves[1 - direction].acknowledge(self.last_ack[number])
            if connection.parser is None:
                connection.sent[direction] += total
                continue
            buf = self.window.buf
            data = b"".join([buf[a:b] for a, b in zip(self.start_d[low:high], self.end_d[low:high], strict=True)])
            starts = list(accumulate(sizes[:-1], initial=offset))
            connection.data(direction, Chunk(data, offset, starts, times))

    def _walk(self, key: int, flow: TcpFlow | None, one: int, two: int) -> None:
        """Take a flow's packets one by one, in capture order."""
        flags_w, seq_w, ack_w, time_w, start_w, size_w, wire_w = self.columns
        directions: dict[int, int] = {}
        for number in (one, two):
            if number >= 0:
                direction = self.keys[number] & 1
                low, high = self.bounds[number], self.bounds[number + 1]
                directions.update(dict.fromkeys(self.index_d[low:high], direction))
                directions.update(dict.fromkeys(self.repeated.get(number, ()), direction))
                if self.dirty[number]:
                    for index in self.groups.order[self.starts[number] : self.starts[number + 1]].tolist():
                        if flags_w[index] & (SYN | FIN | RST):
                            directions[index] = direction
        if not directions:
            return
        indices = sorted(directions)
        if flow is None or flow.over:
            syns = [index for index in indices[:_SHUFFLED] if flags_w[index] & SYN]
            if len({(directions[index], seq_w[index]) for index in syns}) <= 2:  # else the port is used again
                indices = syns + [index for index in indices if index not in syns]
        buf = self.window.buf
        for at, index in enumerate(indices):
            direction, flags = directions[index], flags_w[index]
            seq, wire = seq_w[index], wire_w[index]
            if flags & SYN:
                flow = self._syn(key, flow, direction, flags, seq, ack_w[index], time_w[index])
                seq = (seq + 1) & _MASK
                if not wire and not flags & (FIN | RST):
                    continue
            elif flow is None or (flow.over and wire and distance(seq, flow.halves[direction].next) >= 0):
                if not wire:
                    continue
                flow = self._join(key, directions, indices[at:], seq_w, wire_w)
            if flow.over:
                continue
            start = start_w[index]
            data = buf[start : start + size_w[index]]
            flow.packet(direction, flags, seq, ack_w[index], time_w[index], data, wire)
        if flow is not None and not flow.over:
            flow.flush()

    def _syn(
        self, key: int, flow: TcpFlow | None, direction: int, flags: int, seq: int, ack: int, time: int
    ) -> TcpFlow:
        """Begin a connection, or recognise a repeated SYN of the one there is."""
        first = (seq + 1) & _MASK
        if flow is None or (flow.halves[direction].first not in (-1, first)):
            client = 1 - direction if flags & ACK else direction
            flow = self.table.open_tcp(key, self._ends(key), client, False)
            flow.connection.began = time
        if flow.halves[direction].first < 0:
            flow.halves[direction].begin(first)
        if flags & ACK:
            flow.halves[1 - direction].acknowledge(ack)
        flow.last = time
        return flow

    def _join(
        self, key: int, directions: dict[int, int], indices: list[int], seq_w: list[int], wire_w: list[int]
    ) -> TcpFlow:
        """Begin a connection in mid-stream: each direction at the lowest of its first sequence numbers."""
        flow = self.table.open_tcp(key, self._ends(key), None, True)
        seen = [0, 0]
        for index in indices:
            direction = directions[index]
            if not wire_w[index] or seen[direction] >= _BASE_SEARCH:
                continue
            seen[direction] += 1
            half = flow.halves[direction]
            if half.next < 0 or -65536 < distance(seq_w[index], half.next) < -1:
                half.begin(seq_w[index])
        return flow

    def _ends(self, key: int) -> tuple[Endpoint, Endpoint]:
        """(address, port) of the senders of direction 0 and 1 of a flow in this window."""
        at = bisect_left(self.keys, key << 1)
        index = int(self.groups.order[self.starts[at]])
        w = self.window
        source = (self._address(int(w.src_hi[index]), int(w.src_lo[index])), int(w.sport[index]))
        target = (self._address(int(w.dst_hi[index]), int(w.dst_lo[index])), int(w.dport[index]))
        return (target, source) if self.keys[at] & 1 else (source, target)

    def _address(self, hi: int, lo: int) -> str:
        text = self._addresses.get((hi, lo))
        if text is None:
            text = self._addresses[hi, lo] = _address_text(hi, lo)
        return text

    def _udp(self, one: int, two: int) -> None:
        key = self.keys[one] >> 1
        ranges = {self.keys[n] & 1: (self.bounds[n], self.bounds[n + 1]) for n in (one, two) if n >= 0}
        ranges = {direction: bound for direction, bound in ranges.items() if bound[0] < bound[1]}
        if not ranges:
            return
        flow = self.table.find(key)
        if not isinstance(flow, UdpFlow) or flow.over:
            first = min(ranges, key=lambda direction: self.index_d[ranges[direction][0]])
            flow = self.table.open_udp(key, self._ends(key), first)
        client = flow.connection.flip
        flow.compare |= self.twins[one] or (two >= 0 and self.twins[two])
        for direction in (client, 1 - client):
            if direction in ranges:
                low, high = ranges[direction]
                flow.take(
                    direction,
                    self.window,
                    self.index_d[low:high],
                    self.start_d[low:high],
                    self.size_d[low:high],
                    self.wire_d[low:high],
                    self.time_d[low:high],
                )


def _in_sequence(seq: npt.NDArray[np.uint32], wire: I64, bounds: I64, groups: I64) -> tuple[I64, dict[int, I64]]:
    """Places of the data packets, less those of each of `groups` that repeat another, which are given by group.

    Those of a group are sorted by sequence, if then nothing is missing, nor repeated in part; else it is left as it is.
    A capture on a busy machine shows neighbours swapped and segments sent twice every now and then.
    """
    places = np.arange(len(seq))
    keep = np.ones(len(seq), bool)
    repeated: dict[int, I64] = {}
    for number in groups.tolist():
        low, high = int(bounds[number]), int(bounds[number + 1])
        ahead = (seq[low:high] - seq[low]).view(np.int32).astype(np.int64)
        sorting = np.argsort(ahead, kind="stable")  # of equal ones the first that was captured counts
        ahead, size = ahead[sorting], wire[low:high][sorting]
        again = np.zeros(high - low, bool)
        again[1:] = (ahead[1:] == ahead[:-1]) & (size[1:] == size[:-1])
        once, size_once = ahead[~again], size[~again]
        if (once[1:] == once[:-1] + size_once[:-1]).all():
            places[low:high] = low + sorting
            keep[low:high] = ~again
            if again.any():
                repeated[number] = low + sorting[again]
    return places[keep], repeated


def _address_text(hi: int, lo: int) -> str:
    if hi == 0 and lo >> 32 == 0xFFFF:
        return f"{lo >> 24 & 255}.{lo >> 16 & 255}.{lo >> 8 & 255}.{lo & 255}"
    return str(IPv6Address(hi << 64 | lo))
