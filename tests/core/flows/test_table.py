"""Forgetting: idle flows, closed flows, too many flows."""

import pytest
from tests.core.toy import TOY

from pxcap.core.flows import table as module
from pxcap.core.flows.table import IDLE_OVER, IDLE_TCP, FlowTable
from pxcap.core.pipeline import Options, Pipeline
from pxcap.core.registry import Registry
from pxcap.core.sink import MemorySink

ENDS = (("192.0.2.1", 1), ("192.0.2.2", 7))


def table() -> tuple[FlowTable, Pipeline]:
    registry = Registry()
    registry.add(TOY, "tests")
    pipeline = Pipeline(registry, MemorySink(), Options())
    return FlowTable(pipeline), pipeline


def test_idle_flows_end_and_closed_ones_go_sooner() -> None:
    flows, pipeline = table()
    idle, closed = flows.open_tcp(1, ENDS, 0, False), flows.open_tcp(2, ENDS, 0, False)
    closed.finish(0, closed=True)
    flows.forget(IDLE_OVER + 10**10)
    assert (flows.find(1), flows.find(2)) == (idle, None)
    flows.forget(IDLE_TCP + 2 * 10**10)
    assert flows.find(1) is None
    assert pipeline.connections == 2


def test_the_least_recently_used_goes_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FLOWS", 2)
    flows, pipeline = table()
    for key in (1, 2, 3):
        flows.open_tcp(key, ENDS, 0, False)
    flows.find(1)
    flows.forget(1)
    assert flows.find(2) is None
    assert flows.find(1) is not None
    assert (flows.evicted, pipeline.connections) == (1, 1)


def test_finish_ends_every_flow_once() -> None:
    flows, pipeline = table()
    flows.open_tcp(1, ENDS, 0, False)
    flows.open_udp(2, ENDS, 0)
    flows.finish()
    flows.finish()
    assert pipeline.connections == 2


def test_alive_are_those_that_go_on() -> None:
    flows, _ = table()
    going, closed = flows.open_tcp(1, ENDS, 0, False), flows.open_tcp(2, ENDS, 0, False)
    closed.finish(0, closed=True)
    assert list(flows.alive()) == [going.connection]


def test_shedding_leaves_out_new_and_open_connections() -> None:
    flows, pipeline = table()
    before = [flows.open_tcp(key, ENDS, 0, False).connection for key in range(512)]
    flows.shed(128)
    out = {key for key, connection in enumerate(before) if connection.given_up}
    assert 128 < len(out) < 384
    after = [flows.open_udp(key + 1000, ENDS, 0).connection for key in range(512)]
    assert 128 < sum(connection.given_up for connection in after) < 384
    flows.shed(200)
    more = {key for key, connection in enumerate(before) if connection.given_up}
    assert out < more
    flows.shed(0)
    assert {key for key, connection in enumerate(before) if connection.given_up} == more
    assert not flows.open_tcp(5000, ENDS, 0, False).connection.given_up
    flows.finish()
    assert pipeline.connections == 1025
