import pytest

from pxcap.core.protocol import REQUEST, RESPONSE, Settings
from pxcap.plugins.pgsql import stitch as stitch_module
from pxcap.plugins.pgsql.stitch import Stitcher
from pxcap.plugins.pgsql.types import COPY_END, Cycle, Request, Statement
from pxcap.plugins.pgsql.wire import BIND, EXECUTE, PARSE, QUERY, SYNC

RESULTS = frozenset({QUERY, EXECUTE})


class Talk:
    """A stitcher, and what it counted."""

    def __init__(self, sure: bool = True) -> None:
        self.errors: list[str] = []
        self.stitch = Stitcher(Settings(), sure, self.errors.append)

    def ask(self, *kinds: int, at: int = 1) -> None:
        for kind in kinds:
            text = None if kind in (SYNC, COPY_END) else f"{chr(kind)}{at}"
            self.stitch.put(Request(kind, at, text))

    def answer(self, at: int) -> None:
        """One row and ReadyForQuery, for a Query."""
        self.stitch.head(RESULTS, at).tags = ["SELECT 1"]
        self.stitch.ready(at)

    def told(self) -> list[tuple[str | None, str | None, str]]:
        return [(row[2], row[3], row[9]) for row in self.stitch.rows]


def test_answers_come_in_order() -> None:
    talk = Talk()
    talk.ask(QUERY, at=1)
    talk.ask(QUERY, at=2)
    talk.answer(3)
    talk.answer(4)
    assert talk.told() == [("Q1", "SELECT 1", ""), ("Q2", "SELECT 1", "")]
    assert [row[8] for row in talk.stitch.rows] == [2, 2]


def test_an_error_skips_up_to_the_next_sync_and_no_further() -> None:
    talk = Talk()
    talk.ask(PARSE, BIND, EXECUTE, SYNC, PARSE, SYNC)
    talk.stitch.failed("42601", "ERROR 42601: no", 3)
    talk.stitch.ready(3)
    talk.stitch.small_answer(PARSE, 4, "ParseComplete")
    talk.stitch.ready(4)
    skipped = "skipped: an error came before it in the pipeline"
    assert talk.told() == [
        ("P1", "ERROR 42601: no", ""),
        ("B1", skipped, ""),
        ("E1", skipped, ""),
        ("P1", "ParseComplete", ""),
    ]
    assert talk.errors == []
    assert not talk.stitch.pending


def test_a_simple_query_fails_without_skipping() -> None:
    talk = Talk()
    talk.ask(QUERY, QUERY)
    talk.stitch.failed("22012", "ERROR 22012: zero", 3)
    talk.stitch.ready(3)
    talk.answer(4)
    assert talk.told() == [("Q1", "ERROR 22012: zero", ""), ("Q1", "SELECT 1", "")]


def test_an_answer_nobody_asked_for_is_counted_and_shifts_nothing() -> None:
    talk = Talk()
    talk.ask(QUERY)
    talk.stitch.small_answer(BIND, 2, "BindComplete")
    talk.answer(3)
    assert ("Q1", "SELECT 1", "") in talk.told()
    assert talk.errors == ["unexpected_answer"]


def test_answers_without_requests_are_one_record_a_result() -> None:
    talk = Talk(sure=False)
    talk.stitch.small_answer(BIND, 2, "BindComplete")
    talk.stitch.head(RESULTS, 2).tags = ["SELECT 3"]
    talk.stitch.ready(2)
    assert talk.told() == [(None, "BindComplete", "no_request"), (None, "SELECT 3", "no_request")]


def test_who_speaks_again_after_a_loss_has_seen_what_was_lost() -> None:
    talk = Talk()
    talk.ask(QUERY, at=1)
    talk.stitch.gap(RESPONSE, 2)
    assert not talk.stitch.sure
    talk.ask(QUERY, at=3)
    talk.answer(4)
    assert talk.told() == [("Q1", None, "no_response,gap"), ("Q3", "SELECT 1", "")]
    assert talk.stitch.sure


def test_what_is_sent_behind_lost_requests_is_a_guess() -> None:
    talk = Talk()
    talk.ask(QUERY, at=1)
    talk.stitch.gap(REQUEST, 2)
    talk.ask(QUERY, at=3)
    talk.ask(QUERY, at=3)
    for at in (4, 5, 6):
        talk.answer(at)
    assert [told[2] for told in talk.told()] == ["", "guessed", "guessed"]


def test_a_guess_is_over_when_all_that_may_have_been_lost_is_answered() -> None:
    talk = Talk()
    talk.stitch.gap(REQUEST, 1)
    talk.ask(QUERY, at=2)  # and one before it, that was lost
    for at in (3, 4):
        talk.answer(at)
    talk.ask(QUERY, at=5)
    talk.answer(6)
    assert [told[2] for told in talk.told()] == ["guessed", "no_request", ""]
    assert talk.stitch.sure


