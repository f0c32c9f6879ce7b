"""What a file is, by its first bytes."""

import pytest
from tests.core.capture import wires

from pxcap.core.capture.formats import not_a_capture, recognise, too_short
from pxcap.core.capture.pcap import Pcap
from pxcap.core.capture.pcapng import Pcapng
from pxcap.core.capture.records import Damage


@pytest.mark.parametrize(("data", "kind"), [(wires.pcap([]), Pcap), (wires.section(), Pcapng)])
def test_formats_are_recognised_once_enough_is_there(data: bytes, kind: type) -> None:
    needed = set()
    for held in range(len(data) + 1):
        need, form = recognise(data, held)
        assert isinstance(form, kind) == (held >= need)
        needed.add(need)
    assert needed == {4, 24 if kind is Pcap else 12}


@pytest.mark.parametrize(
    ("head", "found"),
    [
        (b"\xfd7zXZ\0", "xz data"),
        (b"snoop\0\0\0\0\0\0\2", "a snoop capture"),
        (b"GET / HTTP/1.1\r\nHost: x", r"text ('GET / HTTP/1.1\r\n')"),
        (b"\xde\xad\xbe\xef", "bytes de ad be ef"),
        (b"\xd4\xc3\xb2\xa2", "bytes d4 c3 b2 a2"),
    ],
)
def test_no_capture(head: bytes, found: str) -> None:
    assert str(not_a_capture(head)) == f"found {found}, expected pcap or pcapng"
    with pytest.raises(Damage, match="expected pcap or pcapng"):
        recognise(head, len(head))


def test_too_short() -> None:
    assert "empty file" in str(too_short(b""))
    assert "text ('x')" in str(too_short(b"x"))
    assert "10 of 24" in str(too_short(wires.pcap([])[:10]))
