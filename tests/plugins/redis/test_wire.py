import pytest

from pxcap.plugins.redis.wire import COMMON_BULK, Bulk, Sizes, number


def test_sizes() -> None:
    sizes = Sizes()
    assert sizes[b"$0"] == 0
    assert sizes[b"$%d" % COMMON_BULK] == COMMON_BULK
    assert len(sizes) == 2


@pytest.mark.parametrize(
    "header", [b"", b"$", b"$-1", b"$01", b"$1x", b":5", b"$%d" % (COMMON_BULK + 1), b"$ 5", b"$123456"]
)
def test_headers_that_are_not_common(header: bytes) -> None:
    with pytest.raises(KeyError):
        Sizes()[header]


@pytest.mark.parametrize(("digits", "value"), [(b"0", 0), (b"-5", -5), (b"+7", 7), (b"9" * 19, 10**19 - 1)])
def test_numbers(digits: bytes, value: int) -> None:
    assert number(digits) == value


@pytest.mark.parametrize("digits", [b"", b"-", b"--1", b"1_0", b" 1", b"1" * 20, b"x", b"\xb2"])
def test_no_numbers(digits: bytes) -> None:
    assert number(digits) is None


def test_a_bulk_in_pieces() -> None:
    bulk = Bulk(6, 4)
    assert bulk.take(b"abc", 0) == 3
    assert bulk.take(b"xxdef\r", 2) == 6
    assert bulk.left == 1
    assert bulk.take(b"\nrest", 0) == 1
    assert (bulk.value(), bulk.left, bulk.intact) == (b"abcd", 0, True)


def test_a_bulk_that_lost_bytes() -> None:
    bulk = Bulk(6, 6)
    bulk.take(b"ab", 0)
    bulk.lose(2)
    bulk.take(b"ef\r\n", 0)
    assert (bulk.value(), bulk.left, bulk.intact) == (b"ab", 0, False)


def test_a_bulk_that_grows() -> None:
    bulk = Bulk(0, 4)
    bulk.join(b"abc", 3)
    bulk.join(b"de", 2)
    assert (bulk.value(), bulk.size) == (b"abcd", 5)
    bulk = Bulk(0, 9)
    bulk.join(b"ab", 5)
    bulk.join(b"cd", 2)
    assert (bulk.value(), bulk.size) == (b"ab", 7)
