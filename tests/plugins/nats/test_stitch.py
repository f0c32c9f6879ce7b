import json

import pytest
from tests.plugins.nats.exchange import BEGIN, BEGUN, CONNECT, INFO, Short, Step, play, short

from pxcap.plugins.nats import stitch

INBOX = (">", b"SUB _INBOX.1.* 1\r\n")
CASES: dict[str, tuple[list[Step], list[Short]]] = {
    "asked and answered": (
        [INBOX, (">", b"PUB s _INBOX.1.a 1\r\nq\r\n"), ("<", b"MSG _INBOX.1.a 1 1\r\nr\r\n")],
        [("SUB", "_INBOX.1.*", None, ""), ("PUB", "s", "r", "")],
    ),
    "answered twice": (
        [INBOX, (">", b"PUB s _INBOX.1.a 1\r\nq\r\n"), ("<", b"MSG _INBOX.1.a 1 1\r\nr\r\n" * 2)],
        [("SUB", "_INBOX.1.*", None, ""), ("PUB", "s", "r", ""), ("MSG", "_INBOX.1.a", None, "")],
    ),
    "two under one reply subject": (
        [
            (">", b"SUB r 1\r\n"),
            (">", b"PUB s r 1\r\n1\r\nPUB s r 1\r\n2\r\n"),
            ("<", b"MSG r 1 1\r\na\r\nMSG r 1 1\r\nb\r\n"),
        ],
        [("SUB", "r", None, ""), ("PUB", "s", "a", ""), ("PUB", "s", "b", "")],
    ),
    "never answered": (
        [INBOX, (">", b"PUB s _INBOX.1.a 1\r\nq\r\n")],
        [("SUB", "_INBOX.1.*", None, ""), ("PUB", "s", None, "no_response")],
    ),
    "answered elsewhere": ([(">", b"PUB s else 1\r\nq\r\n")], [("PUB", "s", None, "")]),
    "the responder's view": (
        [("<", b"MSG s 4 _INBOX.9 1\r\nq\r\n"), (">", b"PUB _INBOX.9 1\r\nr\r\n")],
        [("MSG", "s", "r", "")],
    ),
    "a delivery nobody answers": ([("<", b"MSG s 4 _INBOX.9 1\r\nq\r\n")], [("MSG", "s", None, "")]),
    "a delivery whose answer may be lost": (
        [("<", b"MSG s 4 _INBOX.9 1\r\nq\r\n"), (">gap", 30), (">", b"PUB b 1\r\nx\r\n")],
        [("MSG", "s", None, "no_response"), ("PUB", "b", None, "")],
    ),
    "one delivery to two subscriptions": (
        [("<", b"MSG s 4 _I.9 1\r\nq\r\nMSG s 5 _I.9 1\r\nq\r\n"), (">", b"PUB _I.9 1\r\nr\r\n")],
        [("MSG", "s", None, ""), ("MSG", "s", "r", "")],
    ),
    "the subscription ends first": (
        [(">", b"SUB _INBOX.o 3\r\nPUB s _INBOX.o 1\r\nq\r\n"), (">", b"UNSUB 3\r\n"), (">", b"PUB t 0\r\n\r\n")],
        [
            ("SUB", "_INBOX.o", None, ""),
            ("PUB", "s", None, "no_response"),
            ("UNSUB", None, None, ""),
            ("PUB", "t", None, ""),
        ],
    ),
    "the publication is too big": (
        [(">", b"PUB s 101\r\n" + b"x" * 101 + b"\r\n"), ("<", b"-ERR 'Maximum Payload Violation'\r\n")],
        [("PUB", "s", "-ERR 'Maximum Payload Violation'", "")],
    ),
    "too big and no complaint": (
        [(">", b"PUB s 101\r\n" + b"x" * 101 + b"\r\n")],
        [("PUB", "s", None, "no_response")],
    ),
    "lost request": (
        [INBOX, (">gap", 30), ("<", b"MSG _INBOX.1.a 1 1\r\nr\r\n"), ("<", b"MSG b 2 1\r\nr\r\n")],
        [("SUB", "_INBOX.1.*", None, ""), ("MSG", "_INBOX.1.a", None, "no_request"), ("MSG", "b", None, "")],
    ),
    "a second answer is no lost request": (
        [
            INBOX,
            (">gap", 30),
            (">", b"PUB s _INBOX.1.a 1\r\nq\r\n"),
            ("<", b"MSG _INBOX.1.a 1 1\r\nr\r\n"),
            ("<", b"MSG _INBOX.1.a 1 1\r\nr\r\n"),
        ],
        [("SUB", "_INBOX.1.*", None, ""), ("PUB", "s", "r", ""), ("MSG", "_INBOX.1.a", None, "")],
    ),
}


