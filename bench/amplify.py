"""Large captures out of small ones: every copy later than the one before, and between other addresses."""

import json
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

_HEADER = 24
_RECORD = struct.Struct("<IIII")
_IPV4_SOURCE = 14 + 12  # in an Ethernet frame
FIXTURE = Path(__file__).parents[1] / "fixtures" / "demo" / "shop.pcap"


def amplify(source: Path, target: Path, copies: int, port: int = 0) -> int:
    """Write `copies` copies of the IPv4 packets of a little-endian Ethernet pcap file; returns the packets written.

    Copy k has its times moved by k times the length of the source (and a second), and its number in the middle of both
    addresses: 127.0.0.1 becomes 127.0.7.1 in the seventh. Checksums are left as they are: on loopback they never fit.

    Args:
        source: The capture.
        target: What is written.
        copies: 1 to 65535.
        port: Only TCP and UDP packets from or to this port; 0: all.
    """
    data = source.read_bytes()
    packets = [packet for packet in _packets(data) if not port or port in _ports(packet[2])]
    span = packets[-1][0] - packets[0][0] + 1
    with target.open("wb") as out:
        out.write(data[:_HEADER])
        for copy in range(copies):
            number = struct.pack(">H", copy)
            for seconds, fraction, frame, size in packets:
                moved = bytearray(frame)
                for address in (_IPV4_SOURCE, _IPV4_SOURCE + 4):
                    moved[address + 1 : address + 3] = number
                out.write(_RECORD.pack(seconds + copy * span, fraction, len(frame), size))
                out.write(moved)
    return len(packets) * copies


def _packets(data: bytes) -> Iterator[tuple[int, int, bytes, int]]:
    at = _HEADER
    while at < len(data):
        seconds, fraction, captured, size = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        frame = data[at : at + captured]
        at += captured
        if frame[12:14] == b"\x08\x00":
            yield seconds, fraction, frame, size


def _ports(frame: bytes) -> tuple[int, ...]:
    head = 14 + (frame[14] & 15) * 4
    return struct.unpack_from(">HH", frame, head) if frame[23] in (6, 17) else ()


def expected(table: str, port: int, counted: str = "", answered: str = "") -> tuple[int, int]:
    """Records of one server port that the fixture's reviewed expectation holds, and the rows in their answers.

    Args:
        table: Where they are.
        port: The server's.
        counted: SQL condition of those that count; empty: all.
        answered: Column with the rows of a record's answer; empty: there are none.
    """
    lines = FIXTURE.with_name("shop.expect.jsonl").read_text(encoding="utf-8").splitlines()
    records = [record for record in map(json.loads, lines) if record["table"] == table]
    with closing(sqlite3.connect(":memory:")) as connection:
        names = ", ".join(f'"{name}"' for name in records[0])
        marks = ", ".join("?" * len(records[0]))
        connection.execute(f"CREATE TABLE records ({names})")
        values = [
            [item if item is None or isinstance(item, int) else str(item) for item in r.values()] for r in records
        ]
        connection.executemany(f"INSERT INTO records VALUES ({marks})", values)
        figures = f"count(*), coalesce(sum({answered or 0}), 0)"
        select = f"SELECT {figures} FROM records WHERE local_port = ? AND ({counted or 'true'})"
        count, rows = connection.execute(select, (port,)).fetchone()
    return int(count), int(rows)
