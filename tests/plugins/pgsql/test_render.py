from tests.plugins.pgsql.messages import described
from tests.plugins.pgsql.messages import error as error_message

from pxcap.plugins.pgsql import render
from pxcap.plugins.pgsql.types import Portal, Statement
from pxcap.plugins.pgsql.wire import HEADER_SIZE


def test_an_error_with_its_details() -> None:
    message = error_message(
        b"23505", b"duplicate", more=b"DKey (a)=(1) exists.\0HTry again.\0WSQL function f\0Fnbtinsert.c\0"
    )
    found = render.error(message, HEADER_SIZE, len(message), 1000)
    assert found == (
        "23505",
        "ERROR 23505: duplicate; detail: Key (a)=(1) exists.; hint: Try again.; where: SQL function f",
    )


def test_an_error_that_is_cut_gives_what_there_is() -> None:
    message = error_message(b"22012", b"division by zero")
    assert render.error(message, HEADER_SIZE, HEADER_SIZE + 24, 1000)[0] == "22012"
    assert render.error(b"", 0, 0, 1000) == ("", ":")


def test_columns_are_named_with_their_types_and_remembered() -> None:
    columns = render.Columns()
    body = described((b"id", 23, 0), (b"when", 1184, 1), (b"odd", 70_000, 0))[HEADER_SIZE:]
    wanted = "id, when, odd", "id int4, when timestamptz, odd oid 70000"
    assert columns.of(body) == wanted
    assert columns.of(body) == wanted


def test_many_columns_are_counted() -> None:
    body = described(*((b"c%d" % n, 23, 0) for n in range(render.MAX_COLUMNS + 5)))[HEADER_SIZE:]
    names, _ = render.Columns().of(body)
    assert names.endswith(f"c{render.MAX_COLUMNS - 1}, and 5 more")


def test_what_is_no_description_names_nothing() -> None:
    assert render.Columns().of(b"\xff\xffxx") == ("", "")


def test_tags_tell_of_rows() -> None:
    tags = render.Tags()
    for body, wanted in (
        (b"INSERT 0 5\0", ("INSERT 0 5", 5)),
        (b"SELECT 10\0", ("SELECT 10", 10)),
        (b"BEGIN\0", ("BEGIN", -1)),
        (b"5\0", ("5", -1)),
        (b"SELECT 99999999999999999999999\0", ("SELECT 99999999999999999999999", -1)),
        (b"", ("", -1)),
    ):
        assert tags.of(body) == wanted
        assert tags.of(body) == wanted


def test_memos_are_bounded() -> None:
    tags, columns = render.Tags(), render.Columns()
    for number in range(3 * render.MEMO):
        assert tags.of(b"SELECT %d\0" % number)[1] == number
        assert columns.of(described((b"c%d" % number, 23, 0))[HEADER_SIZE:])[0] == f"c{number}"
    assert len(tags._memo) <= render.MEMO
    assert len(columns._memo) <= render.MEMO


def test_parameters_follow_types_and_formats() -> None:
    statement = Statement("", (23, 25, 0))
    for formats, values, wanted in (
        ([1], [b"\0\0\0\7", b"x", b"\0"], '[7,"x","\\\\x00"]'),
        ([1, 0, 0], [b"\0\0\0\7", None, b"y"], '[7,null,"y"]'),
        ([], [b"7", b"x", b"y", b"more than there are types"], '[7,"x","y","more than there are types"]'),
    ):
        assert render.parameters(Portal(statement, formats, values), 1000) == wanted
        assert render.values(statement.types, formats, values, 1000) == wanted
    assert render.parameters(Portal(statement), 1000) is None


def test_text_of_unknown_type_is_text() -> None:
    for values, wanted in (
        ([b"7"], '["7"]'),
        ([b"7", b"", b"Ab"], '["7","","Ab"]'),
        ([b""], '[""]'),
        ([b"7", None], '["7",null]'),
        ([b"-7", b'"', "\xe4".encode()], '["-7","\\"","\xe4"]'),
    ):
        assert render.values((), [], values, 1000) == wanted
    assert render.values((), [], [], 1000) is None
