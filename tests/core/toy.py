"""A tiny protocol for tests of the core: `Q<word>\n` is asked, `A<word>\n` is answered, in order."""

from pxcap.core.columns import Column, ColumnType
from pxcap.core.markers import API, hookimpl
from pxcap.core.matching import FifoMatcher
from pxcap.core.protocol import NO, REQUEST, SURE, ConnectionInfo, Parser, ProtocolSpec, Row, Sample
from pxcap.core.stream import Chunk, Inbox

MAX_LINE = 4096


class ToyParser(Parser):
    """Lines of a side, paired by order; `boom` as a question makes it raise."""

    def __init__(self, info: ConnectionInfo) -> None:
        super().__init__(info)
        self._inbox = (Inbox(), Inbox())
        self._lost = [info.midstream, info.midstream]
        self._matcher: FifoMatcher[tuple[int, str], tuple[int, str]] = FifoMatcher(not info.midstream)

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        inbox = self._inbox[side]
        inbox.add(chunk)
        rows: list[Row] = []
        buf, pos = inbox.buf, inbox.pos
        while (end := buf.find(b"\n", pos)) >= 0:
            line, begin = buf[pos:end], pos
            pos = end + 1
            if line[:1] != (b"Q", b"A")[side]:
                if not self._lost[side]:
                    self.error("not a line of this side")
                continue
            self._lost[side] = False
            word = (inbox.time_at(begin), line[1:].decode("latin-1"))
            if word[1] == "boom":
                raise RuntimeError("boom")
            settled = self._matcher.request(word) if side == REQUEST else self._matcher.response(word)
            rows += [_row(*pair) for pair in settled]
        if len(buf) - pos > MAX_LINE:
            self.error("line too long")
            pos = len(buf)
        inbox.pos = pos
        self.lockstep = not self._matcher.sure
        return rows

    def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
        self._inbox[side].clear()
        self._lost[side] = True
        self._matcher.gap(side)
        self.lockstep = not self._matcher.sure
        return []

    def finish(self, time: int) -> list[Row]:
        return [_row(*pair) for pair in self._matcher.finish()]


def _row(question: tuple[int, str] | None, answer: tuple[int, str] | None, guessed: bool) -> Row:
    first = question or answer
    assert first is not None
    latency = answer[0] - question[0] if question and answer else None
    note = "" if question and answer else "no_response" if question else "no_request"
    return (first[0], question and question[1], answer and answer[1], latency, note)


def recognise(sample: Sample) -> int:
    if sample.transport != "tcp":
        return NO
    if sample.request[:1] not in (b"", b"Q") or sample.response[:1] not in (b"", b"A"):
        return NO
    return SURE if b"\n" in sample.request or b"\n" in sample.response else 10


TOY = ProtocolSpec(
    name="toy",
    api=API,
    table="toy_events",
    columns=(Column("question", ColumnType.TEXT, "Asked."), Column("answer", ColumnType.TEXT, "Answered.")),
    summary="Questions and answers, a line each",
    recognise=recognise,
    parser=ToyParser,
    ports=frozenset({7}),
)


class ToyPlugin:
    """The plugin object."""

    @hookimpl
    def register_protocols(self) -> tuple[ProtocolSpec, ...]:
        return (TOY,)
