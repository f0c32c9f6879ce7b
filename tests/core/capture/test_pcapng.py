"""The block format: sections, interfaces, every packet block, and blocks that cannot be."""

import struct
from pathlib import Path

import pytest
from tests.core.capture import wires
from tests.core.capture.wires import (
    RAW,
    SECOND,
    START,
    Row,
    block,
    enhanced,
    interface,
    old,
    option,
    section,
    simple,
)

from pxcap.core.capture import pcapng
from pxcap.core.capture.reader import CaptureReader
from pxcap.core.errors import CaptureError

MICRO = START // 1000
IP = wires.ip4(wires.tcp(b"hello"))
FRAME = wires.ether(IP)


def read(tmp_path: Path, *parts: bytes) -> tuple[list[Row], CaptureReader]:
    path = tmp_path / "x.pcapng"
    path.write_bytes(b"".join(parts))
    whole, reader = wires.read(path)
    assert wires.read(path, 50)[0] == whole
    return whole, reader


@pytest.mark.parametrize("order", "<>")
def test_packet_blocks(tmp_path: Path, order: str) -> None:
    rows, reader = read(
        tmp_path,
        section(order),
        interface(order=order),
        enhanced(MICRO + 1, FRAME, order=order),
        old(MICRO + 2, FRAME, order=order),
        simple(FRAME, order),
        enhanced(MICRO + 3, FRAME, order=order, options=option(1, b"comment", order) + option(0, b"", order)),
    )
    assert rows == [wires.row(b"hello", START + ns) for ns in (1000, 2000, 2000, 3000)]
    assert (reader.packets, reader.last_time, reader.warnings) == (4, START + 3000, [])


def test_interfaces_have_their_own_link_type_and_clock(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path,
        section(),
        interface(),
        interface(RAW, options=option(9, b"\x09")),
        interface(options=option(9, b"\x80") + option(14, struct.pack("<q", 50))),
        enhanced(MICRO, FRAME),
        enhanced(START + 5, IP, 1),
        enhanced(START // SECOND, FRAME, 2),
        enhanced(MICRO, FRAME),
    )
    assert [row.time - START for row in rows] == [0, 5, 50 * SECOND, 0]
    assert {row.payload for row in rows} == {b"hello"}


def test_a_section_begins_anew(tmp_path: Path) -> None:
    parts = [section("<"), interface(), enhanced(MICRO, FRAME), section(">"), interface(RAW, ">")]
    rows, reader = read(tmp_path, *parts, enhanced(MICRO, IP, order=">"), enhanced(MICRO, IP, 1, order=">"))
    assert rows == [wires.row(b"hello")] * 2
    assert reader.skipped == {"interface not described": 1}


def test_an_interface_described_too_late_is_not_known(tmp_path: Path) -> None:
    rows, reader = read(tmp_path, section(), enhanced(MICRO, FRAME), interface(), enhanced(MICRO, FRAME), simple(FRAME))
    assert len(rows) == 2
    assert reader.skipped == {"interface not described": 1}


def test_other_blocks_are_passed_over_without_ending_a_run(tmp_path: Path) -> None:
    others = [
        block(4, bytes(20)),
        block(5, bytes(8)),
        block(0xBAD, b"\6\0\0\0" * 9),
        block(0x40000BAD, b""),
        block(10, b"x"),
    ]
    parts = [section(), interface()]
    for other in others:
        parts += [enhanced(MICRO, FRAME), other]
    path = tmp_path / "x"
    path.write_bytes(b"".join(parts))
    with CaptureReader(path) as reader:
        assert [len(window) for window in reader.windows()] == [5]


def test_snap_length(tmp_path: Path) -> None:
    rows, _ = read(
        tmp_path, section(), interface(snaplen=56), enhanced(MICRO, FRAME[:57], wire=59), simple(FRAME[:56], wire=59)
    )
    assert rows == [wires.row(b"hel", wire=5), wires.row(b"he", wire=5)]


def test_simple_packet_of_an_interface_without_snap_length(tmp_path: Path) -> None:
    rows, _ = read(tmp_path, section(), interface(), simple(FRAME[:56], wire=59))
    assert rows == [wires.row(b"he", 0, wire=5)]


@pytest.mark.parametrize("length", [0, 4, 11, 30, 0xFFFFFFFC])
def test_block_length_that_cannot_be(tmp_path: Path, length: int) -> None:
    bad = struct.pack("<II", 6, length) + bytes(24)
    rows, reader = read(tmp_path, section(), interface(), enhanced(MICRO, FRAME), bad)
    assert len(rows) == 1
    assert len(reader.warnings) == 1
    assert reader.warnings[0].startswith(f"the block after packet 1 claims {length} bytes")
    with pytest.raises(CaptureError, match=f"a block before any packet claims {length} bytes"):
        read(tmp_path, section(), interface(), bad)


def test_packet_larger_than_its_block(tmp_path: Path) -> None:
    bad = block(6, struct.pack("<IIIII", 0, 0, 0, 61, 61) + bytes(60))
    rows, reader = read(tmp_path, section(), interface(), enhanced(MICRO, FRAME), enhanced(MICRO, FRAME), bad)
    assert len(rows) == 2
    assert reader.warnings == ["packet 3 does not fit its block of 92 bytes; reading stopped after packet 2"]
    for small in (block(6, bytes(12)), block(2, b""), block(3, b"")):
        _, reader = read(tmp_path, section(), interface(), enhanced(MICRO, FRAME), small)
        assert "packet 2 does not fit its block" in reader.warnings[0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (section(major=2), "pcapng version is 2.0, expected 1.0"),
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0" + bytes(20), "a section begins with byte-order magic 00000000"),
        (block(0x0A0D0D0A, b"\x4d\x3c\x2b\x1a"), "a section header has 16 bytes, expected 28 or more"),
        (section() + block(1, b"\0\0\0\0"), "interface 0 of a section cannot be"),
    ],
)
def test_nothing_can_follow(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(CaptureError, match=message) as caught:
        read(tmp_path, data)
    assert caught.value.hint


def test_number_of_interfaces_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcapng, "_MAX_INTERFACES", 3)
    with pytest.raises(CaptureError, match="interface 3 of a section cannot be"):
        read(tmp_path, section(), *[interface()] * 4)


@pytest.mark.parametrize(
    ("last", "keep", "warning"),
    [
        (enhanced(0, FRAME), 5, "the last block is cut short in its header (5 of 12 bytes)"),
        (enhanced(0, FRAME), 20, "packet 2 is cut short in its header (20 of 28 bytes)"),
        (enhanced(0, FRAME), 28 + 40, "packet 2 is cut short (40 of 59 bytes)"),
        (simple(FRAME), 12 + 40, "packet 2 is cut short (40 of 59 bytes)"),
        (enhanced(0, FRAME), 28 + 59, "packet 2 is cut short behind its data (87 of 92 bytes of its block)"),
        (block(5, bytes(40)), 30, "the last block is cut short (30 of 52 bytes)"),
    ],
)
def test_cut_file(tmp_path: Path, last: bytes, keep: int, warning: str) -> None:
    rows, reader = read(tmp_path, section(), interface(), enhanced(MICRO, FRAME), last[:keep])
    assert len(rows) == 1
    assert reader.warnings == [warning]
