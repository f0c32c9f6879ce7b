"""The buffer before a sink that the test keeps waiting, sends away and brings back."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from pxcap.core import buffered
from pxcap.core.buffered import MEBIBYTE, BufferedSink
from pxcap.core.errors import StoreAway, StoreError
from pxcap.core.protocol import Row
from pxcap.core.sink import Sink

LONG = 120.0  # seconds: more than a working test ever waits


class FakeStore:
    """Holds rows until `flush`, as a store does; `away` makes every call fail, `gate` makes it wait."""

    def __init__(self) -> None:
        self.stored: dict[str, list[Row]] = {}
        self.waiting: dict[str, list[Row]] = {}
        self.away = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.tries = 0
        self.closed_by = ""

    def write(self, table: str, rows: Sequence[Row]) -> None:
        self._pass_gate()
        if table == "unknown":
            raise StoreError("table unknown was not prepared")
        self.hold(table, rows)
        self._answer()

    def hold(self, table: str, rows: Sequence[Row]) -> None:
        self.waiting.setdefault(table, []).extend(rows)

    def flush(self) -> None:
        self._pass_gate()
        self._answer()
        for table, rows in self.waiting.items():
            self.stored.setdefault(table, []).extend(rows)
        self.waiting.clear()

    def held(self) -> dict[str, int]:
        return {table: len(rows) for table, rows in self.waiting.items()}

    def close(self) -> None:
        self.closed_by = threading.current_thread().name
        if self.waiting:
            raise StoreError("given up")

    def _pass_gate(self) -> None:
        assert self.gate.wait(LONG)

    def _answer(self) -> None:
        self.tries += 1
        if self.away.is_set():
            raise StoreAway("the server is gone; records wait", "start it")


class Said:
    """What the user was told, and waiting for it."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self._new = threading.Condition()

    def __call__(self, message: str, hint: str) -> None:
        with self._new:
            self.lines.append((message, hint))
            self._new.notify_all()

    def wait_for(self, words: str) -> None:
        with self._new:
            assert self._new.wait_for(lambda: any(words in message for message, _ in self.lines), LONG), self.lines


@contextmanager
def before(store: FakeStore, said: Said, limit_mib: float = 1.0) -> Iterator[BufferedSink]:
    sink = BufferedSink(store, limit_mib, said)
    try:
        yield sink
    finally:
        store.gate.set()
        sink.close(0 if store.away.is_set() else LONG)


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def said() -> Said:
    return Said()


def rows(start: int, stop: int) -> list[Row]:
    return [(number, "x") for number in range(start, stop)]


def test_rows_arrive_in_order_and_the_end_is_the_threads(store: FakeStore, said: Said) -> None:
    with before(store, said) as buffer:
        sink: Sink = buffer
        for start in range(0, 100, 10):
            sink.write("a", rows(start, start + 10))
            sink.write("b", rows(start, start + 5))
        sink.write("c", [])
        assert buffer.flush(LONG) == {}
        assert store.stored["a"] == rows(0, 100)
        assert len(store.stored["b"]) == 50
        sink.write("a", rows(100, 101))
        assert buffer.close(LONG) == {}
    assert store.stored["a"] == rows(0, 101)
    assert list(store.stored) == ["a", "b"]
    assert (store.closed_by, buffer.dropped, buffer.size, said.lines) == ("pxcap-store", {}, 0, [])


def test_rows_are_committed_without_being_asked(store: FakeStore, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffered, "COMMIT_SECONDS", 0.02)
    committed = threading.Event()
    monkeypatch.setattr(store, "flush", lambda flush=store.flush: (flush(), committed.set()))
    with before(store, said) as buffer:
        buffer.write("a", rows(0, 3))
        assert committed.wait(LONG)
        assert store.stored == {"a": rows(0, 3)}


