"""The walk of both directions gives what the long way gives, whatever passes and however it is cut."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.cql import wires as w

from pxcap.core.protocol import LOST, REQUEST, RESPONSE, ConnectionInfo, Row
from pxcap.core.stream import Chunk
from pxcap.plugins.cql import abreast
from pxcap.plugins.cql.abreast import Abreast
from pxcap.plugins.cql.parser import CqlParser
from pxcap.plugins.cql.types import Message

ID = b"i" * 16
PAIRS = [("id", w.INT), ("name", w.TEXT)]
ROWS = [[w.number(n), b"x"] for n in range(9)]
VALUES = [w.number(1), b"x"]
ASK = (
    lambda s: w.query("SELECT 1", s),
    lambda s: w.execute(ID, VALUES, s),
    lambda s: w.execute(ID, VALUES, s, 3),
    lambda s: w.execute(ID, [w.number(1), None], s),
    lambda s: w.execute(b"other", VALUES, s),
    lambda s: w.prepare("SELECT ?, ?", s),
    lambda s: w.query("SELECT 1", s, 5),
    lambda s: w.message(7, bytes(16) + w.long_string("SELECT 2") + w.parameters(), s, flags=2),
    lambda s: w.message(5, b"", s),
    lambda s: w.message(7, b"\0\0\0", s),
    lambda s: w.message(10, b"", s),
    lambda s: w.batch(0, [], s),
    lambda s: struct.pack(">BBbBI", 2, 0, s, 5, 0),
    lambda s: b"nonsense",
)
TELL = (
    lambda s: w.answer(8, w.number(1), s),
    lambda s: w.answer(8, w.number(1), s, 3),
    lambda s: w.rows(PAIRS, ROWS, s),
    lambda s: w.rows(PAIRS, [], s),
    lambda s: w.rows(PAIRS, [[w.number(1), None]], s),
    lambda s: w.answer(8, w.rows_body(PAIRS, ROWS, flags=4), s),
    lambda s: w.answer(8, w.rows_body(PAIRS, ROWS)[:-3], s),
    lambda s: w.answer(8, bytes(16) + w.number(1), s, flags=2),
    lambda s: w.prepared(ID, PAIRS, PAIRS, s),
    lambda s: w.answer(0, struct.pack(">i", 0x2200) + w.string("no"), s),
    lambda s: w.answer(12, w.string("STATUS_CHANGE"), -1),
    lambda s: w.answer(12, w.string("STATUS_CHANGE"), s),
    lambda s: w.answer(8, w.number(1), s, 5),
    lambda s: b"nonsense",
)
Event = tuple[int, bytes]


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    """Segments of both sides in order: side and bytes; no bytes: some were lost there."""
    found: list[Event] = [(REQUEST, w.prepare("SELECT ?, ?", 0)), (RESPONSE, w.prepared(ID, PAIRS, PAIRS, 0))]
    many = st.one_of(st.integers(0, 5), st.integers(0, 5), st.integers(0, len(ASK) - 1))
    for _ in range(draw(st.integers(1, 14))):
        side, stream = draw(st.sampled_from([REQUEST, RESPONSE])), draw(st.integers(0, 3))
        data = (TELL if side else ASK)[draw(many)](stream)
        if draw(st.integers(0, 40)) == 0:
            data = b""
        at = draw(st.integers(0, len(data))) if draw(st.booleans()) else 0
        found += [(side, part) for part in (data[:at], data[at:]) if part or not data]
    return found


def play(found: list[Event], windows: list[int], midstream: bool) -> tuple[list[Row], dict[str, int]]:
    """Rows and errors when so many events come at once, the requests among them first, as the core may have it."""
    parser = CqlParser(ConnectionInfo(midstream=midstream))
    rows: list[Row] = []
    offsets = [0, 0]
    at = 0
    while at < len(found):
        many = 1 if parser.lockstep else windows[at % len(windows)]
        stop = next((n for n in range(at, min(at + many, len(found))) if not found[n][1]), at + many)
        for side in (REQUEST, RESPONSE):
            parts = [(data, 1000 * (at + n)) for n, (of, data) in enumerate(found[at:stop]) if of == side]
            if not parts:
                continue
            starts = [offsets[side]]
            for data, _ in parts:
                starts.append(starts[-1] + len(data))
            whole = b"".join(data for data, _ in parts)
            rows += parser.feed(side, Chunk(whole, offsets[side], starts[:-1], [time for _, time in parts]))
            offsets[side] = starts[-1]
        if stop == at:
            side = found[at][0]
            rows += parser.gap(side, 7, 1000 * at, LOST)
            offsets[side] += 7
            stop += 1
        at = stop
    return rows + parser.finish(10**6), parser.errors


def by_the_long_way(*arguments: Any) -> tuple[list[Row], dict[str, int]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Abreast, "walk", lambda walker, lossy: None)
        return play(*arguments)


@given(events(), st.lists(st.integers(1, 9), min_size=1, max_size=4), st.booleans())
def test_as_the_long_way(found: list[Event], windows: list[int], midstream: bool) -> None:
    assert play(found, windows, midstream) == by_the_long_way(found, windows, midstream)


def test_the_usual_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    opening = [(REQUEST, ASK[5](0)), (RESPONSE, TELL[8](0)), (REQUEST, ASK[0](0)), (RESPONSE, TELL[2](0))]
    usual = [event for n in range(3) for event in ((REQUEST, ASK[n](n)), (RESPONSE, TELL[(0, 5, 1)[n]](n)))]
    wanted = by_the_long_way([*opening, *usual], [10], False)
    made: list[tuple[Any, ...]] = []
    message = abreast._message

    def counted(*one: Any) -> Message:
        made.append(one)
        return message(*one)

    monkeypatch.setattr(abreast, "_message", counted)
    assert play([*opening, *usual], [10], False) == wanted
    assert len(made) == 3  # of the opening, whose first request the reader took


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abreast, "_MOST", 2)
    found = [(REQUEST, ASK[0](stream)) for stream in range(9)] + [(RESPONSE, TELL[0](8))]
    assert play(found, [10], False) == by_the_long_way(found, [10], False)


def test_ids_of_metadata_by_agreement() -> None:
    opening = [(REQUEST, w.startup(0, 4, SCYLLA_USE_METADATA_ID="")), (RESPONSE, w.ready(0, 4))]
    prepared = w.answer(8, w.number(4) + w.string(ID) + w.string("m") + w.prepared(ID, PAIRS, PAIRS)[9 + 22 :], 1)
    execute = w.message(10, w.string(ID) + w.string("m") + w.parameters(1, w.values(*VALUES)), 2)
    found = [*opening, (REQUEST, ASK[5](1)), (RESPONSE, prepared), (REQUEST, execute), (RESPONSE, TELL[0](2))]
    rows, errors = play(found, [10], False)
    assert (rows, errors) == by_the_long_way(found, [10], False)
    assert '"result_metadata_id":"0x6d"' in rows[-1][5]
    assert not errors
