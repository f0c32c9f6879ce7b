"""Reading a ring in place: order, busy and discarded records, its end, records larger than a block."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bpf.rings import BUSY, DISCARDED, FakeRing

from pxcap.bpf import ring as module
from pxcap.bpf.program import CHUNK
from pxcap.bpf.records import PEER, RECORD


@pytest.fixture
def fake() -> Iterator[FakeRing]:
    made = FakeRing(2)
    yield made
    made.close()


def read(fake: FakeRing, sizes: list[int]) -> list[bytes]:
    """What one call gives, the records' lengths being known."""
    block, places = fake.ring.read(fake.ring.produced)
    return [block[place : place + size] for place, size in zip(places, sizes, strict=True)]


def test_nothing_yet(fake: FakeRing) -> None:
    assert fake.ring.read(fake.ring.produced) == (b"", [])
    assert (fake.ring.produced, fake.ring.consumed, fake.ring.filled) == (0, 0, 0.0)


def test_records_in_order_and_room_given_back(fake: FakeRing) -> None:
    for data in (b"one", b"", b"sixteen bytes ..", b"four"):
        fake.put(data)
    assert fake.ring.filled == fake.produced / fake.size
    assert read(fake, [3, 0, 16, 4]) == [b"one", b"", b"sixteen bytes ..", b"four"]
    assert fake.consumed == fake.ring.consumed == fake.produced
    assert read(fake, []) == []


def test_only_what_was_asked_for(fake: FakeRing) -> None:
    fake.put(b"before")
    until = fake.ring.produced
    fake.put(b"after")
    block, places = fake.ring.read(until)
    assert [block[place : place + 6] for place in places] == [b"before"]
    assert read(fake, [5]) == [b"after"]


def test_a_busy_record_stops_the_reader_until_it_is_written(fake: FakeRing) -> None:
    fake.put(b"first")
    busy = fake.put(b"second", BUSY)
    fake.put(b"third")
    assert read(fake, [5]) == [b"first"]
    assert fake.consumed == busy
    assert read(fake, []) == []
    fake.commit(busy, 6)
    assert read(fake, [6, 5]) == [b"second", b"third"]


def test_discarded_records_are_passed_over(fake: FakeRing) -> None:
    fake.put(b"gone", DISCARDED)
    fake.put(b"here")
    fake.put(b"gone too", DISCARDED)
    assert read(fake, [4]) == [b"here"]
    assert fake.consumed == fake.produced
    fake.put(b"gone", DISCARDED)
    assert read(fake, []) == []
    assert fake.consumed == fake.produced


def test_records_beyond_the_end_of_the_ring_are_whole(fake: FakeRing) -> None:
    data = bytes(range(256)) * 11  # three of them do not fill the ring evenly
    for _ in range(20):
        fake.put(data)
        fake.put(data[:100])
        assert read(fake, [len(data), 100]) == [data, data[:100]]
    assert fake.consumed > 6 * fake.size


def test_a_block_ends_between_records(fake: FakeRing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 64)
    for number in range(7):
        fake.put(b"%d" % number * 20)
    found: list[bytes] = []
    while (batch := fake.ring.read(fake.ring.produced))[1]:
        assert len(batch[1]) == 2
        found += [batch[0][place : place + 1] for place in batch[1]]
        if len(found) == 6:
            break
    assert found == [b"%d" % number for number in range(6)]
    assert read(fake, [20]) == [b"6" * 20]


def test_a_block_is_larger_than_any_record() -> None:
    """Else the reader would stand before it for ever."""
    assert 8 + RECORD.itemsize + PEER.size + CHUNK < module.BLOCK


def test_a_position_beyond_32_bits(fake: FakeRing) -> None:
    far = (1 << 33) // fake.size * fake.size
    fake.advance(far)
    fake.ring._consumed[0] = far
    fake.put(b"far")
    assert read(fake, [3]) == [b"far"]
    assert fake.consumed == far + 16


@given(
    records=st.lists(st.tuples(st.binary(max_size=300), st.sampled_from([0, 0, 0, DISCARDED])), max_size=60),
    often=st.integers(1, 8),
)
def test_whatever_is_written_is_read_once_and_in_order(records: list[tuple[bytes, int]], often: int) -> None:
    fake = FakeRing(1)
    found: list[bytes] = []
    kept = [data for data, flags in records if not flags]

    def drain() -> None:
        while fake.ring.consumed < fake.produced:
            block, places = fake.ring.read(fake.ring.produced)
            expected = kept[len(found) :]
            found.extend(block[place : place + len(expected[at])] for at, place in enumerate(places))

    try:
        for at, (data, flags) in enumerate(records):
            fake.put(data, flags)
            if at % often == 0 or fake.ring.filled > 0.8:
                drain()
        drain()
    finally:
        fake.close()
    assert found == kept
