from pxcap.plugins.pgsql.types import COMMANDS, Cycle, Portal, Statement
from pxcap.plugins.pgsql.wire import BIND, DESCRIBE, EXECUTE, PARSE, SYNC


def test_a_cycle_is_made_of_requests() -> None:
    portal = Portal(Statement("SELECT 1", flaw="truncated"), [], [b"1"])
    whole = Cycle(5, portal, True, True).expand()
    assert [part.kind for part in whole] == [PARSE, BIND, DESCRIBE, EXECUTE, SYNC]
    assert {part.time for part in whole} == {5}
    assert {part.text for part in whole[:-1]} == {"SELECT 1"}
    assert [part.flaws for part in whole] == ["truncated"] * 4 + [""]
    assert [part.portal is portal for part in whole] == [False, True, False, True, False]
    assert [part.kind for part in Cycle(5, portal, False, False).expand()] == [BIND, EXECUTE, SYNC]


def test_what_was_copied_belongs_to_the_execute() -> None:
    cycle = Cycle(5, Portal(Statement("COPY t FROM STDIN")), False, False)
    cycle.copied = 77
    assert cycle.expand()[1].copied == 77
    assert cycle.execute is not None


def test_every_command_has_a_name() -> None:
    assert len(set(COMMANDS.values())) == len(COMMANDS)
