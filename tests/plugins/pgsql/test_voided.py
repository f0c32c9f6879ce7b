from pxcap.plugins.pgsql.types import Portal, Request, Statement
from pxcap.plugins.pgsql.voided import Voided
from pxcap.plugins.pgsql.wire import BIND, DESCRIBE, PARSE, QUERY


def replaced() -> Statement:
    return Statement("SELECT 'new'", (25,), before=Statement("SELECT 'the one before'", (23,), "midstream"))


def test_a_name_means_what_it_did_before() -> None:
    voided, statement = Voided(), replaced()
    voided.add(Request(PARSE, 1, statement.text, statement=statement))
    pending = [
        Request(BIND, 2, statement.text, Portal(statement)),
        Request(DESCRIBE, 2, statement.text, statement=statement),
        Request(QUERY, 3, "SELECT 1"),
        Request(PARSE, 4, statement.text, statement=statement),
    ]
    grown = 2 * (len("SELECT 'the one before'") - len("SELECT 'new'"))
    assert voided.restore(pending) == grown
    assert [request.text for request in pending] == [
        "SELECT 'the one before'",
        "SELECT 'the one before'",
        "SELECT 1",
        "SELECT 'new'",
    ]
    assert (statement.text, statement.types, statement.flaw) == ("SELECT 'the one before'", (23,), "midstream")
    assert voided.restore(pending) == 0


def test_two_in_a_row_fall_back_to_the_first() -> None:
    voided, first = Voided(), replaced()
    second = Statement("SELECT 'newer'", before=first)
    voided.add(Request(PARSE, 1, statement=first))
    voided.add(Request(PARSE, 1, statement=second))
    voided.restore([])
    assert second.text == "SELECT 'the one before'"
    assert second.before is None


def test_what_had_no_name_before_stays_as_it_was() -> None:
    voided, statement = Voided(), Statement("SELECT 1")
    voided.add(Request(PARSE, 1, statement=statement))
    voided.add(Request(QUERY, 1, "SELECT 2"))
    assert voided.restore([Request(BIND, 2, "SELECT 1", Portal(statement))]) == 0
    assert statement.text == "SELECT 1"
