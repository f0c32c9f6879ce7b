"""A file that a live capture writes: while there is room, and after."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from tests.core.capture import wires
from tests.core.capture.wires import A4, B4, RAW, START

from pxcap.bpf.saved.file import SaveFile
from pxcap.core.capture.records import Records
from pxcap.core.capture.synthesise import datagram
from pxcap.core.errors import CaptureError

PACKET = datagram((A4, 40000), (B4, 53), b"x" * 1000)


@contextmanager
def room(size: int) -> Iterator[None]:
    """Files of this process cannot grow beyond so many bytes meanwhile: as if the disk were full then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_all_of_it(tmp_path: Path) -> None:
    path, told = tmp_path / "x.pcapng", []
    file = SaveFile(path, lambda *said: told.append(said))
    first, second = file.interface("one", RAW), file.interface("two", RAW)
    file.packet(first, START, PACKET)
    at, size = np.array([0, len(PACKET)]), np.array([len(PACKET)] * 2)
    file.packets(PACKET * 2, Records(at, size, size, np.array([START, START]), RAW), second)
    file.flush()
    assert len(wires.read(path)[0]) == 3
    file.statistics(second, START, 2, 0)
    file.close()
    file.close()
    assert (first, second) == (0, 1)
    assert (told, file.failed, file.missed, file.losses()) == ([], False, 0, {})


@pytest.mark.parametrize("by", ["packet", "packets"])
def test_a_full_disk_ends_the_file_only(tmp_path: Path, by: str) -> None:
    path, told = tmp_path / "x.pcapng", []
    file = SaveFile(path, lambda *said: told.append(said))
    number = file.interface("one", RAW)
    size = np.array([len(PACKET)])
    with room(500_000):
        for _ in range(1000):
            if by == "packet":
                file.packet(number, START, PACKET)
            else:
                file.packets(PACKET, Records(np.array([0]), size, size, np.array([START]), RAW), number)
        file.flush()
        assert file.interface("more", RAW) == 0
        file.statistics(number, START, 1, 0)
        file.close()
    [(message, hint)] = told
    assert "x.pcapng: cannot be written (file too large)" in message
    assert message.endswith("; the capture goes on")
    assert hint
    read = len(wires.read(path)[0])
    assert 400 < read < 500
    assert (file.failed, file.missed) == (True, 1000 - read)
    assert list(file.losses().values()) == [1000 - read]


def test_nowhere_to_write(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="is a directory"):
        SaveFile(tmp_path, lambda *_: None)
