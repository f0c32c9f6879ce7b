"""What every protocol plugin must hold to, whatever it parses; run over all registered ones, and by plugin authors.

The suite replays real exchanges: a `Transcript` is what the core handed to a parser while replaying a capture (a
plugin's own fixtures). From each it makes variants whose result is known:

* **Cuts**: the same bytes cut anywhere give the same rows, also with one direction running ahead of the other.
* **Gaps**: bytes lost cost only the records they touch; later ones are whole again.
* **Noise**: random, mutated and endless bytes never raise, and never make the parser hold more than a bound.
"""

import random
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from pxcap.core.pipeline import Options
from pxcap.core.protocol import LOST, REQUEST, RESPONSE, ConnectionInfo, Parser, ProtocolSpec, Row, Sample
from pxcap.core.registry import Registry
from pxcap.core.replay import replay
from pxcap.core.sink import MemorySink
from pxcap.core.stream import Chunk

MEMORY_BOUND = 4 << 20  # bytes one connection's parser may hold on to, whatever it is fed
ENDLESS = 8 << 20  # bytes of one never-ending message fed to find that out
ENDLESS_ITEMS = 1 << 19  # bytes of short lines or items: holding an object for each shows much sooner

Event = tuple[
    Any, ...
]  # ("feed", side, Chunk), ("gap", side, size, time, reason), ("close", side, time), ("finish", time)


