"""What tshark shows of MySQL, as transactions."""

from pxcap.core.comparison import Message, Transaction
from pxcap.plugins.mysql.peer import COMPARISON, own, transactions


def message(to_server: bool, *fields: tuple[str, str]) -> Message:
    return Message(1, 0, to_server, "mysql", tuple((name, shown, "") for name, shown in fields))


def read(*messages: Message) -> list[tuple[str, dict[str, object]]]:
    return [(one.what, dict(one.fields)) for one in transactions(messages)]


GREETING = message(False, ("mysql.server_greeting", "Server Greeting"))
LOGIN = message(True, ("mysql.login_request", "Login Request"), ("mysql.user", "app"))
OK = message(False, ("mysql.response_code", "0x00"))
ROW = message(False, ("mysql.row.text", "1"))


def failed(code: str) -> Message:
    return message(False, ("mysql.error_code", code))


def test_a_session() -> None:
    query = message(True, ("mysql.command", "3"), ("mysql.query", "SELECT\n 1"))
    execute = message(True, ("mysql.command", "23"), ("mysql.stmt_id", "1"))
    found = read(
        GREETING,
        LOGIN,
        OK,
        query,
        OK,
        ROW,
        ROW,
        OK,
        execute,
        message(False, ("mysql.row.nullbuffer", "00")),
        failed("1146"),
    )
    assert found == [
        ("command 11", {"code": "", "rows": 0}),
        ("command 3 SELECT 1", {"code": "", "rows": 2}),
        ("command 23", {"code": "1146", "rows": 1}),
    ]  # fmt: skip


def test_refused_before_the_login() -> None:
    assert read(failed("1040")) == [("command 11", {"code": "1040", "rows": 0})]
    assert read(GREETING, message(True, ("mysql.payload", "0a")), OK) == []


def test_a_record() -> None:
    record = {"req_cmd": 3, "req_body": "SELECT\n1", "resp_status": 2, "resp_code": None, "resp_rows": 1}
    assert own(record) == Transaction("command 3 SELECT 1", {"code": "", "rows": 1})
    assert own(record | {"req_cmd": 14, "resp_status": 3, "resp_code": 1045}).fields == {"code": "1045", "rows": 1}
    assert own(record | {"req_cmd": None}).what == "?"
    assert COMPARISON.layers == ("mysql",)
