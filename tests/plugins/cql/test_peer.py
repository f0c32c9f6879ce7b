"""What tshark shows of CQL, as transactions."""

from pxcap.core.comparison import Message, Transaction
from pxcap.plugins.cql.peer import COMPARISON, own, transactions


def message(to_server: bool, *fields: tuple[str, str]) -> Message:
    return Message(1, 0, to_server, "cql", tuple((name, shown, "") for name, shown in fields))


def read(*messages: Message) -> list[tuple[str, dict[str, object]]]:
    return [(one.what, dict(one.fields)) for one in transactions(messages)]


def test_by_stream() -> None:
    found = read(
        message(True, ("cql.stream", "1"), ("cql.opcode", "7"), ("cql.string", "SELECT  1")),
        message(True, ("cql.stream", "2"), ("cql.opcode", "5")),
        message(False, ("cql.stream", "2"), ("cql.opcode", "0"), ("cql.error_code", "0x2200")),
        message(False, ("cql.stream", "1"), ("cql.opcode", "8"), ("cql.result.rows.row_count", "3")),
        message(False, ("cql.stream", "-1"), ("cql.opcode", "12")),
    )
    assert found == [
        ("opcode 7 SELECT 1", {"resp_op": "8", "code": "", "rows": "3"}),
        ("opcode 5", {"resp_op": "0", "code": "8704", "rows": None}),
        ("?", {"resp_op": "12", "code": "", "rows": None}),
    ]


def test_a_record() -> None:
    record = {"req_op": 7, "req_body": "SELECT\n1", "resp_op": 8, "resp_code": None, "resp_rows": 3}
    assert own(record) == Transaction("opcode 7 SELECT 1", {"resp_op": "8", "code": "", "rows": "3"})
    silent = record | {"req_op": None, "resp_op": None, "resp_rows": None, "resp_code": 5}
    assert own(silent) == Transaction("?", {"resp_op": "", "code": "5", "rows": None})
    assert COMPARISON.layers == ("cql",)
