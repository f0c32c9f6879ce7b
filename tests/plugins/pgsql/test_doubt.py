from pxcap.plugins.pgsql.doubt import Doubt
from pxcap.plugins.pgsql.types import Request
from pxcap.plugins.pgsql.wire import BIND, EXECUTE, QUERY, SYNC


def test_what_follows_a_loss_is_a_guess_until_all_before_it_is_answered() -> None:
    doubt = Doubt()
    doubt.lost([Request(BIND, 1), Request(EXECUTE, 1), Request(SYNC, 1), Request(QUERY, 1)])
    assert doubt.due == 3
    assert [doubt.asked(kind, False) for kind in (BIND, EXECUTE, SYNC)] == [True, True, False]
    for _ in range(3):
        doubt.ready(False)
    assert not doubt.asked(QUERY, True)
    doubt.ready(False)
    assert doubt.due == 0


def test_what_follows_a_whole_cycle_is_a_guess_while_it_waits() -> None:
    doubt = Doubt()
    assert [doubt.asked(kind, alone) for kind, alone in ((BIND, True), (SYNC, False), (BIND, False))] == [
        False,
        False,
        True,
    ]
    assert not doubt.asked(BIND, True)


def test_nothing_is_due_where_no_request_can_be_missing() -> None:
    copying = Request(QUERY, 1)
    copying.copying = True
    doubt = Doubt()
    doubt.lost([copying])
    assert doubt.due == 0
    doubt.ready(True)
    doubt.lost([])
    assert doubt.due == 0
    doubt.lost([])
    assert doubt.due == 1
    doubt.answers_lost()
    assert doubt.due == 0
