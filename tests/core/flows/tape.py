"""A protocol that writes down what its parser is told, to compare with what was sent."""

from dataclasses import dataclass, field

from pxcap.core.columns import Column, ColumnType
from pxcap.core.markers import API
from pxcap.core.protocol import NO, SURE, ConnectionInfo, Parser, ProtocolSpec, Row, Sample
from pxcap.core.stream import Chunk

MARK = b"TAPE"


@dataclass
class Side:
    """One direction: its bytes, those that were missed as dots, and what was said of it."""

    data: bytes = b""
    gaps: list[tuple[int, int, str]] = field(default_factory=list)
    closed: int = 0


@dataclass
class Tape:
    """A connection as its parser saw it; `offsets` says whether every chunk stood where it belongs."""

    info: ConnectionInfo
    sides: tuple[Side, Side] = field(default_factory=lambda: (Side(), Side()))
    order: list[int] = field(default_factory=list)
    offsets: bool = True
    cuts: list[int] = field(default_factory=list)


class Recorder:
    """Makes the protocol, and keeps its tapes."""

    def __init__(self, name: str = "tape", lockstep: bool = False) -> None:
        self.tapes: list[Tape] = []
        tapes = self.tapes

        class TapeParser(Parser):
            def __init__(self, info: ConnectionInfo) -> None:
                super().__init__(info)
                self.lockstep = lockstep or info.midstream
                self._tape = Tape(info)
                tapes.append(self._tape)

            def feed(self, side: int, chunk: Chunk) -> list[Row]:
                tape = self._tape
                known = tape.sides[side]
                tape.offsets = tape.offsets and chunk.offset == len(known.data) == chunk.starts[0]
                tape.offsets = tape.offsets and len(chunk.starts) == len(chunk.times)
                known.data += chunk.data
                tape.cuts += (chunk.cut or {}).values()
                tape.order.append(side)
                return []

            def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
                known = self._tape.sides[side]
                known.gaps.append((len(known.data), size, reason))
                known.data += b"." * size
                return []

            def close(self, side: int, time: int) -> list[Row]:
                self._tape.sides[side].closed += 1
                return []

            def finish(self, time: int) -> list[Row]:
                first, second = self._tape.sides
                return [(time, len(first.data), len(second.data), None, "")]

        def recognise(sample: Sample) -> int:
            return SURE if sample.request.startswith(MARK) else NO

        self.spec = ProtocolSpec(
            name=name,
            api=API,
            table=f"{name}_events",
            columns=(
                Column("asked", ColumnType.INT64, "Bytes asked.", unit="bytes"),
                Column("answered", ColumnType.INT64, "Bytes answered.", unit="bytes"),
            ),
            summary="Bytes as they come",
            recognise=recognise,
            parser=TapeParser,
            transports=frozenset({"tcp", "udp"}),
        )
