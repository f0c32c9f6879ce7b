"""The classic format: byte orders, time units, and sizes that cannot be."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.capture import wires
from tests.core.capture.wires import SECOND, START, Packet

from pxcap.core.capture import pcap
from pxcap.core.capture.pcap import Pcap, is_pcap
from pxcap.core.capture.records import MAX_RECORD, PAD, Damage
from pxcap.core.errors import CaptureError

FRAME = wires.ether(wires.ip4(wires.tcp(b"hello")))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("magic", "time"),
    [(0xA1B2C3D4, START + 123456000), (0xA1B23C4D, START + 123456789), (0xA1B2CD34, START + 123456000)],
    ids=["micro", "nano", "patched"],
)
def test_kinds(tmp_path: Path, order: str, magic: int, time: int) -> None:
    data = wires.pcap([Packet(START + 123456789, FRAME)] * 3, order=order, magic=magic)
    assert is_pcap(data)
    (tmp_path / "x").write_bytes(data)
    rows, reader = wires.read(tmp_path / "x")
    assert rows == [wires.row(b"hello", time)] * 3
    assert reader.warnings == []


def test_link_type_beside_the_length_of_the_check_sequence() -> None:
    header = wires.pcap([], link=0x24000001)
    [records] = Pcap(header).records(wires.pcap([Packet(START, FRAME)]) + PAD, 24, 24 + 16 + len(FRAME))
    assert records.link == 1


@pytest.mark.parametrize("version", [(2, 3), (2, 5), (3, 0)])
def test_unknown_version(tmp_path: Path, version: tuple[int, int]) -> None:
    data = bytearray(wires.pcap([Packet(START, FRAME)]))
    data[4:8] = struct.pack("<HH", *version)
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(CaptureError, match=rf"pcap version is {version[0]}\.{version[1]}, expected 2\.4") as caught:
        wires.read(tmp_path / "x")
    assert "editcap" in caught.value.hint


@pytest.mark.parametrize("size", [MAX_RECORD + 1, 0xFFFFFFFF])
def test_size_beyond_belief(tmp_path: Path, size: int) -> None:
    good = wires.pcap([Packet(START, FRAME)])
    bad = struct.pack("<IIII", 0, 0, size, 100) + bytes(100)
    (tmp_path / "x").write_bytes(good + bad)
    rows, reader = wires.read(tmp_path / "x")
    assert len(rows) == 1
    assert reader.warnings == [
        f"packet 2 claims {size} bytes, at most {MAX_RECORD} are believed; reading stopped after packet 1"
    ]
    (tmp_path / "x").write_bytes(good[:24] + bad)
    with pytest.raises(CaptureError, match=f"packet 1 claims {size} bytes"):
        wires.read(tmp_path / "x")


def test_captured_more_than_there_was(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(wires.pcap([Packet(START, FRAME, 10)]))
    assert wires.read(tmp_path / "x")[0] == [wires.row(b"hello")]


def test_cut_in_a_packets_header(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(wires.pcap([Packet(START, FRAME)]) + bytes(7))
    rows, reader = wires.read(tmp_path / "x")
    assert len(rows) == 1
    assert reader.warnings == ["packet 2 is cut short in its header (7 of 16 bytes)"]


@pytest.mark.parametrize("order", "<>")
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_guessing_finds_what_walking_finds(order: str, data: st.DataObject) -> None:
    """Also where times jump and where payloads look like packets."""
    decoy = struct.pack(order + "IIII", START // SECOND, 5, 60, 60)
    payload = st.one_of(st.binary(max_size=40), st.just(decoy), st.just(decoy * 2 + bytes(60)))
    time = st.sampled_from([0, START, START, START, START, START + 100000 * SECOND])
    count = data.draw(st.integers(1, 300))
    some = data.draw(st.lists(st.builds(Packet, time, payload, st.just(-1)), min_size=1, max_size=12))
    packets = [some[i * i % len(some)] for i in range(count)]
    whole = wires.pcap(packets, order=order)
    cut = len(whole) - data.draw(st.integers(0, 30))
    buf = whole[: max(cut, 24)] + PAD
    walking, guessing = Pcap(whole[:24]), Pcap(whole[:24])
    guessing._density = 1
    outcomes = []
    for form in (walking, guessing):
        try:
            found = [list(map(tuple, (r.start, r.size, r.time))) for r in form.records(buf, 24, len(buf) - len(PAD))]
        except Damage as damage:
            found = [[(str(damage),)]]
        outcomes.append((found, form.pos, form.need, form.packets))
    assert outcomes[0] == outcomes[1]
    assert pcap._DENSE > 1
