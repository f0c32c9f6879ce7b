"""Scores, orientation and ties."""

from dataclasses import replace

from tests.core.toy import TOY

from pxcap.core.inference import PORT_BONUS, Recogniser
from pxcap.core.protocol import NO, SURE, ProtocolSpec, Sample

ENDS = (("192.0.2.1", 40000), ("192.0.2.2", 7))


def scoring(name: str, score: int, ports: frozenset[int] = frozenset()) -> ProtocolSpec:
    return replace(TOY, name=name, table=name, recognise=lambda sample: score, ports=ports)


def test_the_handshake_fixes_the_role() -> None:
    recogniser = Recogniser([TOY])
    assert recogniser.judge(b"Qa\n", b"", "tcp", ENDS, True, False).score == SURE
    assert recogniser.judge(b"", b"Qa\n", "tcp", ENDS, True, False).score == NO


def test_without_a_handshake_the_content_tells_who_asks() -> None:
    verdict = Recogniser([TOY]).judge(b"Aa\n", b"Qa\n", "tcp", ENDS, False, True)
    assert (verdict.spec, verdict.flip, verdict.score) == (TOY, 1, SURE)


def test_a_usual_port_breaks_a_tie_but_outvotes_nothing() -> None:
    plain, usual, better = scoring("plain", 50), scoring("usual", 50, frozenset({7})), scoring("better", 60)
    assert Recogniser([plain, usual]).judge(b"x", b"", "tcp", ENDS, True, False).spec is usual
    verdict = Recogniser([plain, usual, better]).judge(b"x", b"", "tcp", ENDS, True, False)
    assert (verdict.spec, verdict.score > 50 + PORT_BONUS) == (better, True)


def test_a_server_seen_before_is_asked_first() -> None:
    calls: list[str] = []

    def counting(name: str) -> ProtocolSpec:
        def recognise(sample: Sample) -> int:
            calls.append(name)
            return SURE if name == "b" else NO

        return replace(TOY, name=name, table=name, recognise=recognise)

    a, b = counting("a"), counting("b")
    recogniser = Recogniser([a, b])
    recogniser.remember(ENDS[1], b)
    assert recogniser.judge(b"x", b"", "tcp", ENDS, True, False).spec is b
    assert calls == ["b"]


def test_the_server_by_ports_alone() -> None:
    recogniser = Recogniser([TOY])
    assert recogniser.likely_server(ENDS) == 1
    assert recogniser.likely_server((("192.0.2.1", 80), ("192.0.2.2", 50000))) == 0
