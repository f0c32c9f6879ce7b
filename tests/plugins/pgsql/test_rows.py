import pytest

from pxcap.plugins.pgsql.rows import row_of, unanswered
from pxcap.plugins.pgsql.types import Portal, Request, Statement
from pxcap.plugins.pgsql.wire import CANCEL_REQUEST, EXECUTE, QUERY


def query(**values: object) -> Request:
    request = Request(QUERY, 10, "SELECT 1; SELECT 2")
    for name, value in values.items():
        setattr(request, name, value)
    return request


@pytest.mark.parametrize(
    ("values", "resp", "tag", "rows"),
    [
        ({"tags": ["SELECT 1", "SELECT 2"], "rows": 3, "counted": True}, "SELECT 1; SELECT 2", "SELECT 1; SELECT 2", 3),
        ({"tags": ["SELECT 0"], "columns": "a, b", "counted": True}, "SELECT 0 (a, b)", "SELECT 0", 0),
        (
            {"tags": ["DROP TABLE"], "said": "NOTICE 00000: skipping"},
            "NOTICE 00000: skipping; DROP TABLE",
            "DROP TABLE",
            0,
        ),
        ({"tags": ["COPY 2"], "rows": 2, "copied": 9, "copying": True}, "COPY 2, 9 bytes copied", "COPY 2", 2),
        ({"said": "ERROR 22012: no", "code": "22012"}, "ERROR 22012: no", None, None),
        ({"said": "ERROR 57014: no", "code": "57014", "copying": True}, "ERROR 57014: no; 0 bytes copied", None, None),
        ({"fresh": 7}, "7 rows", None, 7),
        ({}, None, None, None),
    ],
)
def test_what_came_back(values: dict[str, object], resp: str | None, tag: str | None, rows: int | None) -> None:
    row = row_of(query(**values), 15, 1000)
    assert row[:3] == (10, "Query", "SELECT 1; SELECT 2")
    assert (row[3], row[5], row[6], row[7], row[8], row[9]) == (resp, tag, rows, values.get("code"), 5, "")


def test_parameters_are_an_array() -> None:
    request = Request(EXECUTE, 10, "SELECT $1, $2", Portal(Statement("", (23, 0)), [0], [b"7", None]))
    assert row_of(request, 15, 1000)[4] == "[7,null]"


def test_there_is_no_latency_without_both_ends() -> None:
    assert row_of(query(), None, 1000)[8] is None
    assert row_of(query(flaws="no_request"), 15, 1000)[8] is None


def test_a_long_answer_is_cut() -> None:
    assert row_of(query(said="x" * 100), 15, 10)[3] == "x" * 10


def test_the_note_says_what_is_doubtful() -> None:
    assert row_of(query(holed=True), 15, 1000)[9] == "gap"
    assert row_of(query(holed=True, flaws="truncated,gap"), 15, 1000)[9] == "truncated,gap"
    cancel = Request(CANCEL_REQUEST, 10, "pid=1")
    cancel.holed = True
    assert row_of(cancel, None, 1000)[9] == ""


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ({}, "no_response"),
        ({"flaws": "truncated,guessed"}, "no_response,truncated"),
        ({"holed": True}, "no_response,gap"),
        ({"holed": True, "flaws": "gap"}, "no_response,gap"),
        ({"answered": True, "holed": True, "flaws": "guessed"}, "guessed,gap"),
        ({"answered": True}, ""),
    ],
)
def test_an_answer_that_never_came_or_is_not_whole(values: dict[str, object], note: str) -> None:
    assert unanswered(query(**values)) == note
