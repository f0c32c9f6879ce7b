"""The suite passes an honest parser and catches each kind of dishonest one."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.core.toy import TOY, ToyParser

from pxcap.core.protocol import ConnectionInfo, Parser, ProtocolSpec, Row
from pxcap.core.stream import Chunk
from pxcap.core.testing import conformance
from pxcap.core.testing.conformance import Transcript, check_bound, check_cuts, check_gap, check_noise, record
from pxcap.core.testing.craft import Conversation, write_pcap


class CutSensitive(ToyParser):
    """Takes every chunk for a message."""

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        return [(chunk.times[0], str(side), chunk.data.decode("latin-1"), None, "")]


class Hoarder(ToyParser):
    """Keeps everything."""

    def __init__(self, info: ConnectionInfo) -> None:
        super().__init__(info)
        self.kept: list[bytes] = []

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        self.kept.append(chunk.data + b"")
        self.kept.append(bytes(bytearray(chunk.data)))
        return super().feed(side, chunk)


class Fragile(ToyParser):
    """Does not expect what is not ASCII."""

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        chunk.data.decode("ascii")
        return super().feed(side, chunk)


class Forgetful(ToyParser):
    """Loses everything after a gap."""

    def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
        super().gap(side, size, time, reason)
        self.feed = lambda side, chunk: []  # type: ignore[method-assign]
        return []


class Depends(ToyParser):
    """Cannot show the answers after a gap, as if what they refer to had been in it, and says so, or does not."""

    says = ",gap"

    def feed(self, side: int, chunk: Chunk) -> list[Row]:
        rows = super().feed(side, chunk)
        return [(*row[:2], None, row[3], row[4] + self.says) for row in rows] if self.holed else rows

    def gap(self, side: int, size: int, time: int, reason: str) -> list[Row]:
        self.holed = True
        return super().gap(side, size, time, reason)

    holed = False


class Silent(Depends):
    """The same without a word."""

    says = ""


def spec_of(parser: Callable[[ConnectionInfo], Parser]) -> ProtocolSpec:
    return replace(TOY, parser=parser)


@pytest.fixture
def transcripts(tmp_path: Path) -> list[Transcript]:
    talk = Conversation(server=("192.0.2.2", 7)).open()
    for n in range(30):
        talk.request(b"Q%d\n" % n).response(b"A%d\n" % n)
    write_pcap(tmp_path / "a.pcap", [talk.close()])
    return record(TOY, [str(tmp_path / "a.pcap")])


def run_all(spec: ProtocolSpec, transcripts: list[Transcript]) -> None:
    rng = random.Random(1)
    for transcript in transcripts:
        check_cuts(spec, transcript, rng)
        for _ in range(10):
            check_gap(spec, transcript, rng)
    check_noise(spec, transcripts, rng, rounds=20)
    check_bound(spec, transcripts, rng)


def test_a_transcript_is_what_the_parser_was_given(transcripts: list[Transcript]) -> None:
    (transcript,) = transcripts
    names = [event[0] for event in transcript.events]
    assert names == ["feed"] * 60 + ["close", "close", "finish"]
    assert transcript.whole


def test_an_honest_parser_passes(transcripts: list[Transcript]) -> None:
    def honest(info: ConnectionInfo) -> Parser:
        parser = ToyParser(info)
        return parser

    run_all(spec_of(honest), transcripts)


def test_a_record_may_lack_what_was_lost_when_it_says_so(transcripts: list[Transcript]) -> None:
    run_all(spec_of(Depends), transcripts)


@pytest.mark.parametrize("parser", [CutSensitive, Hoarder, Fragile, Forgetful, Silent])
def test_a_dishonest_parser_is_caught(
    transcripts: list[Transcript], parser: type[Parser], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conformance, "MEMORY_BOUND", 2 << 20)
    with pytest.raises((AssertionError, UnicodeDecodeError)):
        run_all(spec_of(parser), transcripts)


def test_a_score_out_of_range_is_caught(transcripts: list[Transcript]) -> None:
    with pytest.raises(AssertionError, match="recognise returned 101"):
        check_noise(replace(TOY, recognise=lambda sample: 101), transcripts, random.Random(1))


def test_requests_run_ahead_only_where_the_parser_lets_them(transcripts: list[Transcript]) -> None:
    (transcript,) = transcripts
    given: list[int] = []

    class Watched(ToyParser):
        def feed(self, side: int, chunk: Chunk) -> list[Row]:
            given.append(side)
            rows = super().feed(side, chunk)
            self.lockstep = len(given) >= 10
            return rows

    conformance._run_ahead(spec_of(Watched), transcript)
    assert given == [0] * 10 + [1] * 10 + [0, 1] * 20
