"""The compressed protocol."""

import zlib

from tests.plugins.mysql.build import chunk, inbox

from pxcap.core.stream import Chunk
from pxcap.plugins.mysql.packed import Unpacker, rest, restart, segments


def frame(data: bytes, plain: int) -> bytes:
    return len(data).to_bytes(3, "little") + b"\0" + plain.to_bytes(3, "little") + data


def test_frames_packed_and_not_come_out_however_they_are_cut() -> None:
    data = frame(zlib.compress(b"hello " * 20), 120) + frame(b"world", 0)
    whole, piecewise = Unpacker("zlib"), Unpacker("zlib")
    first = [piece.data for piece in whole.feed(chunk(data)) if isinstance(piece, Chunk)]
    pieces = [piece for at in range(len(data)) for piece in piecewise.feed(chunk(data[at : at + 1], at))]
    assert b"".join(first) == b"hello " * 20 + b"world"
    assert b"".join(piece.data for piece in pieces if isinstance(piece, Chunk)) == b"".join(first)


def test_what_does_not_unpack_is_missing() -> None:
    unpacker = Unpacker("zlib")
    assert unpacker.feed(chunk(frame(b"not zlib", 30))) == [30]
    assert unpacker.errors == ["bad_compression"]


def test_a_loss_inside_a_frame_costs_that_frame() -> None:
    unpacker = Unpacker("zlib")
    packed = frame(zlib.compress(b"a" * 50), 50)
    assert unpacker.feed(chunk(packed[:9])) == []
    assert unpacker.gap(len(packed) - 9) == [50]
    after = unpacker.feed(chunk(frame(b"b", 0), len(packed)))
    assert [piece.data for piece in after if isinstance(piece, Chunk)] == [b"b"]
    assert unpacker.gap(5) == [1 << 24]
    assert unpacker.feed(chunk(b"anything")) == []
    assert unpacker.lost
    restart(unpacker)
    assert not unpacker.lost


def test_the_rest_of_an_inbox_keeps_its_times() -> None:
    left = inbox(b"")
    left.add(Chunk(b"abcdef", 0, [0, 2, 4], [1, 2, 3]))
    left.pos = 3
    taken = rest(left)
    assert taken is not None
    assert (taken.data, taken.offset, taken.starts, taken.times) == (b"def", 3, [3, 4], [2, 3])
    assert rest(left) is None
    assert [part.data for part in segments(taken)] == [b"d", b"ef"]
