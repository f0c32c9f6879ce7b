"""What connections share: batches, counts, totals."""

import pytest
from tests.core.toy import TOY

from pxcap.core import pipeline as module
from pxcap.core.pipeline import BATCH, Options, Pipeline
from pxcap.core.registry import Registry
from pxcap.core.sink import MemorySink


def shared(sink: MemorySink) -> Pipeline:
    registry = Registry()
    registry.add(TOY, "tests")
    return Pipeline(registry, sink, Options())


def test_rows_go_on_in_batches_and_the_rest_at_the_end() -> None:
    sink = MemorySink()
    pipeline = shared(sink)
    pipeline.emit("toy_events", [(n,) for n in range(BATCH - 1)])
    assert sink.tables == {}
    assert pipeline.records() == BATCH - 1
    pipeline.emit("toy_events", [(BATCH,), (BATCH + 1,)])
    assert len(sink.tables["toy_events"]) == BATCH + 1
    pipeline.emit("toy_events", [(0,)])
    pipeline.flush()
    assert pipeline.tables["toy_events"].records == pipeline.records() == BATCH + 2


def test_names_of_plugin_failures_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ERROR_NAMES", 2)
    pipeline = shared(MemorySink())
    for n in range(5):
        pipeline.plugin_failed(TOY, ValueError(str(n)))
    pipeline.plugin_failed(TOY, ValueError("0"))
    assert pipeline.plugin_failures == {"toy: ValueError: 0": 2, "toy: ValueError: 1": 1}
