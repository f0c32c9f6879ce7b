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