def test_what_is_sent_behind_the_answer_to_a_lost_request_is_none() -> None:
    for early in (True, False):
        talk = Talk()
        if early:  # the answer is seen before the loss is noticed
            talk.answer(1)
            talk.stitch.gap(REQUEST, 2)
        else:
            talk.stitch.gap(REQUEST, 1)
            talk.answer(2)
        talk.ask(QUERY, at=3)
        talk.answer(4)
        assert [told[2] for told in talk.told()] == ["no_request", ""]


def test_the_server_ignores_a_sync_while_it_takes_copy_data() -> None:
    talk = Talk()
    talk.ask(EXECUTE, SYNC)
    request = talk.stitch.head(RESULTS, 2)
    talk.stitch.copy_began()
    talk.ask(SYNC, at=2)  # ignored as well
    talk.stitch.copy_ended(3)
    talk.ask(SYNC, at=3)
    request.tags = ["COPY 1"]
    talk.stitch.complete(request, 4)
    talk.stitch.ready(4)
    assert talk.told() == [("E1", "COPY 1", "")]
    assert not talk.stitch.pending


def test_a_goodbye_belongs_to_what_crossed_it_or_stands_alone() -> None:
    talk = Talk()
    talk.stitch.failed("57P01", "FATAL 57P01: bye", 2)
    talk.ask(QUERY, at=3)
    talk.stitch.finish()
    assert talk.told() == [("Q3", "FATAL 57P01: bye", "")]
    talk = Talk()
    talk.stitch.failed("57P01", "FATAL 57P01: bye", 2)
    talk.stitch.finish()
    assert talk.told() == [(None, "FATAL 57P01: bye", "")]


def test_what_was_never_answered_says_so() -> None:
    talk = Talk()
    talk.ask(PARSE, BIND, SYNC)
    talk.stitch.finish()
    assert talk.told() == [("P1", None, "no_response"), ("B1", None, "no_response")]


def test_too_many_requests_are_given_up_oldest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stitch_module, "MAX_PENDING", 5)
    talk = Talk()
    talk.stitch.pending.extend(Cycle((1, [], 0), Statement("cycle"), [], False, False) for _ in range(4))
    for at in range(2, 6):
        talk.ask(QUERY, at=at)
    assert talk.told() == [("cycle", None, "no_response")] * 6
    assert len(talk.stitch.pending) == 5


@pytest.mark.parametrize("before", range(3))
def test_too_many_cycles_are_given_up_oldest_first(before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stitch_module, "MAX_PENDING", 5)
    talk = Talk()
    if before:
        talk.ask(*[QUERY] * before)
    cycle = Cycle((1, [b"0"], 5), Statement("cycle"), [], False, False)
    cycle.repeated([(at, [b"%d" % at], 5) for at in range(2, 9)], 35)
    talk.stitch.pending.append(cycle)
    talk.stitch.weight += cycle.weight
    talk.stitch.trim_cycles()
    assert talk.told() == [("Q1", None, "no_response")] * before + [("cycle", None, "no_response")] * 6
    assert (list(talk.stitch.pending), cycle.left, cycle.time) == ([cycle], 5, 4)
    talk.stitch.finish()
    assert len(talk.stitch.rows) == before + 2 * 8
    assert talk.stitch.weight == 0


def test_long_texts_that_wait_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stitch_module, "MAX_WEIGHT", 1000)
    talk = Talk()
    for at in range(12):
        talk.stitch.put(Request(QUERY, at, "x" * 100))
    assert talk.stitch.weight <= 1000
    talk.answer(20)
    assert (talk.stitch.rows[0][2], talk.stitch.rows[0][9]) == ("x" * 64, "truncated")


def test_the_weight_of_what_waits_goes_with_it() -> None:
    talk = Talk()
    cycle = Cycle((1, [b"1"], 5), Statement("SELECT 1"), [], True, True)
    cycle.repeated([(2, [b"22"], 6), (3, [None], 4)], 10)
    talk.stitch.pending.append(cycle)
    talk.stitch.weight += cycle.weight
    talk.ask(QUERY)
    talk.stitch.front()
    assert cycle.left == 2
    talk.stitch.expand()
    talk.stitch.finish()
    assert talk.stitch.weight == 0


def test_the_words_of_an_error_are_timed_though_the_connection_ends() -> None:
    talk = Talk()
    talk.ask(QUERY)
    talk.stitch.failed("57P01", "FATAL 57P01: bye", 9)
    talk.stitch.finish()
    assert [(row[3], row[8], row[9]) for row in talk.stitch.rows] == [("FATAL 57P01: bye", 8, "")]
