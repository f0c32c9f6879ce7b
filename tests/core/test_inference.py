"""Scores, orientation and ties."""

from dataclasses import replace

from tests.core.toy import TOY

from pxcap.core.inference import PORT_BONUS, Recogniser
from pxcap.core.protocol import NO, SURE, ProtocolSpec, Sample

ENDS = (("192.0.2.1", 40000), ("192.0.2.2", 7))


def recogniser(*specs: ProtocolSpec) -> Recogniser:
    def failed(spec: ProtocolSpec, err: Exception) -> None:
        raise err

    return Recogniser(specs, failed)


def scoring(name: str, score: int, ports: frozenset[int] = frozenset()) -> ProtocolSpec:
    return replace(TOY, name=name, table=name, recognise=lambda sample: score, ports=ports)


def test_the_handshake_fixes_the_role() -> None:
    toys = recogniser(TOY)
    assert toys.judge(b"Qa\n", b"", "tcp", ENDS, True, False).score == SURE
    assert toys.judge(b"", b"Qa\n", "tcp", ENDS, True, False).score == NO


def test_without_a_handshake_the_content_tells_who_asks() -> None:
    verdict = recogniser(TOY).judge(b"Aa\n", b"Qa\n", "tcp", ENDS, False, True)
    assert (verdict.spec, verdict.flip, verdict.score) == (TOY, 1, SURE)


def test_a_usual_port_breaks_a_tie_but_outvotes_nothing() -> None:
    plain, usual, better = scoring("plain", 50), scoring("usual", 50, frozenset({7})), scoring("better", 60)
    assert recogniser(plain, usual).judge(b"x", b"", "tcp", ENDS, True, False).spec is usual
    verdict = recogniser(plain, usual, better).judge(b"x", b"", "tcp", ENDS, True, False)
    assert (verdict.spec, verdict.score > 50 + PORT_BONUS) == (better, True)


def test_a_server_seen_before_is_asked_first() -> None:
    calls: list[str] = []

    def counting(name: str) -> ProtocolSpec:
        def recognise(sample: Sample) -> int:
            calls.append(name)
            return SURE if name == "b" else NO

        return replace(TOY, name=name, table=name, recognise=recognise)

    a, b = counting("a"), counting("b")
    both = recogniser(a, b)
    both.remember(ENDS[1], b)
    assert both.judge(b"x", b"", "tcp", ENDS, True, False).spec is b
    assert calls == ["b"]


def test_the_server_by_ports_alone() -> None:
    toys = recogniser(TOY)
    assert toys.likely_server(ENDS) == 1
    assert toys.likely_server((("192.0.2.1", 80), ("192.0.2.2", 50000))) == 0


def test_a_protocol_that_raises_is_named_and_passed_over() -> None:
    def broken(sample: Sample) -> int:
        raise ValueError("broken")

    failures: list[tuple[str, str]] = []
    bad = replace(TOY, name="bad", table="bad", recognise=broken)
    found = Recogniser([bad, TOY], lambda spec, err: failures.append((spec.name, str(err))))
    assert found.judge(b"Qa\n", b"", "tcp", ENDS, True, False).spec is TOY
    assert failures == [("bad", "broken")]
