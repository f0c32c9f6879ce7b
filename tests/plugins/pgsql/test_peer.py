"""What tshark shows of PostgreSQL, as transactions."""

from pxcap.core.comparison import Message, Transaction
from pxcap.plugins.pgsql.peer import COMPARISON, own, transactions


def message(to_server: bool, *fields: tuple[str, str]) -> Message:
    return Message(1, 0, to_server, "pgsql", tuple((name, shown, "") for name, shown in fields))


def read(*messages: Message) -> list[tuple[str, dict[str, object]]]:
    return [(one.what, dict(one.fields)) for one in transactions(messages)]


def asked(kind: str, sql: str = "") -> Message:
    return message(True, ("pgsql.type", kind), ("pgsql.query", sql))


def told(kind: str, *fields: tuple[str, str]) -> Message:
    return message(False, ("pgsql.type", kind), *fields)


READY = told("Ready for query")


def done(tag: str) -> Message:
    return told("Command completion", ("pgsql.tag", tag))


def test_a_simple_query_with_two_statements() -> None:
    found = read(
        asked("Simple query", "SELECT  1;\nDELETE"), told("Data row"), done("SELECT 1"), done("DELETE 4"), READY
    )
    assert found == [("Query SELECT 1; DELETE", {"rows": 5, "code": ""})]


def test_a_pipeline_with_an_error() -> None:
    kinds = ("Parse", "Bind", "Describe", "Execute", "Sync", "Parse", "Bind", "Sync", "Close", "Sync")
    found = read(
        *(asked(kind) for kind in kinds),
        told("Parse completion"), told("Bind completion"), told("Row description"), done("SELECT 2"), READY,
        told("Error", ("pgsql.code", "42601")), READY, told("Close completion"), READY,
    )  # fmt: skip
    nothing = {"rows": None, "code": ""}
    assert found == [
        ("Parse", nothing), ("Bind", nothing), ("Describe", nothing), ("Execute", {"rows": 2, "code": ""}),
        ("Parse", {"rows": None, "code": "42601"}), ("Bind", nothing), ("Close", nothing),
    ]  # fmt: skip


def test_a_suspended_portal_counts_its_rows() -> None:
    assert read(asked("Execute"), told("Data row"), told("Data row"), told("Portal suspended")) == [
        ("Execute", {"rows": 2, "code": ""})
    ]


def test_a_record() -> None:
    record = {"req_cmd": "Query", "req": "SELECT\n1", "resp_rows": 1, "resp_sqlstate": None}
    assert own(record) == Transaction("Query SELECT 1", {"rows": 1, "code": ""})
    assert own(record | {"req_cmd": "Bind"}) == Transaction("Bind", {"rows": 1, "code": ""})
    assert own(record | {"req_cmd": "Notification"}) is None
    assert COMPARISON.layers == ("pgsql",)
