"""The connection phase."""

from tests.plugins.mysql.build import FLAGS, greeting, inbox, login_body, ok, packet

from pxcap.plugins.mysql.phase import ConnectionPhase
from pxcap.plugins.mysql.types import Packet


def test_a_login_and_its_answer() -> None:
    phase = ConnectionPhase(99)
    assert phase.server(inbox(greeting())) is None
    assert (phase.server_flags, phase.flags) == (FLAGS, -1)
    phase.client(Packet(1, 1, 1, 9, login_body(charset=8), ""))
    phase.client(Packet(2, 3, 3, 9, b"SECRET", ""))
    assert phase.server(inbox(packet(2, b"\xfeplugin\0"))) is None
    assert not phase.over
    reply = phase.server(inbox(ok(4)))
    assert reply is not None
    assert (reply.status, phase.over, phase.flags, phase.codec) == (2, True, FLAGS, "cp1252")


def test_a_refusal_before_the_greeting() -> None:
    phase = ConnectionPhase(99)
    reply = phase.server(inbox(packet(0, b"\xff\x10\4Too many")))
    assert reply is not None
    assert (reply.status, reply.code, reply.text, phase.over) == (3, 1040, "Too many", True)


def test_what_is_neither_is_counted() -> None:
    phase = ConnectionPhase(99)
    phase.server(inbox(packet(0, b"\x0a")))
    phase.client(Packet(1, 1, 1, 1, b"x", ""))
    assert phase.errors == ["bad_greeting", "bad_login"]
