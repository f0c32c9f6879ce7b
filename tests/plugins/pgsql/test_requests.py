import json
import struct

import pytest
from tests.plugins.pgsql.messages import SYNC, bind, describe, execute, m, parse, query, startup

from pxcap.core.protocol import Settings
from pxcap.plugins.pgsql.requests import Requests
from pxcap.plugins.pgsql.stitch import Stitcher
from pxcap.plugins.pgsql.types import Request
from pxcap.plugins.pgsql.wire import CANCEL_REQUEST, HEADER_SIZE, SSL_REQUEST
from pxcap.plugins.pgsql.wire import SYNC as SYNC_KIND


class Reader:
    """Requests that are only put where they wait."""

    def __init__(self, midstream: bool = False, redact: bool = True, body_limit: int = 65536) -> None:
        settings = Settings(body_limit, redact)
        self.errors: list[str] = []
        self.stitch = Stitcher(settings, True, self.errors.append)
        self.requests = Requests(settings, self.stitch, self.errors.append, midstream)

    def take(self, message: bytes, flaw: str = "") -> Request:
        self.requests.message(message[0], message, HEADER_SIZE, len(message), 1, flaw)
        return self.stitch.pending[-1]


def test_a_startup_shows_who_and_where_to() -> None:
    reader = Reader()
    words = (b"user", b"app", b"database", b"shop", b"application_name", b"psql", b"options", b"-c geqo=off")
    reader.requests.startup(startup(*words), 0x30000, 1)
    request = reader.stitch.pending[-1]
    assert request.text == "user=app database=shop application_name=psql"
    assert request.portal is not None
    assert list(json.loads(request.portal.rendered or "")) == ["user", "database", "application_name", "options"]


@pytest.mark.parametrize(
    ("value", "asked"), [(b"true", True), (b"database", True), (b"1", True), (b"false", False), (b"off", False)]
)
def test_replication_is_known(value: bytes, asked: bool) -> None:
    reader = Reader()
    reader.requests.startup(startup(b"user", b"r", b"replication", value), 0x30000, 1)
    assert reader.requests.replication is asked


def test_other_first_messages() -> None:
    reader = Reader()
    reader.requests.startup(struct.pack(">II", 8, SSL_REQUEST), SSL_REQUEST, 1)
    assert reader.stitch.pending[-1].kind == SSL_REQUEST
    reader.requests.startup(struct.pack(">IIII", 16, CANCEL_REQUEST, 7, 424242), CANCEL_REQUEST, 1)
    assert reader.stitch.rows[-1][1:3] == ("CancelRequest", "pid=7")
    assert "424242" not in str(reader.stitch.rows)


def test_names_lead_from_parse_to_execute() -> None:
    reader = Reader()
    reader.take(parse(b"s", b"SELECT $1", 23))
    reader.take(parse(b"", b"SELECT 'unnamed'"))
    assert reader.take(bind(b"p", b"s", b"1")).text == "SELECT $1"
    assert reader.take(bind(b"", b"")).text == "SELECT 'unnamed'"
    for message, text in (
        (execute(b"p"), "SELECT $1"),
        (execute(), "SELECT 'unnamed'"),
        (describe(b"Ss"), "SELECT $1"),
        (describe(b"Pp"), "SELECT $1"),
        (m(b"C", b"Ss\0"), 'statement "s": SELECT $1'),
        (m(b"C", b"Pp\0"), 'portal "p"'),
        (execute(b"p"), 'portal "p"'),
        (bind(b"q", b"s"), 'statement "s"'),
    ):
        assert reader.take(message).text == text
    assert reader.errors == []


def test_what_was_prepared_before_the_capture_has_its_name_and_says_so() -> None:
    reader = Reader(midstream=True)
    request = reader.take(bind(b"", b"s1", b"1"))
    assert (request.text, request.flaws) == ('statement "s1"', "midstream")
    assert reader.take(execute()).flaws == "midstream"
    assert reader.take(query(b"SELECT 1")).flaws == ""


def test_a_loss_forgets_what_is_bound() -> None:
    reader = Reader()
    reader.take(parse(b"s", b"SELECT 1"))
    reader.take(parse(b"", b"SELECT 2"))
    reader.take(bind(b"p", b"s"))
    reader.requests.lost()
    assert (reader.take(execute(b"p")).text, reader.stitch.pending[-1].flaws) == ('portal "p"', "gap")
    assert (reader.take(bind(b"", b"")).text, reader.stitch.pending[-1].flaws) == (None, "gap")
    assert (reader.take(bind(b"", b"s")).text, reader.stitch.pending[-1].flaws) == ("SELECT 1", "")


def test_secrets_are_hidden_unless_asked_for() -> None:
    sql = b"ALTER ROLE bob PASSWORD 'sEcReT'"
    assert Reader().take(query(sql)).text == "ALTER ROLE bob PASSWORD '[redacted]'"
    assert Reader().take(parse(b"", sql)).text == "ALTER ROLE bob PASSWORD '[redacted]'"
    assert Reader(redact=False).take(query(sql)).text == sql.decode()
    reader = Reader()
    reader.take(SYNC)
    assert reader.take(m(b"p", b"sEcReT\0")).kind == SYNC_KIND  # nothing was put


@pytest.mark.parametrize("keep", range(3, 40, 4))
def test_what_is_cut_gives_what_it_holds(keep: int) -> None:
    message = bind(b"p", b"s", b"12345", None, b"67890", formats=(0, 1, 0))
    reader = Reader()
    reader.take(parse(b"s", b"SELECT $1, $2, $3"))
    request = reader.take(message[: HEADER_SIZE + keep], "truncated")
    assert request.flaws == "truncated"
    assert request.portal is not None
    values = request.portal.values or []
    assert [b"12345", None, b"67890"][: max(0, len(values) - 1)] == values[:-1]
    assert reader.errors == []


def test_a_bind_that_is_malformed_is_counted() -> None:
    reader = Reader()
    reader.take(m(b"B", b"\0\0\0\0\xff\xff"))
    assert reader.errors == ["bad_bind"]


def test_long_statements_are_cut() -> None:
    reader = Reader(body_limit=10)
    assert reader.take(query(b"SELECT '" + b"x" * 50)).text == "SELECT 'xx"
    request = reader.take(bind(b"", b"", b"y" * 50, b"z"))
    assert request.portal is not None
    assert request.portal.values == [b"y" * 10, b""]


def test_a_function_call_shows_its_arguments() -> None:
    reader = Reader()
    request = reader.take(m(b"F", struct.pack(">IHHHiiH", 1598, 1, 1, 1, 4, 7, 1)))
    assert request.text == "function 1598"
    assert request.portal is not None
    assert request.portal.values == [b"\0\0\0\7"]
    assert reader.take(m(b"F", b"\0")).text is None


def test_copied_bytes_belong_to_what_was_executed_last() -> None:
    reader = Reader()
    first = reader.take(query(b"COPY t FROM STDIN"))
    reader.requests.copied(7)
    second = reader.take(query(b"COPY u FROM STDIN"))
    reader.requests.copied(5)
    assert (first.copied, second.copied) == (7, 5)
