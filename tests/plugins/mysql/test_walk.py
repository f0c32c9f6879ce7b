"""Rows are counted the same whether one by one or many at a time."""

import random

from tests.plugins.mysql.build import packet

from pxcap.plugins.mysql.walk import walk_rows


def slowly(buf: bytes) -> tuple[int, int]:
    """Where the rows end and how many there are, one by one."""
    pos = count = 0
    while pos + 5 <= len(buf):
        size = int.from_bytes(buf[pos : pos + 3], "little")
        if buf[pos + 4] >= 0xFE or size == 0xFFFFFF:
            break
        pos += 4 + size
        count += 1
    return pos, count


def test_against_counting_one_by_one() -> None:
    rng = random.Random(0)
    for _ in range(300):
        sizes = rng.choice(([7], [7, 8], [1, 200], [3, 300, 70_000], [0, 0, 1, 2]))
        body = b"".join(
            packet(at & 0xFF, rng.choice(b"\0\0\1\xfb\xfd").to_bytes(1, "little") * size)
            for run in range(rng.randint(0, 12))
            for size in [rng.choice(sizes)]
            for at in range(rng.choice((1, 1, 3, 10, 130, 300)) if size < 1000 else 2)
        )
        body += rng.choice(
            (b"", b"\5\0\0\1\xfe\0\0\2\0", b"\7\0\0\1\xfe\0\0\2\0\0\0", b"\x09\0\0\1\xff123", b"\xff\xff\xff\1\0")
        )
        body = body[: rng.randint(0, len(body))] if rng.random() < 0.5 else body
        assert walk_rows(body, 0) == slowly(body)


def test_a_run_ends_where_any_byte_of_a_header_differs() -> None:
    row = packet(1, b"\0" + b"x" * 299)
    for other in (
        packet(2, b"\0" * 301),
        packet(2, b"\0" * 44),
        packet(2, b"\0" * (300 + 65536)),
        packet(2, b"\xfe" * 300),
    ):
        buf = row * 20 + other + row * 20
        assert walk_rows(buf, 0) == slowly(buf)
    assert walk_rows(row * 500, 0) == (500 * 304, 500)
    assert walk_rows(row * 500 + row[:10], 0) == (501 * 304, 501)
    assert walk_rows(row * 500 + row[:4], 0) == (500 * 304, 500)
