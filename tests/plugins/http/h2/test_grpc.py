"""Messages in bodies, and statuses."""

import gzip
import zlib

import pytest
from tests.plugins.http.h2.frames import message
from tests.plugins.http.h2.test_descriptors import SET

from pxcap.core.protocol import Settings
from pxcap.plugins.http.body import Body
from pxcap.plugins.http.h2 import grpc
from pxcap.plugins.http.h2.grpc import Grpc, status_text

GRPC = "application/grpc"


def show(data: bytes, coding: str = "", media: str = GRPC, limit: int = 1000, redact: bool = True) -> tuple[str, bool]:
    found = Grpc(Settings(limit, redact))
    body = Body(found.room(limit))
    body.add(data, 0, len(data))
    return found.show(body, coding, media, "/s.S/M", True)


@pytest.mark.parametrize(
    ("data", "coding", "media", "wanted"),
    [
        (b"", "", GRPC, ("", True)),
        (message(b"\x08\x01") + message(b"") + message(b"\x08\x02"), "", GRPC, ('{"1":1}\n{}\n{"1":2}', True)),
        (message(b"\x08\x01") + b"\0\0", "", GRPC, ('{"1":1}', True)),
        (message(b"\x0a\x03abc")[:-1], "", GRPC, ('{"1":"ab"}', True)),
        (message(gzip.compress(b"\x08\x01", mtime=0), True), "gzip", GRPC, ('{"1":1}', True)),
        (message(zlib.compress(b"\x08\x01"), True), "deflate", GRPC, ('{"1":1}', True)),
        (message(b"xyz", True), "gzip", GRPC, ("{}", False)),
        (message(b"xyz", True), "lzma9", GRPC, ("[lzma9, 3 bytes]", False)),
        (message(b"xyz", True), "", GRPC, ("[compressed, 3 bytes]", True)),
        (message(b'{"password":"x"}'), "", "application/grpc+json", ('{"password":"[redacted]"}', True)),
        (message(b"\x01\x02"), "", "application/grpc+thrift", ("[thrift, 2 bytes]", True)),
    ],
)
def test_show(data: bytes, coding: str, media: str, wanted: tuple[str, bool]) -> None:
    assert show(data, coding, media) == wanted


def test_a_bomb_costs_the_limit_and_no_more() -> None:
    bomb = gzip.compress(b"\x0a\xff\xff\xff\x07" + b"x" * 10_000_000, mtime=0)
    text, _ = show(message(bomb, True), "gzip", limit=100)
    assert len(text) <= 100
    assert text.startswith('{"1":"xxx')


def test_named_types_and_their_secrets() -> None:
    found = Grpc(Settings(1000, True, {"http.descriptors": SET}))
    body = Body(1000)
    body.add(message(b"\x0a\x02hi\x12\x02pw"), 0, 13)
    assert found.show(body, "", GRPC, "/s.S/M", True) == ('{"name": "hi", "password": "[redacted]"}', True)
    assert found.show(body, "", GRPC, "/s.S/M", False) == ('{"1":"hi","2":"pw"}', True)
    assert found.show(body, "", GRPC, "/s.S/Other", True) == ('{"1":"hi","2":"pw"}', True)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc, "MAX_REMEMBERED", 8)
    found = Grpc(Settings())
    for number in range(30):
        body = Body(1000)
        body.add(message(bytes((8, number))), 0, 7)
        assert found.show(body, "", GRPC, "", True)[0] == f'{{"1":{number}}}'
    assert len(found._remembered) <= 8


def test_status() -> None:
    assert [status_text(0, ""), status_text(5, "x"), status_text(99, "")] == ["OK", "NOT_FOUND: x", "status 99"]
