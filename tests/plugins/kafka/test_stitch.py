from pxcap.plugins.kafka import stitch as module
from pxcap.plugins.kafka.render import Renderer
from pxcap.plugins.kafka.request import Request
from pxcap.plugins.kafka.stitch import MAX_WEIGHT, Stitcher


class Counts(dict[str, int]):
    def count(self, name: str) -> None:
        self[name] = self.get(name, 0) + 1


def stitcher() -> tuple[Stitcher, Counts]:
    counts = Counts()
    return Stitcher(Renderer(1000, True, counts.count)), counts


def asked(time: int, text: str = "{}", note: str = "") -> Request:
    return (time, 12, 1, "c", None, 0, text, note)


def test_pairs_by_id_in_any_order() -> None:
    stitch, _ = stitcher()
    stitch.request(1, asked(10))
    stitch.request(2, asked(20))
    for ident, time in ((2, 25), (1, 30)):
        request = stitch.response(ident)
        assert request is not None
        stitch.answered(request, ("{}", 0), time, "")
    assert stitch.rows == [(20, 12, "c", "{}", "{}", 1, 0, 5, ""), (10, 12, "c", "{}", "{}", 1, 0, 20, "")]


def test_one_id_for_all_is_answered_in_order() -> None:
    stitch, _ = stitcher()
    for time in (1, 2, 3):
        stitch.request(0, asked(time))
    assert [(stitch.response(0) or asked(0))[0] for _ in range(3)] == [1, 2, 3]
    assert stitch.response(0) is None
    assert not stitch.rows


def test_after_a_loss_an_answer_shows_which_will_not_come() -> None:
    stitch, _ = stitcher()
    for ident in range(5):
        stitch.request(ident, asked(ident))
    stitch.gap()
    assert stitch.lossy
    assert stitch.response(3) is not None
    assert [row[0] for row in stitch.rows] == [0, 1, 2]
    assert {row[-1] for row in stitch.rows} == {"no_response"}
    assert not stitch.lossy
    assert list(stitch.pending) == [4]


def test_after_a_loss_an_id_used_again_gives_up_the_first() -> None:
    stitch, _ = stitcher()
    stitch.request(0, asked(1))
    stitch.gap()
    stitch.request(0, asked(2))
    assert [row[0] for row in stitch.rows] == [1]


def test_what_is_never_answered_is_a_record_at_once() -> None:
    stitch, counts = stitcher()
    stitch.once(5, asked(1))
    assert stitch.rows == [(1, 12, "c", "{}", None, 1, None, None, "")]
    stitch.stray(5, 10, 2)
    assert len(stitch.rows) == 1
    assert counts == {"answer_to_acks_0": 1}
    stitch.stray(6, 10, 2)
    assert stitch.rows[1] == (2, None, None, None, '{"correlation_id":6,"size":10}', None, None, None, "no_request")
    for ident in range(3000):
        stitch.once(ident, asked(1))
    assert len(stitch._unasked) <= module._MAX_UNASKED


def test_tokens_are_answered_in_their_turn() -> None:
    stitch, _ = stitcher()
    stitch.request(1, asked(1))
    stitch.token((2, 36, None, None, None, 0, "{}", ""))
    assert not stitch.token_next()
    assert (stitch.response(1) or asked(0))[0] == 1
    assert stitch.token_next()
    assert (stitch.response(0) or asked(0))[0] == 2
    assert stitch.tokens == 0
    assert stitch.response(0) is None


def test_notes_are_joined() -> None:
    stitch, _ = stitcher()
    stitch.unanswered(asked(1, note="gap"))
    stitch.answered(asked(1, note="gap"), ("{}", 0), 2, "gap")
    assert [row[-1] for row in stitch.rows] == ["gap,no_response", "gap"]


def test_what_waits_is_bounded() -> None:
    stitch, _ = stitcher()
    text = "x" * 10_000
    for ident in range(1000):
        stitch.request(ident % 3, asked(ident, text))
    assert sum(map(len, (request[6] or "" for request in stitch.pending.values()))) <= MAX_WEIGHT
    assert len(stitch.rows) > 600
    stitch.token(asked(1, text * 400))
    assert stitch.tokens == 0
    stitch.finish()
    assert len(stitch.rows) == 1001
    assert not stitch.pending