def test_the_newest_are_dropped_and_counted_when_it_is_full(store: FakeStore, said: Said) -> None:
    text = "x" * 40_000
    with before(store, said, limit_mib=2) as buffer:
        store.gate.clear()
        for number in range(100):
            buffer.write("a", [(number, text)])
        assert buffer.size <= 2 * MEBIBYTE
        kept = 100 - buffer.dropped["a"]
        assert 40 < kept < 55
        buffer.write("b", [(0, text)] * 7)
        assert buffer.dropped == {"a": 100 - kept, "b": 7}
        assert [message for message, _ in said.lines] == [
            "the buffer before the store is full (2 MB): new records are dropped"
        ]
        store.gate.set()
        assert buffer.flush(LONG) == {}
        buffer.write("b", rows(0, 2))
    assert [row[0] for row in store.stored["a"]] == list(range(kept))
    assert store.stored["b"] == rows(0, 2)
    assert [message for message, _ in said.lines[1:]] == [
        f"the buffer before the store has room again; {100 - kept + 7} records were dropped"
    ]


def test_a_batch_larger_than_the_room_is_taken_in_part(store: FakeStore, said: Said) -> None:
    with before(store, said, limit_mib=0.25) as buffer:
        buffer.write("a", [(number, "x" * 1000) for number in range(1000)])
    kept = len(store.stored["a"])
    assert 200 < kept < 260
    assert buffer.dropped == {"a": 1000 - kept}


def test_a_store_that_goes_and_comes_loses_nothing(
    store: FakeStore, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buffered, "RETRY_SECONDS", 0.01)
    with before(store, said) as buffer:
        buffer.write("a", rows(0, 10))
        buffer.flush(LONG)
        store.away.set()
        buffer.write("a", rows(10, 20))
        said.wait_for("gone")
        buffer.write("a", rows(20, 30))
        assert buffer.flush(0.1) == {"a": 20}
        assert store.tries > 3
        store.away.clear()
        said.wait_for("again")
        assert buffer.flush(LONG) == {}
    assert store.stored == {"a": rows(0, 30)}
    assert said.lines == [
        ("the server is gone; records wait", "start it"),
        ("the store takes records again", ""),
    ]
    assert buffer.dropped == {}


def test_a_commit_that_fails_is_tried_again(store: FakeStore, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffered, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(store, "write", store.hold)
    store.away.set()
    with before(store, said) as buffer:
        buffer.write("a", rows(0, 10))
        said.wait_for("gone")
        buffer.write("a", rows(10, 20))
        assert buffer.flush(0.05) == {"a": 20}
        store.away.clear()
        assert buffer.flush(LONG) == {}
    assert store.stored == {"a": rows(0, 20)}


@pytest.mark.parametrize("how", ["away", "hanging"])
def test_the_end_does_not_wait_for_ever(store: FakeStore, said: Said, how: str) -> None:
    with before(store, said) as buffer:
        if how == "away":
            store.away.set()
        else:
            store.gate.clear()
        buffer.write("a", rows(0, 10))
        buffer.write("b", rows(0, 5))
        assert buffer.close(0.05) == buffer.dropped == {"a": 10, "b": 5}
        assert buffer.close(LONG) == {}


def test_seconds_without_a_processor_do_not_count(
    store: FakeStore, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int | None] = []

    def lacking(pid: int, thread: int | None) -> Callable[[], float]:
        """The store answers once it was asked how long its thread had to wait."""
        asked.append(thread)
        return lambda: (store.gate.set(), LONG)[1]

    monkeypatch.setattr(buffered, "since", lacking)
    with before(store, said) as buffer:
        store.gate.clear()
        buffer.write("a", rows(0, 10))
        assert buffer.close(0.0) == buffer.dropped == {}
    assert store.stored == {"a": rows(0, 10)}
    assert threading.get_native_id() not in asked


def test_rows_that_no_store_takes_are_an_error_where_they_come_from(store: FakeStore, said: Said) -> None:
    buffer = BufferedSink(store, 1.0, said)
    buffer.write("unknown", rows(0, 1))
    with pytest.raises(StoreError, match="table unknown was not prepared"):
        buffer.flush(LONG)
    with pytest.raises(StoreError, match="table unknown was not prepared"):
        buffer.write("a", rows(0, 1))
    with pytest.raises(StoreError, match="table unknown was not prepared"):
        buffer.close(LONG)
    assert store.closed_by == "pxcap-store"
