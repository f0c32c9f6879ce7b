from pxcap.plugins.pgsql.types import Asked, Cycle, Portal, Request, Statement
from pxcap.plugins.pgsql.waiting import SLIM, crowd, slim
from pxcap.plugins.pgsql.wire import BIND, QUERY, SYNC


def test_each_cycle_of_an_entry_counts() -> None:
    cycle = Cycle((1, [], 0), Statement("a"), [], False, False)
    cycle.repeated([(2, [], 0), (3, [], 0)], 0)
    pending = [Request(QUERY, 1, "a"), cycle, Asked(1, "a")]
    assert crowd(pending) == 5
    cycle.take()
    assert crowd(pending) == 4


def test_only_the_beginning_of_what_is_long_is_kept() -> None:
    long = Portal(Statement("a"), [], [b"v" * (SLIM + 1)], size=SLIM + 1)
    short = Portal(Statement("a"), [], [b"v"], size=1)
    pending = [
        Request(QUERY, 1, "q" * 100),
        Request(BIND, 1, "a", long),
        Request(BIND, 1, "b", short),
        Request(SYNC, 1),
    ]
    assert slim(pending) == SLIM + 1 + 0 + 1 + 1
    assert [request.text for request in pending] == ["q" * SLIM, "a", "b", None]
    assert [request.flaws for request in pending] == ["truncated", "truncated", "", ""]
    assert (long.values, short.values) == (None, [b"v"])
