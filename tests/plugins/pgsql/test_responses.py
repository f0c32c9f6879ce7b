import struct

import pytest
from tests.plugins.pgsql.messages import (
    BOUND,
    CLOSED,
    HELLO,
    NO_DATA,
    PARSED,
    SUSPENDED,
    described,
    done,
    error,
    m,
    ready,
    types,
)

from pxcap.core.protocol import Row, Settings
from pxcap.plugins.pgsql.responses import Responses
from pxcap.plugins.pgsql.stitch import Stitcher
from pxcap.plugins.pgsql.types import STARTUP, Portal, Request, Statement
from pxcap.plugins.pgsql.wire import (
    BIND,
    CLOSE,
    DESCRIBE,
    EXECUTE,
    FUNCTION_CALL,
    HEADER_SIZE,
    PARSE,
    QUERY,
    RESPONSES,
    SSL_REQUEST,
)


class Reader:
    """Answers to requests that are put by hand, at time 1; the answers come at time 5."""

    def __init__(self, *requests: Request, redact: bool = True) -> None:
        self.errors: list[str] = []
        settings = Settings(redact=redact)
        self.stitch = Stitcher(settings, True, self.errors.append)
        self.responses = Responses(settings, self.stitch, self.errors.append)
        for request in requests:
            self.stitch.put(request)

    def take(self, *messages: bytes) -> list[Row]:
        for each in messages:
            at = 0
            while at < len(each):
                stop = at + 1 + int.from_bytes(each[at + 1 : at + 5], "big")
                self.responses.readers[each[at]](each, at + HEADER_SIZE, stop, 5)
                at = stop
        return self.stitch.rows


def asked(kind: int) -> Request:
    return Request(kind, 1, "SELECT 1", statement=Statement("SELECT 1"))


@pytest.mark.parametrize(
    ("kind", "answer", "resp"),
    [
        (PARSE, PARSED, "ParseComplete"),
        (BIND, BOUND, "BindComplete"),
        (CLOSE, CLOSED, "CloseComplete"),
        (DESCRIBE, NO_DATA, "NoData"),
        (DESCRIBE, described((b"a", 23, 0), (b"b", 1009, 1)), "a int4, b text[]"),
        (DESCRIBE, described(), "no columns"),
        (EXECUTE, done(b"INSERT 0 1"), "INSERT 0 1"),
        (EXECUTE, m(b"I"), "EmptyQueryResponse"),
        (EXECUTE, SUSPENDED, "PortalSuspended: more rows than were asked for"),
        (QUERY, done(b"BEGIN") + ready(), "BEGIN"),
        (FUNCTION_CALL, m(b"V", b"\xff\xff\xff\xff") + ready(), "FunctionCallResponse"),
    ],
)
def test_each_request_has_its_answer(kind: int, answer: bytes, resp: str) -> None:
    reader = Reader(asked(kind))
    assert [(row[3], row[8], row[9]) for row in reader.take(answer)] == [(resp, 4, "")]
    assert reader.errors == []


def test_types_are_told_to_the_statement() -> None:
    request = asked(DESCRIBE)
    Reader(request).take(types(23, 1007), NO_DATA)
    assert request.statement is not None
    assert request.statement.types == (23, 1007)


def test_rows_and_tags_add_up() -> None:
    reader = Reader(asked(QUERY))
    reader.responses.rows(3, 5)
    reader.take(done(b"SELECT 3"))
    reader.responses.rows(2, 5)
    assert [(row[5], row[6]) for row in reader.take(done(b"SHOW"), done(b"UPDATE 4"), ready())] == [
        ("SELECT 3; SHOW; UPDATE 4", 9)
    ]


@pytest.mark.parametrize(
    ("messages", "resp"),
    [
        (struct.pack(">I", 0), "ok (trust)"),
        (struct.pack(">I", 3), "ok (password)"),
        (struct.pack(">I", 5) + b"salt", "ok (md5)"),
        (struct.pack(">I", 10) + b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0", "ok (SCRAM-SHA-256-PLUS, SCRAM-SHA-256)"),
        (struct.pack(">I", 7), "ok (GSSAPI)"),
    ],
)
def test_how_a_client_proved_who_it_is(messages: bytes, resp: str) -> None:
    reader = Reader(Request(STARTUP, 1, "user=app", Portal(Statement(None), rendered="{}", values=[None])))
    reader.take(m(b"R", messages), m(b"R", struct.pack(">I", 11) + b"r=sEcReT"), HELLO)
    assert [row[3] for row in reader.take(ready())] == [f"{resp}; server 16.4"]
    assert "key!" not in str(reader.stitch.rows)


def test_a_refused_startup_shows_its_code() -> None:
    reader = Reader(Request(STARTUP, 1, "user=app"))
    reader.take(m(b"R", struct.pack(">I", 5) + b"salt"))
    rows = reader.take(error(b"28P01", b"password authentication failed", severity=b"FATAL"))
    assert [(row[3], row[7]) for row in rows] == [("FATAL 28P01: password authentication failed", "28P01")]


def test_one_byte_answers() -> None:
    reader = Reader(Request(SSL_REQUEST, 1))
    assert reader.responses.single(ord("S"), 5)
    assert reader.stitch.rows[0][3] == "accepted: encrypted from here on"
    reader = Reader(Request(SSL_REQUEST, 1))
    assert not reader.responses.single(ord("N"), 5)
    reader.stitch.finish()
    assert [(row[1], row[3]) for row in reader.stitch.rows] == [("SSLRequest", "refused")]


def test_passwords_in_errors_and_notices_are_hidden() -> None:
    text = b"near ALTER ROLE bob PASSWORD 'sEcReT'"
    for redact, shown in ((True, False), (False, True)):
        reader = Reader(asked(QUERY), redact=redact)
        rows = reader.take(error(b"00000", text, b"N", b"NOTICE"), error(b"42601", text), ready())
        assert ("sEcReT" in rows[0][3]) is shown


def test_what_comes_unasked() -> None:
    reader = Reader()
    rows = reader.take(m(b"A", struct.pack(">I", 7) + b"ch\0hello\0"), m(b"S", b"TimeZone\0UTC\0"))
    assert [row[1:4] for row in rows] == [("Notification", "ch", "ch: hello (from pid 7)")]
    reader.take(error(b"01000", b"hear", b"N", b"WARNING"), m(b"A", b"\0"))
    assert sorted(reader.errors) == ["bad_notification", "notice"]


def test_copied_bytes_count() -> None:
    reader = Reader(asked(QUERY))
    reader.take(m(b"H", b"\0\0\0"))
    reader.responses.copied(7, 5)
    reader.responses.copied(5, 5)
    assert [(row[3], row[6]) for row in reader.take(m(b"c"), done(b"COPY 2"), ready())] == [
        ("COPY 2, 12 bytes copied", 2)
    ]


def test_a_replication_stream_is_known() -> None:
    reader = Reader(asked(QUERY))
    reader.take(m(b"W", b"\0\0\0"))
    reader.responses.copied(10, 5)
    reader.stitch.finish()
    assert reader.stitch.rows[0][3] == "CopyBothResponse: a replication stream; 10 bytes copied"


def test_every_type_is_read_and_none_raises_on_what_is_cut() -> None:
    assert set(Reader().responses.readers) == RESPONSES
    for kind in RESPONSES:
        for body in (b"", b"\0", b"\xff" * 9, b"no end"):
            reader = Reader(asked(QUERY))
            reader.take(m(bytes([kind]), body), ready())
            reader.stitch.finish()
