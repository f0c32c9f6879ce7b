"""Messages out of bytes, whole, cut, lost."""

import struct
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.cql import wires as w

from pxcap.core.protocol import REQUEST, RESPONSE
from pxcap.plugins.cql.messages import MessageReader
from pxcap.plugins.cql.types import Message

DATA = w.query("SELECT 1", 1) + w.message(5) + w.query("SELECT 22", 2)


def read(reader: MessageReader, pieces: list[bytes]) -> list[Message]:
    found, rest = [], b""
    for piece in pieces:
        buf, pos = rest + piece, 0
        while True:
            message, after = reader.take(buf, pos, len(buf), lambda at: 0)
            if message is None and (after == pos or after == len(buf)):
                pos = after
                break
            pos = after
            found += [message] if message else []
        rest = buf[pos:]
    return found


@given(st.lists(st.integers(0, len(DATA)), max_size=6).map(sorted))
def test_cut_anywhere(places: list[int]) -> None:
    edges = [0, *places, len(DATA)]
    pieces = [DATA[a:b] for a, b in pairwise(edges)]
    assert read(MessageReader(REQUEST, 1000), pieces) == read(MessageReader(REQUEST, 1000), [DATA])


def test_a_long_body_is_kept_in_part_and_counted_whole() -> None:
    reader = MessageReader(REQUEST, 20)
    (message,) = read(reader, [w.query("x" * 5000)[:3000], w.query("x" * 5000)[3000:]])
    assert (len(message.body), message.size, message.note) == (20, 5007, "")
    (message,) = read(reader, [w.query("x" * 5000)])
    assert (len(message.body), message.size) == (20, 5007)


def test_losing_bytes_of_a_body() -> None:
    reader = MessageReader(RESPONSE, 1000)
    data = w.rows([("x", w.TEXT)], [[b"y" * 100]])
    assert read(reader, [data[:50]]) == []
    message, beyond = reader.lose(60)
    assert (message, beyond, reader.left) == (None, 0, len(data) - 110)
    (message,) = read(reader, [data[110:]])
    assert (message.note, message.body) == ("gap", data[9:50])
    assert read(reader, [data[:50]]) == []
    message, beyond = reader.lose(len(data))
    assert beyond == 50
    assert message is not None
    assert reader.lose(7) == (None, 7)


def test_abandoning() -> None:
    reader = MessageReader(RESPONSE, 1000)
    assert reader.abandon() is None
    assert read(reader, [w.rows([("x", w.TEXT)], [[b"y"]])[:30]]) == []
    message = reader.abandon("truncated")
    assert message is not None
    assert (message.note, reader.left) == ("truncated", 0)


def test_what_is_no_header() -> None:
    for data in (w.ready(), b"\x09" + bytes(8), w.message(2), struct.pack(">BBhBI", 4, 0, 0, 7, 0xFFFFFFFF)):
        reader = MessageReader(REQUEST, 100)
        assert reader.take(data, 0, len(data), lambda at: 0) == (None, 0)
        assert reader.bad
