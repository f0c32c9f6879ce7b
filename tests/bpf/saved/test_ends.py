"""Which end of which machine's exchange a socket is, and the interfaces of a file."""

from pathlib import Path

import pytest
from tests.core.capture.wires import A4, A6, B4, B6

from pxcap.bpf.saved.ends import Interfaces, both, is_loopback
from pxcap.bpf.saved.file import SaveFile
from pxcap.core.capture import CaptureReader


@pytest.mark.parametrize(("one", "other"), [(A4, B4), (A6, B6), ("127.0.0.1", "127.0.0.2"), ("::1", "::1")])
def test_the_other_end_of_the_same(one: str, other: str) -> None:
    here, there = both(((one, 1000), (other, 80)), 7)
    assert both(((other, 80), (one, 1000)), 7) == (there, here)


def test_loopback_differs_by_namespace() -> None:
    ends = (("127.0.0.1", 1000), ("127.0.0.1", 80))
    assert both(ends, 7) != both(ends, 8)


def test_other_addresses_do_not() -> None:
    ends = ((A4, 1000), (B4, 80))
    assert both(ends, 7) == both(ends, 8)


def test_what_is_loopback() -> None:
    assert [is_loopback(address) for address in ("127.0.0.1", "127.9.9.9", "::1", A4, "::", B6)] == [True] * 3 + [
        False
    ] * 3


def test_an_interface_for_each_namespace(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    file = SaveFile(path, lambda *_: None)
    interfaces = Interfaces(file)
    numbers = [interfaces.number(*which) for which in ((7,), (8,), (7, True), (7,), (8,), (7, True))]
    file.close()
    assert numbers == [0, 1, 2, 0, 1, 2]
    data = path.read_bytes()
    for name in (b"pxcap bpf netns 7\0", b"pxcap bpf netns 8\0", b"pxcap bpf netns 7, plain text from inside TLS"):
        assert data.count(name) == 1
    with CaptureReader(path) as reader:
        assert list(reader.windows()) == []
