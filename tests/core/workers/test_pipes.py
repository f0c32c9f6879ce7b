"""Frames through pipes, whole and cut."""

import os
import threading

import pytest

from pxcap.core.workers import pipes
from pxcap.core.workers.plan import Message

MESSAGES: list[Message] = [
    ["open", (1 << 64) - 1, [["192.0.2.1", 7], ["::1", 8]], None, ["upid", 1, True, 0]],
    ["streams", [b"\0\xff" * 1000, b""]],
    ["odd", "not text: \udcff", {b"key": 1, 2: -5}, 1.5],
]


@pytest.fixture
def pipe() -> tuple[int, int]:
    return os.pipe()


def test_there_and_back(pipe: tuple[int, int]) -> None:
    out, into = pipe
    pipes.widen(into)
    pipes.write(into, pipes.pack(MESSAGES))
    pipes.write(into, pipes.pack([]))
    assert pipes.read(out) == MESSAGES
    assert pipes.read(out) == []
    os.close(into)
    assert pipes.read(out) is None
    os.close(out)


def test_more_than_a_pipe_holds(pipe: tuple[int, int]) -> None:
    out, into = pipe
    frame = pipes.pack([["big", os.urandom(3_000_000)]])
    writer = threading.Thread(target=pipes.write, args=(into, frame))
    writer.start()
    found = pipes.read(out)
    writer.join()
    assert found is not None
    assert pipes.pack(found) == frame
    os.close(out)
    with pytest.raises(BrokenPipeError):
        pipes.write(into, frame)
    os.close(into)


def test_an_end_within_a_frame(pipe: tuple[int, int]) -> None:
    out, into = pipe
    pipes.write(into, pipes.pack(MESSAGES)[:-1])
    os.close(into)
    assert pipes.read(out) is None
    os.close(out)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_taken_without_waiting_however_it_comes(pipe: tuple[int, int], size: int) -> None:
    out, into = pipe
    frames = pipes.Frames(out)
    assert frames.take() == []
    data = pipes.pack(MESSAGES[:1]) + pipes.pack(MESSAGES[1:])
    found = []
    for at in range(0, len(data), size):
        os.write(into, data[at : at + size])
        found += frames.take()
    assert found == MESSAGES
    assert not frames.over
    os.write(into, data[:5])
    os.close(into)
    assert frames.take() == []
    assert frames.over
    os.close(out)
