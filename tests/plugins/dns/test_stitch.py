import pytest
from tests.plugins.dns.messages import MS, header, query, response

from pxcap.core.protocol import Row
from pxcap.plugins.dns import stitch
from pxcap.plugins.dns.message import Message, decode
from pxcap.plugins.dns.stitch import Matcher

SECOND = 1000 * MS
LATENCY, NOTE = -2, -1


def asked(name: str = "a.test.", kind: str = "A", service: str = "") -> Message:
    return decode(query(name, kind), 65536, service)


def answered(name: str = "a.test.", kind: str = "A") -> Message:
    return decode(response(query(name, kind)), 65536)


BARE = decode(header(7, 0x8101), 65536)

# (time, id, query or response): in order of time; wanted: (time of the record, latency, note)
Step = tuple[int, int, Message]
CASES: dict[str, tuple[list[Step], list[tuple[int, int | None, str]]]] = {
    "pair": ([(1, 7, asked()), (5, 7, answered())], [(1, 4, "")]),
    "same time": ([(1, 7, asked()), (1, 7, answered())], [(1, 0, "")]),
    "another id": ([(1, 7, asked()), (5, 8, answered())], [(1, None, "no_response"), (5, None, "no_request")]),
    "another question": ([(1, 7, asked()), (5, 7, answered("b.test."))], [(1, None, "no_response"), (5, None, "no_request")]),
    "another case of letters": ([(1, 7, asked("A.tESt.")), (5, 7, answered())], [(1, 4, "")]),
    "no question in the answer": ([(1, 7, asked()), (5, 7, BARE)], [(1, 4, "")]),
    "out of order": (
        [(1, 7, asked()), (2, 8, asked("b.test.")), (3, 8, answered("b.test.")), (4, 7, answered())],
        [(1, 3, ""), (2, 1, "")],
    ),
    "one id, two questions": (
        [(1, 7, asked()), (2, 7, asked(kind="AAAA")), (3, 7, answered(kind="AAAA")), (4, 7, answered())],
        [(1, 3, ""), (2, 1, "")],
    ),
    "one id, two questions, answer without one": (
        [(1, 7, asked()), (2, 7, asked("b.test.")), (3, 7, BARE), (4, 7, answered("b.test."))],
        [(1, 2, ""), (2, 2, "")],
    ),
    "sent twice, answered twice": (
        [(1, 7, asked()), (2, 7, asked()), (3, 7, answered()), (4, 7, answered())],
        [(1, 2, ""), (2, 2, "")],
    ),
    "sent twice, answered once": (
        [(1, 7, asked()), (2, 7, asked()), (3, 7, answered())],
        [(1, 2, ""), (2, None, "no_response")],
    ),
    "answered, then sent again": (
        [(1, 7, asked()), (2, 7, answered()), (3, 7, asked()), (4, 7, answered())],
        [(1, 1, ""), (3, 1, "")],
    ),
    "answered twice, then sent again": (
        [(1, 7, asked()), (2, 7, answered()), (3, 7, answered()), (4, 7, asked()), (5, 7, answered())],
        [(1, 1, ""), (3, None, "no_request"), (4, 1, "")],
    ),
    "lost, and tried again 5 s later": (
        [(0, 7, asked()), (5 * SECOND, 7, asked()), (5 * SECOND + 9, 7, answered())],
        [(0, None, "no_response"), (5 * SECOND, 9, "")],
    ),
    "late answers to both": (
        [(0, 7, asked()), (5 * SECOND, 7, asked()), (5 * SECOND + 8, 7, answered()), (5 * SECOND + 9, 7, answered())],
        [(0, 5 * SECOND + 9, ""), (5 * SECOND, 8, "")],
    ),
    "an answer after a minute": (
        [(0, 7, asked()), (61 * SECOND, 7, answered())],
        [(0, None, "no_response"), (61 * SECOND, None, "no_request")],
    ),
    "packets out of order": ([(5, 7, answered()), (6, 7, asked())], [(6, None, "guessed")]),
    "asked long after an answer": (
        [(0, 7, answered()), (SECOND, 7, asked())],
        [(0, None, "no_request"), (SECOND, None, "no_response")],
    ),
}  # fmt: skip


def play(steps: list[Step], ahead: bool) -> list[Row]:
    """Feed a matcher as sent, or with the queries ahead of all responses."""
    matcher = Matcher("udp", 65536)
    rows: list[Row] = []
    for time, ident, message in sorted(steps, key=lambda step: step[2].response) if ahead else steps:
        if message.response:
            rows += matcher.answer(1, time, ident, message)
            rows += matcher.expire(0, time)
        else:
            rows += matcher.ask(0, (time, ident, message))
    return sorted(rows + matcher.finish(), key=lambda row: int(row[0]))


@pytest.mark.parametrize("ahead", [False, True], ids=["as sent", "queries ahead"])
@pytest.mark.parametrize(("steps", "wanted"), CASES.values(), ids=CASES.keys())
def test_pairing(steps: list[Step], wanted: list[tuple[int, int | None, str]], ahead: bool) -> None:
    assert [(row[0], row[LATENCY], row[NOTE]) for row in play(steps, ahead)] == wanted


def test_responses_fed_before_their_queries() -> None:
    """The sides are not what they were thought to be."""
    matcher = Matcher("udp", 65536)
    assert matcher.answer(0, 5, 7, answered()) == []
    matcher.ask(1, (1, 7, asked()))
    assert [(row[0], row[LATENCY], row[NOTE]) for row in matcher.finish()] == [(1, 4, "")]


