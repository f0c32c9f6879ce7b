import json

import pytest
from tests.plugins.nats.exchange import BEGIN, BEGUN, CONNECT, INFO, play, short

from pxcap.plugins.nats.wire import MAX_LINE


@pytest.mark.parametrize("cut", [0, 1, 3])
def test_every_verb(cut: int) -> None:
    rows, parser = play(
        *BEGIN,
        (">", b"SUB a q 1\r\nPUB a 2\r\nhi\r\nHPUB a 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nyo\r\nUNSUB 1 4\r\n"),
        ("<", b"MSG a 1 2\r\nhi\r\nHMSG a 1 18 20\r\nNATS/1.0\r\nA: b\r\n\r\nyo\r\nPING\r\n"),
        (">", b"PONG\r\n"),
        ("<", b'INFO {"ldm":true}\r\n'),
        cut=cut,
    )
    assert [(row[1], row[3]) for row in sorted(rows[BEGUN:], key=lambda row: row[0])] == [
        ("SUB", None),
        ("PUB", None),
        ("HPUB", None),
        ("UNSUB", None),
        ("MSG", None),
        ("HMSG", None),
        ("PING", "PONG"),
        ("INFO", None),
    ]
    assert parser.errors == {}


def test_a_payload_beyond_the_limit_is_cut_and_its_size_true() -> None:
    rows, _ = play(
        *BEGIN, ("<", b"MSG a 1 50000\r\n" + b"x" * 50000 + b"\r\nMSG b 1 2\r\nhi\r\n"), cut=999, body_limit=10
    )
    assert [(row[4], row[7], json.loads(row[2])["payload"]) for row in rows[BEGUN:]] == [
        ("a", 50000, "x" * 10),
        ("b", 2, "hi"),
    ]


def test_tls_is_left_alone() -> None:
    rows, parser = play(("<", INFO), (">", b"\x16\x03\x01\x02\x00"), ("<", b"\x16\x03\x03"))
    assert parser.done
    assert [row[1] for row in rows] == ["INFO"]
    assert parser.errors == {}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"RS+ $G a\r\n", "route_link"),
        (b"LS+ a\r\n", "leaf_link"),
        (b"A- x\r\n", "route_link"),
        (b"INFO {}\r\n", "route_link"),
    ],
)
def test_links_between_servers_are_left_alone(line: bytes, name: str) -> None:
    _, parser = play(*BEGIN, (">", line + b"PUB a 2\r\nhi\r\n"))
    assert (parser.done, parser.errors) == (True, {name: 1})


def test_bad_lines_are_counted_and_passed() -> None:
    rows, parser = play(*BEGIN, (">", b"HELLO\r\nPUB a 2\r\nhi\r\n"), ("<", b"what\r\nMSG a 1 2\r\nhi\r\n"))
    assert parser.errors == {"bad_line": 2}
    assert [row[1] for row in rows[BEGUN:]] == ["PUB", "MSG"]


def test_a_payload_that_does_not_end_where_it_should() -> None:
    rows, parser = play(*BEGIN, (">", b"PUB a 3\r\nhello\r\n"), ("<", b"-ERR 'Unknown Protocol Operation'\r\n"))
    assert parser.errors == {"bad_payload": 1}
    assert short(rows)[BEGUN:] == [("PUB", "a", "-ERR 'Unknown Protocol Operation'", "")]


@pytest.mark.parametrize("cut", [0, 1000])
def test_an_endless_line_is_given_up(cut: int) -> None:
    rows, parser = play(
        *BEGIN,
        (">", b"PUB " + b"x" * MAX_LINE),
        (">", b" 1\r\nx\r\nPUB a 2\r\nhi\r\n"),
        (">", b"PUB b 2\r\nhi\r\n"),
        cut=cut,
    )
    assert parser.errors == {"bad_line": 1}
    assert [row[4] for row in rows[BEGUN:]] == ["a", "b"]


def test_a_gap_inside_a_payload_costs_only_itself() -> None:
    rows, _ = play(*BEGIN, (">", b"PUB a 10\r\nabc"), (">gap", 4), (">", b"hij\r\nPUB b 2\r\nhi\r\n"))
    assert short(rows)[BEGUN:] == [("PUB", "a", None, "gap"), ("PUB", "b", None, "")]


def test_a_gap_elsewhere_costs_what_it_covers() -> None:
    rows, _ = play(
        *BEGIN, (">", b"PUB a 2\r\nhi\r\nPUB b"), (">cut", 9), (">", b"PUB c 2\r\nhi\r\n"), ("<", b"PING\r\n")
    )
    assert short(rows)[BEGUN:] == [("PUB", "a", None, ""), ("PUB", "c", None, ""), ("PING", None, None, "no_response")]


def test_a_message_cut_by_the_end() -> None:
    rows, _ = play(*BEGIN, (">", b"PUB a 10\r\nabc"))
    assert short(rows)[BEGUN:] == [("PUB", "a", None, "truncated")]


@pytest.mark.parametrize("cut", [0, 1])
def test_joined_inside_a_payload(cut: int) -> None:
    rows, _ = play(
        ("<", b"tail\r\nMSG a 1 2\r\nhi\r\n"), (">", b"PING\r\n"), ("<", b"PONG\r\n"), midstream=True, cut=cut
    )
    assert short(rows) == [("MSG", "a", None, ""), ("PING", None, "PONG", "")]


def test_secrets_stay_hidden() -> None:
    steps = (("<", INFO), (">", CONNECT.replace(b'"lang"', b'"pass":"s3cret","lang"')))
    assert "s3cret" not in repr(play(*steps)[0])
    assert "s3cret" in repr(play(*steps, redact=False)[0])


def test_directions_interleaved_unless_only_publishing() -> None:
    assert not play(*BEGIN, (">", b"PUB a 2\r\nhi\r\n"))[1].lockstep
    assert play(*BEGIN, (">", b"SUB a 1\r\n"))[1].lockstep
    assert play(("<", INFO))[1].lockstep


def test_a_leaf_node_connects_and_no_answer_is_missed() -> None:
    rows, parser = play(("<", INFO), (">", b'CONNECT {"is_leaf":true,"name":"n"}\r\n'), ("<", b"LS+ a\r\n"))
    assert short(rows)[1:] == [("CONNECT", None, None, "")]
    assert parser.errors == {"leaf_link": 1}
