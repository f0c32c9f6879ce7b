"""The loop, with a source and a clock of its own: what is done when, and that the end is always a good one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from tests.core.toy import TOY

from pxcap.bpf import capture as module
from pxcap.bpf.capture import HAND_OVER, IDLE, SHARE, TOTALS, State, capture, pause
from pxcap.core.connection import Connection
from pxcap.core.pipeline import Options, Pipeline
from pxcap.core.registry import Registry
from pxcap.core.sink import MemorySink
from pxcap.core.vantage import Vantage


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waited: list[float] = []
        self.stop_at = float("inf")

    def monotonic(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self.now += seconds
        return self.now >= self.stop_at


@dataclass
class Fake:
    """A source that has as many events as it is told, and one connection that goes on."""

    clock: Clock
    pipeline: Pipeline
    busy: bool = False
    fails: BaseException | None = None
    shares: list[int] = field(default_factory=list)
    finished: int = 0
    filled: float = 0.0

    def __post_init__(self) -> None:
        ends = (("192.0.2.1", 40000), ("192.0.2.2", 7))
        self.connection = Connection(self.pipeline, "tcp", ends, 0, False, Vantage("node:1:2", opened=1))

    @property
    def now(self) -> int:
        return int(self.clock.now * 1e9)

    def poll(self) -> int:
        if self.fails:
            raise self.fails
        if self.busy:
            self.pipeline.emit("toy_events", [(self.now, "row")])
            self.connection.sent[0] += 10
        return 3 * self.busy

    def alive(self) -> Iterator[Connection]:
        return iter([self.connection] if not self.finished else [])

    def losses(self) -> dict[str, int]:
        return {}

    def shed(self, level: int) -> None:
        self.shares.append(level)

    def finish(self) -> int:
        self.finished += 1
        self.connection.finish(self.now, closed=False)
        self.pipeline.emit("toy_events", [(self.now, "last")])
        return 2


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module.time, "monotonic", made.monotonic)
    return made


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def pipeline(sink: MemorySink) -> Pipeline:
    registry = Registry()
    registry.add(TOY, "tests")
    return Pipeline(registry, sink, Options())


def test_for_so_long(clock: Clock, pipeline: Pipeline, sink: MemorySink) -> None:
    source = Fake(clock, pipeline, busy=True)
    done = capture(source, pipeline, clock.wait, duration=1.0)
    assert done == State(pytest.approx(1.0), pytest.approx(3 * 11 + 2, abs=3), done.records, 0)
    assert clock.waited[:-1] == pytest.approx([IDLE] * (len(clock.waited) - 1))
    assert source.finished == 1
    assert sink.tables["toy_events"][-1][1] == "last"
    assert done.records == pipeline.records() == sum(map(len, sink.tables.values()))


def test_until_it_is_asked_to_stop(clock: Clock, pipeline: Pipeline) -> None:
    clock.stop_at = clock.now + 0.5
    done = capture(Fake(clock, pipeline), pipeline, clock.wait)
    assert (done.seconds, done.events) == (pytest.approx(0.5), 2)
    assert set(clock.waited) == {IDLE}


def test_a_duration_that_is_over_at_once_takes_what_is_there(clock: Clock, pipeline: Pipeline) -> None:
    assert capture(Fake(clock, pipeline, busy=True), pipeline, clock.wait, duration=0.0).events == 5
    assert clock.waited == []


def test_rows_are_handed_over_now_and_then(clock: Clock, pipeline: Pipeline, sink: MemorySink) -> None:
    seen: list[int] = []
    capture(
        *(Fake(clock, pipeline, busy=True), pipeline, clock.wait, 2 * HAND_OVER + IDLE),
        tell=lambda _: seen.append(len(sink.tables.get("toy_events", []))),
    )
    assert seen == sorted(seen)
    assert 3 <= len(set(seen)) <= 4


def test_totals_are_written_while_connections_go_on(clock: Clock, pipeline: Pipeline, sink: MemorySink) -> None:
    capture(Fake(clock, pipeline, busy=True), pipeline, clock.wait, 2 * TOTALS + 1)
    rows = sink.tables["conn_stats"]
    assert [row[0] / 1e9 for row in rows] == [pytest.approx(1000 + at, abs=0.2) for at in (TOTALS, 2 * TOTALS)] + [
        pytest.approx(1000 + 2 * TOTALS + 1, abs=0.2)
    ]
    sent = [row[12] for row in rows]
    assert sent == sorted(sent)


def test_limits_are_asked_and_followed(clock: Clock, pipeline: Pipeline) -> None:
    levels = iter([0, 64, 64, 200, 0])

    class Limits:
        def level(self, filled: float) -> int:
            return next(levels)

    source = Fake(clock, pipeline)
    told: list[int] = []
    clock.stop_at = clock.now + 4.5 * IDLE
    done = capture(source, pipeline, clock.wait, limits=Limits(), tell=lambda state: told.append(state.shed))
    assert source.shares == [64, 200, 0]
    assert told == [0, 64, 64, 200, 0]
    assert done.shed == 0


@pytest.mark.parametrize("where", ["poll", "wait", "tell"])
def test_whatever_fails_the_source_is_let_go_and_rows_are_kept(
    clock: Clock, pipeline: Pipeline, sink: MemorySink, where: str
) -> None:
    def failing(_: object) -> bool:
        raise KeyboardInterrupt

    def ending() -> None:
        at_the_end.append(source.finished)

    at_the_end: list[int] = []
    source = Fake(clock, pipeline, busy=True)
    wait: Callable[[float], bool] = failing if where == "wait" else clock.wait
    if where == "poll":
        source.fails = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        capture(source, pipeline, wait, 1.0, None, failing if where == "tell" else None, ending)
    assert (at_the_end, source.finished) == ([0], 1)
    assert sink.tables["toy_events"][-1][1] == "last"
    assert len(sink.tables["conn_stats"]) == 1


def test_rounds_are_as_far_apart_as_the_buffer_allows() -> None:
    assert pause(0.0, IDLE, 0.0) == IDLE
    assert pause(SHARE, IDLE, 0.02) == pytest.approx(IDLE - 0.02)
    assert pause(2 * SHARE, IDLE, 0.0) == pytest.approx(IDLE / 2)
    assert pause(SHARE, IDLE / 2, 0.0) == pytest.approx(IDLE / 2)  # as fast
    assert pause(2 * SHARE, IDLE, 0.07) == 0.0
    assert pause(0.01, 0.0, 0.0) == 0.0
    assert pause(0.0, 0.0, 0.2) == 0.0


def test_a_buffer_that_fills_is_looked_at_without_a_pause(clock: Clock, pipeline: Pipeline) -> None:
    clock.stop_at = clock.now + 0.01
    source = Fake(clock, pipeline, busy=True, filled=1.0)
    done = capture(source, pipeline, lambda seconds: clock.wait(max(seconds, 0.001)))
    assert max(clock.waited[1:]) <= 0.001
    assert done.events >= 3 * 10 + 2