def test_an_answer_of_the_same_side_is_none() -> None:
    matcher = Matcher("udp", 65536)
    matcher.ask(0, (1, 7, asked()))
    matcher.answer(0, 2, 7, answered())
    assert [row[NOTE] for row in matcher.finish()] == ["no_response", "no_request"]


def test_held_responses_are_bounded() -> None:
    matcher = Matcher("udp", 65536)
    rows = [row for number in range(100) for row in matcher.answer(1, number, number, answered())]
    assert [row[0] for row in rows] == list(range(100 - stitch.MAX_ORPHANS))


def test_queries_of_one_id_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stitch, "MAX_CROWD", 10)
    matcher = Matcher("udp", 65536)
    rows = [row for number in range(20) for row in matcher.ask(0, (number, 7, asked()))]
    assert [(row[0], row[NOTE]) for row in rows] == [(number, "no_response") for number in range(9)]
    assert len(matcher.finish()) == 11


def test_queries_a_response_is_compared_with_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stitch, "MAX_SCAN", 10)
    matcher = Matcher("udp", 65536)
    for number in range(30):
        matcher.ask(0, (number, 7, asked()))
    rows = matcher.answer(1, 19, 7, answered())
    assert [(row[0], row[NOTE]) for row in rows] == [*[(number, "no_response") for number in range(10)], (10, "")]


def test_queries_are_bounded_by_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stitch, "MAX_WEIGHT", 10 * (stitch.ENTRY + len(asked().body)))
    matcher = Matcher("udp", 65536)
    rows: list[Row] = []
    for number in range(10):
        matcher.ask(0, (number, number % 3, asked()))
        rows += matcher.weigh(asked())
    assert [row[0] for row in rows] == [0, 1, 2, 3, 4]
    assert [row[0] for row in matcher.finish()] == [5, 6, 7, 8, 9]


def test_of_queries_sent_at_once_with_one_id_the_first_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stitch, "MAX_WEIGHT", 10 * (stitch.ENTRY + len(asked().body)))
    matcher = Matcher("tcp", 65536)
    rows: list[Row] = []
    for number in range(10):
        matcher.ask(0, (0, 7, asked(f"{number}.test.")))
        rows += matcher.weigh(asked(f"{number}.test."))
    names = [row[5] for row in (*rows, *matcher.finish())]
    assert names == [f"{number}.test" for number in range(10)]


def test_answered_queries_weigh_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stitch, "MAX_WEIGHT", 10 * (stitch.ENTRY + len(asked().body)))
    matcher = Matcher("udp", 65536)
    for number in range(30):
        matcher.ask(0, (number, 7, asked()))
        assert matcher.weigh(asked()) == []
        assert len(matcher.answer(1, number, 7, answered())) == 1


def test_old_queries_expire() -> None:
    matcher = Matcher("udp", 65536)
    for time, ident in ((0, 1), (0, 2), (1, 2), (70 * SECOND, 2), (70 * SECOND, 3)):
        matcher.ask(0, (time, ident, asked()))
    assert [row[0] for row in matcher.expire(0, 65 * SECOND)] == [0, 0, 1]
    assert [row[0] for row in matcher.finish()] == [70 * SECOND] * 2
    for time in (0, 1):
        matcher.ask(0, (time, 5, asked()))
    assert len(matcher.expire(0, 65 * SECOND)) == 2
    assert matcher.finish() == []


def test_dubious_message_is_a_record_only_when_answered() -> None:
    hardly = decode(b"\0\7GARBAGEGARBAGE", 65536)
    assert hardly.rare is not None
    assert hardly.rare.dubious
    matcher = Matcher("udp", 65536)
    matcher.ask(0, (1, 7, hardly))
    assert matcher.finish() == []
    matcher.ask(0, (1, 7, hardly))
    assert [row[NOTE] for row in matcher.answer(1, 2, 7, BARE)] == [""]
    noise = decode(b"\0\7\xf8RBAGEGARBAGE", 65536)
    assert matcher.answer(1, 2, 7, noise) + matcher.finish() == []


def test_mdns_answer_is_found_by_name() -> None:
    question = decode(header(0, 0, 1) + b"\1x\5local\0\0\xff\0\1", 65536, "mdns")
    other = decode(header(0, 0, 1) + b"\1y\5local\0\0\1\0\1", 65536, "mdns")
    record = decode(header(0, 0x8400, 0, 1) + b"\1x\5local\0\0\1\x80\1\0\0\0\x3c\0\4\xc0\0\2\1", 65536, "mdns")
    matcher = Matcher("udp", 65536)
    matcher.ask(0, (1, 0, other))
    matcher.ask(0, (2, 0, question))
    (row,) = matcher.answer(1, 9, 0, record)
    assert (row[0], row[LATENCY], row[NOTE]) == (2, 7, "")
    matcher.answer(1, 10, 0, record)
    assert [row[NOTE] for row in matcher.finish()] == ["no_response", "no_request"]


def test_transfers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stitch, "MAX_TRANSFERS", 2)
    matcher = Matcher("tcp", 65536)
    rows: list[Row] = []
    for ident in range(3):
        wanted = query("zone.test.", "AXFR", ident=ident)
        first = response(wanted, "zone.test. 60 SOA ns.test. admin.test. 5 1 1 1 1")
        matcher.ask(0, (ident, ident, decode(wanted, 65536)))
        rows += matcher.answer(1, 9, ident, decode(first, 65536), (first, 10))
    assert [(row[0], row[NOTE]) for row in rows] == [(0, "truncated")]
    matcher.lose()
    assert [(row[0], row[NOTE]) for row in matcher.finish()] == [(1, "gap"), (2, "gap")]
