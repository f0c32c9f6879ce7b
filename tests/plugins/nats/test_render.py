import json

from pxcap.plugins.nats.render import answer_text, answered, notes, opening, plain_answer, row, subscription, waiting
from pxcap.plugins.nats.types import Message

ACK = "$JS.ACK.S.C.1.7.3.1700000000000000000.4"


def test_openings_are_json_up_to_the_payload() -> None:
    assert json.loads(opening("a", "1", "r") + '""}') == {"subject": "a", "sid": "1", "reply-to": "r", "payload": ""}
    assert json.loads(opening("$JS.API.INFO", "", "") + '""}')["jetstream"] == {"api": "INFO"}
    assert json.loads(opening("a", "", ACK) + '""}')["jetstream"]["stream_seq"] == 7
    assert json.loads(opening(ACK, "", "") + '""}')["jetstream"]["consumer"] == "C"
    assert "jetstream" not in opening("$JS.EVENT.x", "", "")


def test_a_record_without_an_answer() -> None:
    message = Message(
        5, "HPUB", "s", "r", head=b"NATS/1.0\r\nA: 1\r\n\r\n", payload=b"abcd", size=9, head_size=18, note="gap"
    )
    time, cmd, body, subject, reply, headers, size, note = waiting(message, 2)
    assert (time, cmd, subject, reply, headers, size, note) == (5, "HPUB", "s", "r", '{"A":"1"}', 9, "gap")
    assert json.loads(body + "}") == {"subject": "s", "reply-to": "r", "payload": "ab"}
    assert row(waiting(message, 2))[3:] == (None, "s", "r", '{"A":"1"}', 9, None, "gap")
    assert row(waiting(message, 2), "+OK", 8, "guessed")[3:] == ("+OK", "s", "r", '{"A":"1"}', 9, 3, "gap,guessed")


def test_acks_are_named() -> None:
    assert json.loads(waiting(Message(1, "PUB", ACK, payload=b"-NAK", size=4), 9)[2] + "}")["ack"] == "nak"


def test_an_answer_keeps_what_is_its_own() -> None:
    request = waiting(Message(5, "PUB", "s", "r", payload=b"q", size=1), 9)
    head = b"NATS/1.0\r\nA: 1\r\n\r\n"
    answer = Message(
        8, "HMSG", "r.x", "more", sid="3", head=head, head_size=len(head), payload=b"a", size=1, note="gap"
    )
    found = answered(request, answer, 9)
    assert found[3:] == ("a", "s", "r", None, 1, 3, "gap")
    assert json.loads(found[2])["reply"] == {
        "cmd": "HMSG",
        "subject": "r.x",
        "sid": "3",
        "headers": {"A": "1"},
        "reply-to": "more",
        "size": 1,
    }
    plain = answered(request, Message(8, "MSG", "r", sid="3", payload=b"a", size=1), 9)
    assert json.loads(plain[2])["reply"] == {"cmd": "MSG", "sid": "3", "size": 1}


def test_a_status_is_the_answer() -> None:
    head = b"NATS/1.0 503\r\n\r\n"
    assert answer_text(Message(1, "HMSG", head=head, head_size=len(head)), 9) == "503 No Responders"
    assert (
        answer_text(Message(1, "HMSG", head=head, head_size=len(head), payload=b"x", size=1), 9)
        == "503 No Responders x"
    )


def test_subscriptions() -> None:
    assert subscription(Message(1, "SUB", "a", queue="q", sid="2"))[2] == '{"subject":"a","queue group":"q","sid":"2"'
    assert subscription(Message(1, "UNSUB", sid="2", maximum=5))[2] == '{"sid":"2","max_msgs":5'


def test_notes() -> None:
    assert notes("", "gap", "", "gap", "guessed") == "gap,guessed"


def test_a_plain_answer_reads_as_any_other() -> None:
    for verb, sid in (("PUB", ""), ("MSG", "7")):
        request = (10, "MSG", '{"subject":"a","payload":"x"', "a", "_INBOX.1", None, 1, "gap")
        message = Message(35, verb, "_INBOX.1", sid=sid, payload=b'"hi"', size=4)
        assert plain_answer(request, 35, verb, sid, '"hi"', 4) == answered(request, message, 99)