@dataclass(slots=True)
class Transcript:
    """What one connection's parser was given, in order; `name` says where it comes from."""

    name: str
    info: ConnectionInfo
    events: list[Event] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Seen from the beginning, nothing lost: any feed order that keeps each direction in order is legal."""
        return not self.info.midstream and all(event[0] != "gap" for event in self.events)


def record(spec: ProtocolSpec, captures: Iterable[str], options: Options | None = None) -> list[Transcript]:
    """Replay captures and return a transcript of every connection that was recognised as `spec`."""
    transcripts: list[Transcript] = []
    current = ""

    class Recorder(Parser):
        def __init__(self, info: ConnectionInfo) -> None:
            super().__init__(info)
            self._parser = spec.parser(info)
            self._transcript = Transcript(current, info)
            transcripts.append(self._transcript)

        def _pass(self, name: str, *arguments: Any) -> list[Row]:
            self._transcript.events.append((name, *arguments))
            rows: list[Row] = getattr(self._parser, name)(*arguments)
            self.lockstep, self.done, self.errors = self._parser.lockstep, self._parser.done, self._parser.errors
            return rows

        def feed(self, side: int, chunk: Chunk) -> list[Row]:
            return self._pass("feed", side, chunk)

        def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
            return self._pass("gap", side, size, time, reason)

        def close(self, side: int, time: int) -> list[Row]:
            return self._pass("close", side, time)

        def finish(self, time: int) -> list[Row]:
            return self._pass("finish", time)

    registry = Registry()
    registry.add(replace(spec, parser=Recorder), "conformance")
    for capture in captures:
        current = capture
        replay([capture], registry, MemorySink(), options or Options())
    return [transcript for transcript in transcripts if transcript.events]


def run(spec: ProtocolSpec, info: ConnectionInfo, events: Iterable[Event]) -> tuple[list[Row], Parser]:
    """Give events to a fresh parser, as the core would: nothing after `done` but the end."""
    parser = spec.parser(info)
    rows: list[Row] = []
    finished = False
    for name, *arguments in events:
        if finished:
            break
        rows += getattr(parser, name)(*arguments)
        finished = name == "finish"
        if parser.done and not finished:
            rows += parser.finish(_time_of(name, arguments))
            finished = True
    return rows, parser


def check_cuts(spec: ProtocolSpec, transcript: Transcript, rng: random.Random) -> None:
    """The rows do not depend on how the bytes were cut.

    Raises:
        AssertionError: They do; the message names the transcript and the kind of cut.
    """
    wanted = _bag(run(spec, transcript.info, transcript.events)[0])
    small = sum(len(event[2].data) for event in transcript.events if event[0] == "feed") <= 20_000
    ways: dict[str, Callable[[int], Sequence[int]]] = {
        "random cuts": lambda size: sorted(rng.sample(range(1, size), min(size - 1, rng.randint(1, 9)))),
        "cut in pieces of 1448": lambda size: range(1448, size, 1448),
    }
    if small:
        ways["byte by byte"] = lambda size: range(1, size)
    for name, places in ways.items():
        found = _bag(run(spec, transcript.info, _cut(transcript.events, places, transcript.info.transport == "udp"))[0])
        _same(wanted, found, f"{transcript.name}: {name}")
    if transcript.whole and all(event[0] != "finish" or event is transcript.events[-1] for event in transcript.events):
        _same(wanted, _bag(_run_ahead(spec, transcript)), f"{transcript.name}: run ahead")


def check_gap(spec: ProtocolSpec, transcript: Transcript, rng: random.Random) -> None:
    """Bytes lost cost only the records they touch, and the next of each direction while order is found again.

    A later record may lack what was lost, such as the text of a statement that it executes, if its note says "gap".

    Raises:
        AssertionError: A record that lies wholly before or well behind the gap changed or vanished.
    """
    feeds = [i for i, event in enumerate(transcript.events) if event[0] == "feed"]
    if not transcript.whole or len(feeds) < 6 or transcript.info.transport == "udp":
        return  # a datagram that was lost leaves no trace
    wanted = run(spec, transcript.info, transcript.events)[0]
    at = rng.choice(feeds[1:-1])
    side, chunk = transcript.events[at][1:]
    low = rng.randrange(len(chunk.data))
    high = rng.randint(low + 1, len(chunk.data))
    events = list(transcript.events[:at])
    if low:
        events.append(("feed", side, _part(chunk, 0, low)))
    events.append(("gap", side, high - low, chunk.times[-1], LOST))
    if high < len(chunk.data):
        events.append(("feed", side, _part(chunk, high, len(chunk.data))))
    events += transcript.events[at + 1 :]
    rows, parser = run(spec, transcript.info, events)
    if parser.done:
        return
    begin, end = chunk.times[0], chunk.times[-1]
    later = sorted({row[0] for row in wanted if row[0] > end})
    resumed = later[2] if len(later) > 2 else None
    clear = [
        row
        for row in wanted
        if (row[-2] is not None and row[0] + row[-2] < begin and row[0] < begin)
        or (resumed is not None and row[0] >= resumed)
    ]
    missing = _bag(clear) - _bag(rows)
    admitted = {(row[0], row[-2]) for row in rows if row[0] > end and LOST in row[-1].split(",")}
    missing = Counter({row: count for row, count in missing.items() if (row[0], row[-2]) not in admitted})
    where = f"{transcript.name}: {high - low} bytes of side {side} lost at offset {chunk.offset + low}"
    assert not missing, f"{where}: records it does not touch changed: {list(missing)[:2]}"


def check_noise(spec: ProtocolSpec, transcripts: Sequence[Transcript], rng: random.Random, rounds: int = 60) -> None:
    """Random and mutated bytes never raise, in the parser and in recognition.

    Raises:
        Exception: Whatever the plugin raised.
    """
    for transport in spec.transports:
        for number in range(rounds):
            info = ConnectionInfo(transport, midstream=bool(number & 1))
            events: list[Event] = []
            offsets = [0, 0]
            for _ in range(rng.randint(1, 12)):
                side = rng.randrange(2)
                data = _noise(rng, transcripts)
                if rng.random() < 0.15:
                    size = rng.randint(1, 5000)
                    events.append(("gap", side, size, number, rng.choice((LOST, "truncated"))))
                    offsets[side] += size
                elif data:
                    cut = {0: 7} if transport == "udp" and rng.random() < 0.1 else None
                    events.append(("feed", side, Chunk(data, offsets[side], [offsets[side]], [number], cut)))
                    offsets[side] += len(data)
                other = _noise(rng, transcripts)[:64]
                score = spec.recognise(Sample(data[:4096], other, transport, bool(number & 1)))
                assert 0 <= score <= 100, f"{spec.name}.recognise returned {score}, expected 0 to 100"
            events += [("close", rng.randrange(2), number), ("finish", number)]
            for row in run(spec, info, events)[0]:
                assert len(row) == len(spec.columns) + 3, f"{spec.name}: a row of {len(row)} values"


def check_bound(spec: ProtocolSpec, transcripts: Sequence[Transcript], rng: random.Random) -> None:
    """Endless bytes of any kind never make a parser hold more than MEMORY_BOUND.

    Raises:
        AssertionError: They do; the message tells with which filling.
    """
    starts = [b""] + [event[2].data[:200] for t in transcripts[:20] for event in t.events[:2] if event[0] == "feed"]
    fillings = {
        **dict.fromkeys((b"A", b"1", b"{"), ENDLESS),
        **dict.fromkeys((b"\0", b"\n", b"\r\n", b"*1\r\n", b"a: b\r\n", bytes(range(256))), ENDLESS_ITEMS),
    }
    for side in (REQUEST, RESPONSE):
        for filling, size in fillings.items():
            info = ConnectionInfo(min(spec.transports))
            parser = spec.parser(info)
            start = rng.choice(starts)
            block = filling * (65536 // len(filling))
            offset = 0
            tracemalloc.start()
            try:
                for number in range(size // len(block)):
                    data = start + block if number == 0 else block
                    parser.feed(side, Chunk(data, offset, [offset], [number]))
                    offset += len(data)
                    if parser.done:
                        break
                held = tracemalloc.get_traced_memory()[0]
            finally:
                tracemalloc.stop()
            assert held < MEMORY_BOUND, f"{spec.name}: holds {held} bytes of endless {filling[:8]!r} from side {side}"
            parser.finish(offset)


def _noise(rng: random.Random, transcripts: Sequence[Transcript]) -> bytes:
    kind = rng.random()
    if kind < 0.2 or not transcripts:
        return rng.randbytes(rng.randint(0, 300))
    feeds = [event[2] for event in rng.choice(transcripts).events if event[0] == "feed"]
    if not feeds:
        return b""
    data = bytearray(rng.choice(feeds).data[:20_000])
    for _ in range(rng.randint(0, 6)):
        if data:
            at = rng.randrange(len(data))
            choice = rng.random()
            if choice < 0.4:
                data[at] = rng.randrange(256)
            elif choice < 0.6:
                del data[at : at + rng.randint(1, 20)]
            elif choice < 0.8:
                data[at:at] = rng.choice((b"\xff\xff\xff\xff", b"9999999999", b"\r\n", b"\0", data[:30]))
            else:
                del data[at:]
    return bytes(data)


def _part(chunk: Chunk, low: int, high: int) -> Chunk:
    """Bytes low to high of a TCP chunk, with their times."""
    begin, end = chunk.offset + low, chunk.offset + high
    starts, times = [begin], [chunk.times[0]]
    for start, time in zip(chunk.starts, chunk.times, strict=True):
        if start <= begin:
            times[0] = time
        elif start < end:
            starts.append(start)
            times.append(time)
    return Chunk(chunk.data[low:high], begin, starts, times)


def _cut(events: Iterable[Event], places: Callable[[int], Sequence[int]], datagrams: bool) -> list[Event]:
    """Events with chunks cut at these places; datagrams are never cut, only parted from each other."""
    result: list[Event] = []
    for event in events:
        if event[0] != "feed" or len(event[2].data) < 2 or event[2].cut is not None:
            result.append(event)
            continue
        chunk = event[2]
        legal = {start - chunk.offset for start in chunk.starts} if datagrams else range(len(chunk.data))
        edges = [0, *(place for place in places(len(chunk.data)) if place in legal), len(chunk.data)]
        result += [("feed", event[1], _part(chunk, a, b)) for a, b in pairwise(edges) if a < b]
    return result


def _run_ahead(spec: ProtocolSpec, transcript: Transcript) -> list[Row]:
    """The rows when requests come as early as they may: all at once, but in the order sent while the parser asks for it."""
    parser = spec.parser(transcript.info)
    rows: list[Row] = []
    left = list(transcript.events)
    while left:
        asks = (at for at, event in enumerate(left) if event[0] == "feed" and event[1] == REQUEST)
        name, *arguments = left.pop(0 if parser.lockstep else next(asks, 0))
        rows += getattr(parser, name)(*arguments)
        if name == "finish":
            break
        if parser.done:
            return rows + parser.finish(_time_of(name, arguments))
    return rows


def _time_of(name: str, arguments: Sequence[Any]) -> int:
    value: int = arguments[1].times[-1] if name == "feed" else arguments[-1] if name == "close" else arguments[2]
    return value


def _bag(rows: Iterable[Row]) -> Counter[Row]:
    return Counter(rows)


def _same(wanted: Counter[Row], found: Counter[Row], where: str) -> None:
    assert wanted == found, f"{where}: missing {list(wanted - found)[:2]}, extra {list(found - wanted)[:2]}"
