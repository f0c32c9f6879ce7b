"""Streams start with nothing but their request."""

from tests.plugins.http.h2.test_fields import head

from pxcap.plugins.http.h2.types import STREAM_COST, Stream


def test_a_stream_starts_with_its_request() -> None:
    one, other = Stream(1, 5, head((b":method", b"CONNECT")), False, 0, 0), Stream(3, 5, None, True, 0, 0)
    one.note = 4
    assert one.tunnel
    assert not other.tunnel
    assert (other.note, other.response, other.resp_done, other.ending) == (0, None, False, "")


def test_a_list_costs_what_it_holds() -> None:
    assert head((b"x", b"v" * 1000)).cost > STREAM_COST + 2000