@pytest.mark.parametrize(("steps", "wanted"), CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("cut", [0, 1, 5])
def test_cases(steps: list[Step], wanted: list[Short], cut: int) -> None:
    rows, _ = play(*BEGIN, *steps, cut=cut)
    assert short(rows)[BEGUN:] == wanted


def test_verbose_until_told_otherwise() -> None:
    rows, _ = play(("<", INFO), (">", b"CONNECT {}\r\n"), ("<", b"+OK\r\n"), (">", b"PUB a 0\r\n\r\n"))
    assert short(rows)[1:] == [("CONNECT", None, "+OK", ""), ("PUB", "a", None, "no_response")]
    assert rows[1][8] == 1


def test_verbose_is_found_out_in_mid_stream() -> None:
    steps: list[Step] = []
    for n in range(3):
        steps += [(">", b"PUB a%d 0\r\n\r\n" % n), ("<", b"+OK\r\n")]
    rows, _ = play(*steps, midstream=True)
    assert short(rows) == [
        ("PUB", "a0", None, ""),
        ("+OK", None, "+OK", "no_request"),
        ("PUB", "a1", "+OK", ""),
        ("PUB", "a2", "+OK", ""),
    ]


def test_a_request_in_verbose_mode_has_two_answers_and_shows_the_reply() -> None:
    begin: list[Step] = [("<", INFO), (">", b'CONNECT {"verbose":true}\r\nSUB r 1\r\n'), ("<", b"+OK\r\n+OK\r\n")]
    rows, _ = play(*begin, (">", b"PUB s r 1\r\nq\r\nPUB t 0\r\n\r\n"), ("<", b"+OK\r\nMSG r 1 1\r\na\r\n+OK\r\n"))
    assert short(rows)[3:] == [("PUB", "s", "a", ""), ("PUB", "t", "+OK", "")]
    rows, _ = play(
        *begin, (">", b"PUB s r 1\r\nq\r\nPUB t 0\r\n\r\n"), ("<", b"-ERR 'Permissions Violation'\r\n+OK\r\n")
    )
    assert short(rows)[3:] == [("PUB", "s", "-ERR 'Permissions Violation'", ""), ("PUB", "t", "+OK", "")]


def test_connect_is_answered_by_what_is_about_it() -> None:
    rows, _ = play(("<", INFO), (">", CONNECT + b"PING\r\n"), ("<", b"-ERR 'Authorization Violation'\r\n"))
    assert short(rows)[1:] == [
        ("CONNECT", None, "-ERR 'Authorization Violation'", ""),
        ("PING", None, None, "no_response"),
    ]
    rows, _ = play(("<", INFO), (">", CONNECT + b"PING\r\n"), ("<", b"-ERR 'Stale Connection'\r\n"))
    assert short(rows)[1][2] is None


def test_work_in_progress_is_no_ack() -> None:
    ack = b"$JS.ACK.S.C.1.2.3.4.5"
    rows, _ = play(
        *BEGIN, ("<", b"MSG o 1 %s 1\r\nm\r\n" % ack), (">", b"PUB %s 4\r\n+WPI\r\nPUB %s 4\r\n+ACK\r\n" % (ack, ack))
    )
    assert [row[:2] + row[3:4] for row in rows[BEGUN:]] == [(5, "PUB", None), (4, "MSG", "+ACK")]
    assert json.loads(rows[BEGUN][2])["ack"] == "in progress"
    assert json.loads(rows[BEGUN + 1][2])["reply"]["ack"] == "ack"


def test_a_pull_counts_and_ends() -> None:
    def delivery(n: int) -> bytes:
        return b"MSG o 1 $JS.ACK.S.C.1.%d.3.4.5 1\r\nm\r\n" % n

    pull = b'PUB $JS.API.CONSUMER.MSG.NEXT.S.C r 11\r\n{"batch":3}\r\n'
    status = b"HMSG r 1 32 32\r\nNATS/1.0 408 Request Timeout\r\n\r\n\r\n"
    rows, _ = play(
        *BEGIN, (">", b"SUB r 1\r\n" + pull), ("<", delivery(1) + delivery(2) + status), (">", pull), ("<", delivery(3))
    )
    pulls = [row for row in rows if row[6] is None and row[1] == "PUB"]
    assert [(row[3], row[8], row[9]) for row in pulls] == [
        ("messages = 2, 408 Request Timeout", 1, ""),
        ("messages = 1", 1, ""),
    ]
    assert len([row for row in rows if row[1] == "MSG"]) == 3


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stitch, "MAX_WEIGHT", 5000)
    asked = b"".join(b"PUB s _INBOX.1.%d 1\r\nq\r\n" % n for n in range(40))
    told = b"".join(b"MSG s 1 _INBOX.2.%d 1\r\nq\r\n" % n for n in range(40))
    rows, parser = play(*BEGIN, INBOX, (">", asked), ("<", told))
    assert len(rows) == BEGUN + 1 + 80
    assert parser._stitch.weight == 0
    verbose, parser = play(("<", INFO), (">", b"CONNECT {}\r\n" + b"PUB a 0\r\n\r\n" * 50))
    assert len(verbose) == 52
    assert parser._stitch.weight == 0
