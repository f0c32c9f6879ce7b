"""Commands as they are stored."""

import pytest

from pxcap.core.protocol import Settings
from pxcap.plugins.mysql import wire
from pxcap.plugins.mysql.commands import Commands
from pxcap.plugins.mysql.types import Packet, Request, Statement


def read(body: bytes, commands: Commands | None = None, size: int | None = None) -> Request:
    commands = commands or Commands(Settings())
    return commands.read(Packet(1, 0, 0, len(body) if size is None else size, body, ""))


@pytest.mark.parametrize(
    ("body", "text", "params"),
    [
        (b"\3SELECT 1", "SELECT 1", None),
        (b"\2shop", "shop", None),
        (b"\4items\0a%", "items a%", None),
        (b"\x07\x05", "GRANT TABLES", None),
        (b"\x0c\x2a\0\0\0", "42", None),
        (b"\x1b\0\0", "MULTI_STATEMENTS_ON", None),
        (b"\x0e", "", None),
        (b"\x12\4\0\0\0\0\0\7\0\0\0bin.01", "bin.01", '{"position":4,"flags":0,"server_id":7}'),
        (
            b"\x15\7\0\0\0\1h\4repl\6secret\xea\x0c\0\0\0\0\0\0\0\0",
            "",
            '{"server_id":7,"host":"h","user":"repl","password":"[redacted]","port":3306}',
        ),
    ],
)
def test_text_and_parameters(body: bytes, text: str, params: str | None) -> None:
    request = read(body)
    assert (request.text, request.params, request.note) == (text, params, "")


def test_query_attributes_stand_in_front() -> None:
    commands = Commands(Settings())
    commands.flags = wire.QUERY_ATTRIBUTES
    request = read(b"\3\1\1\0\1\xfd\0\1k\1vSELECT 1", commands)
    assert (request.text, request.params) == ("SELECT 1", '{"attributes":{"k":"v"}}')
    assert read(b"\3\0\1SELECT 2", commands).text == "SELECT 2"
    assert read(b"\3\1\1\0\1\xfd\0\1k\x63", commands).text == ""
    assert commands.errors == ["bad_attributes"]


def test_secrets_are_hidden_and_long_text_is_cut_at_a_character() -> None:
    assert "s3cret" not in (read(b"\3SET PASSWORD = 's3cret'").text or "")
    assert read("\3éé".encode(), Commands(Settings(body_limit=3))).text == "é"


def test_an_execution_has_its_statement_s_text() -> None:
    commands = Commands(Settings())
    commands.prepared("SELECT ?", (1, 1))
    execute = b"\x17\1\0\0\0\0\1\0\0\0\0\1\1\0\7"
    assert read(execute, commands)[2:5] == ("SELECT ?", '{"values":[7]}', "")
    assert read(b"\x17\xff\xff\xff\xff" + execute[5:], commands)[2] == "SELECT ?"
    assert read(b"\x18\1\0\0\0\0\0abc", commands)[2:4] == ("SELECT ?", '{"param":0,"bytes":3}')
    assert read(execute[:-1], commands)[3] == '{"values":["abc"]}'
    assert read(execute[:-1], commands)[3:5] == (None, "truncated")
    assert commands.errors == ["bad_parameters"]
    read(b"\x19\1\0\0\0", commands)
    assert read(execute, commands)[2] is None


def test_an_unknown_statement_says_why() -> None:
    commands = Commands(Settings())
    commands.lost = "gap"
    assert read(b"\x1a\5\0\0\0", commands)[2:5] == (None, None, "gap")


def test_statements_are_bounded() -> None:
    commands = Commands(Settings())
    for ident in range(wire.MAX_STATEMENTS + 5):
        commands.remember(ident, Statement("x"))
    assert len(commands.statements) == wire.MAX_STATEMENTS
    commands.remember(1 << 20, Statement("x" * wire.MAX_TEXT))
    assert len(commands.statements) == 1
    commands.reset()
    assert not commands.statements


def test_what_is_no_command_is_counted() -> None:
    commands = Commands(Settings())
    assert read(b"", commands).command == -1
    read(b"\x99", commands)
    read(b"\x1c\1", commands)
    assert commands.errors == ["empty_command", "command_153", "bad_command"]
