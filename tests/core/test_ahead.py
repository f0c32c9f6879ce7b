import pytest

from pxcap.core import ahead
from pxcap.core.ahead import Ahead
from pxcap.core.stream import Chunk


def test_small_chunks_come_out_as_they_are() -> None:
    queue, chunk = Ahead(), Chunk(b"abc", 5, [5], [1])
    queue.add(chunk)
    assert queue.size == 3
    assert queue.take() is chunk
    assert queue.size == 0


def test_large_chunks_come_out_in_pieces_with_their_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "PIECE", 4)
    queue = Ahead()
    queue.add(Chunk(b"0123456789", 100, [100, 103, 104, 107], [1, 2, 3, 4]))
    queue.add(Chunk(b"ab", 110, [110], [5]))
    pieces = []
    while queue.size:
        piece = queue.take()
        pieces.append((piece.data, piece.offset, piece.starts, piece.times))
    assert pieces == [
        (b"0123", 100, [100, 103], [1, 2]),
        (b"4567", 104, [104, 107], [3, 4]),
        (b"89", 108, [108], [4]),
        (b"ab", 110, [110], [5]),
    ]
