from pxcap.plugins.pgsql.types import COMMANDS, Cycle, Statement
from pxcap.plugins.pgsql.wire import BIND, DESCRIBE, EXECUTE, PARSE, SYNC


def test_a_cycle_is_made_of_requests() -> None:
    statement = Statement("SELECT 1", flaw="truncated")
    whole = Cycle((5, [b"1"], 5), statement, [1], True, True).take()
    assert [part.kind for part in whole] == [PARSE, BIND, DESCRIBE, EXECUTE, SYNC]
    assert {part.time for part in whole} == {5}
    assert {part.text for part in whole[:-1]} == {"SELECT 1"}
    assert [part.flaws for part in whole] == ["truncated"] * 4 + [""]
    portals = [part.portal for part in whole if part.portal is not None]
    assert portals[0] is portals[1]
    assert (portals[0].values, portals[0].formats, portals[0].statement) == ([b"1"], [1], statement)
    assert [part.kind for part in Cycle((5, [], 0), statement, [], False, False).take()] == [BIND, EXECUTE, SYNC]


def test_cycles_are_taken_one_by_one() -> None:
    cycle = Cycle((5, [b"1"], 5), Statement("SELECT 1"), [], False, False)
    cycle.repeated([(6, [b"22"], 6), (7, [b"333"], 7)], 13)
    weights, found = [cycle.weight], []
    while cycle.left:
        parts = cycle.take()
        weights.append(cycle.weight)
        assert parts[0].portal is not None
        found.append((parts[0].time, parts[0].portal.values))
    assert found == [(5, [b"1"]), (6, [b"22"]), (7, [b"333"])]
    assert weights == [3 * cycle.base + 18, 2 * cycle.base + 13, cycle.base + 7, 0]


def test_what_was_copied_belongs_to_the_last_execute() -> None:
    cycle = Cycle((5, [], 0), Statement("COPY t FROM STDIN"), [], False, False)
    cycle.repeated([(6, [], 0)], 0)
    cycle.copied = 77
    assert cycle.take()[1].copied == 0
    assert cycle.execute is None
    assert cycle.take()[1].copied == 77
    assert cycle.execute is not None


def test_every_command_has_a_name() -> None:
    assert len(set(COMMANDS.values())) == len(COMMANDS)
