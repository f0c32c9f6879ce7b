"""Fields and lists of fields."""

import pytest

from pxcap.plugins.http.h2 import fields
from pxcap.plugins.http.h2.fields import Fields, shared_fields
from pxcap.plugins.http.h2.types import NO_CODE, Head
from pxcap.plugins.http.headers import Heads


def head(*pairs: tuple[bytes, bytes], redact: bool = True) -> Head:
    made = shared_fields(redact)
    return made.head(tuple(made.field(name, value) for name, value in pairs))


def test_a_request() -> None:
    found = head(
        (b":method", b"GET"), (b":path", b"/a?token=x"), (b"authorization", b"Basic x"), (b"referer", b"/?pwd=x")
    )
    assert (found.method, found.path, found.status, found.simple) == ("GET", "/a?token=[redacted]", None, True)
    assert found.json == (
        '{":method":"GET",":path":"/a?token=[redacted]","authorization":"[redacted]","referer":"/?pwd=[redacted]"}'
    )
    assert '"Basic x"' in head((b"authorization", b"Basic x"), redact=False).json


def test_a_response() -> None:
    found = head((b":status", b"200"), (b"content-type", b"application/json"), (b"content-encoding", b"br"))
    assert (found.status, found.meaning.media.kind, found.meaning.codings) == (200, 1, ("br",))
    assert (found.simple, found.plain) == (True, False)
    assert head((b":status", b"200"), (b"content-type", b"text/plain")).plain
    assert head((b":status", b"x")).status is None


def test_trailers() -> None:
    found = head((b"grpc-status", b"3"), (b"grpc-message", b"%E2%82%AC %zz %ff\0"), (b"grpc-encoding", b" GZIP"))
    assert (found.code, found.message, found.coding) == (3, "€ %zz \ufffd\\x00", "gzip")
    assert head((b"grpc-status", b"-1")).code == NO_CODE
    assert head((b"content-type", b"application/grpc-web+proto")).grpc


def test_a_repeated_name_has_an_array_also_across_trailers() -> None:
    one, two = head((b"a", b"1"), (b"b", b"2"), (b"a", b"3")), head((b"b", b"4"), (b"c", b"\xff\0"))
    assert one.json == '{"a":["1","3"],"b":"2"}'
    assert shared_fields(True).joined(one, two) == '{"a":["1","3"],"b":["2","4"],"c":"\\\\xff\\\\x00"}'


def test_what_is_the_same_is_made_once() -> None:
    assert head((b"a", b"1")) is head((b"a", b"1"))


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "MAX_FIELDS", 8)
    monkeypatch.setattr(fields, "MAX_HEADS", 4)
    made = Fields(Heads(True), True)
    empty = made.head(())
    for number in range(40):
        one = made.head((made.field(b"n", b"%d" % number),))
        assert one.json == made.joined(one, empty) == f'{{"n":"{number}"}}'
    assert len(made._fields) <= 8
    assert len(made._lists) <= 4
    assert len(made._joined) <= 4
