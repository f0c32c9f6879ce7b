import pytest

from pxcap.core.text import REDACTED as R
from pxcap.plugins.redis.redact import (
    has_secret_reply,
    redact_args,
    redact_line,
    redact_reply,
    redact_unparsed,
    suspicious,
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("AUTH p", f"AUTH {R}"),
        ("AUTH u p", f"AUTH u {R}"),
        ("AUTH u p x", f"AUTH u {R} {R}"),
        ("AUTH", "AUTH"),
        ("HELLO 3 auth u p SETNAME n", f"HELLO 3 auth u {R} SETNAME n"),
        ("HELLO 3 AUTH u", "HELLO 3 AUTH u"),
        ("ACL setuser u on >p <p #h !h ~k +@all", f"ACL setuser u on >{R} <{R} #{R} !{R} ~k +@all"),
        ("ACL DELUSER >u", "ACL DELUSER >u"),
        ("CONFIG SET a 1 RequirePass p masterauth p b 2", f"CONFIG SET a 1 RequirePass {R} masterauth {R} b 2"),
        ("CONFIG GET requirepass", "CONFIG GET requirepass"),
        ("MIGRATE h 1 k 0 5 COPY AUTH p", f"MIGRATE h 1 k 0 5 COPY AUTH {R}"),
        ("MIGRATE h 1 auth 0 5 AUTH2 u p KEYS auth k", f"MIGRATE h 1 auth 0 5 AUTH2 u {R} KEYS auth k"),
        ("SENTINEL SET m auth-user u auth-pass p", f"SENTINEL SET m auth-user u auth-pass {R}"),
        ("SENTINEL CONFIG SET sentinel-pass p", f"SENTINEL CONFIG SET sentinel-pass {R}"),
        ("SLOWLOG GET 5", "SLOWLOG GET 5"),
    ],
)
def test_commands(line: str, expected: str) -> None:
    cmd, *args = line.split()
    assert redact_args(cmd, args) == expected.split()[1:]


@pytest.mark.parametrize(
    ("cmd", "text", "expected"),
    [
        ("CONFIG", '["requirepass","p","maxmemory","0","masterauth",""]', f'["requirepass","{R}","maxmemory","0","masterauth",""]'),
        ("CONFIG", '{"requirepass":"p","x":"y"}', f'{{"requirepass":"{R}","x":"y"}}'),
        ("ACL", '["user u on #abc ~* >p"]', f'["user u on #{R} ~* >{R}"]'),
        ("ACL", '["flags",["on"],"passwords",["abc","def"]]', f'["flags",["on"],"passwords",["{R}","{R}"]]'),
        ("ACL", '{"passwords":["abc"],"keys":"~*"}', f'{{"passwords":["{R}"],"keys":"~*"}}'),
        ("ACL", "abcdef", R),
        ("SLOWLOG", '[[1,2,3,["AUTH","u","p"],"192.0.2.1:4",""]]', f'[[1,2,3,["AUTH","u","{R}"],"192.0.2.1:4",""]]'),
        ("CONFIG", "[not json", "[not json"),
        (None, "text", "text"),
    ],
)  # fmt: skip
def test_replies(cmd: str | None, text: str, expected: str) -> None:
    assert redact_reply(cmd, text) == expected


def test_which_replies_hold_secrets() -> None:
    assert has_secret_reply("CONFIG", ["get", "x"])
    assert has_secret_reply("ACL", ["GETUSER", "x"])
    assert not has_secret_reply("CONFIG", ["SET", "x", "y"])
    assert not has_secret_reply("ACL", [])
    assert suspicious('["requirepass","p"]')
    assert not suspicious('["maxmemory","0"]')


def test_what_could_not_be_read() -> None:
    assert redact_unparsed(["auth", "u", "p"]) == ["auth", R]
    assert redact_unparsed(["AUTH"]) == ["AUTH"]
    assert redact_unparsed(["SET", "k"]) == ["SET", "k"]
    assert redact_unparsed([]) == []


def test_monitor_lines() -> None:
    line = '1.000001 [0 192.0.2.1:4] "hello" "3" "AUTH" "u" "p"'
    assert (
        redact_line(["hello", "3", "AUTH", "u", "p"], line) == f'1.000001 [0 192.0.2.1:4] "hello" "3" "AUTH" "u" "{R}"'
    )
    assert redact_line(["GET", "k"], "unchanged") == "unchanged"
    assert redact_line(["HELLO", "3"], "unchanged") == "unchanged"
    assert redact_line([], "unchanged") == "unchanged"
