"""A worker: it takes what the process before it captures or reads, parses it and stores the records.

It leaves when it is told to, or when the pipe ends, which is when the other process has ended, however that was. Signals
are for that process alone: it needs what the worker still has to say.
"""

import pickle
import select
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import astuple
from itertools import chain
from typing import Any

from pxcap.core.collection import settled
from pxcap.core.errors import PxcapError
from pxcap.core.flows.datagrams import DatagramTable
from pxcap.core.flows.distribute import distribute
from pxcap.core.flows.streams import Closing, StreamTable
from pxcap.core.flows.table import FlowTable
from pxcap.core.pipeline import Pipeline
from pxcap.core.vantage import Endpoint, Vantage
from pxcap.core.workers import pipes
from pxcap.core.workers.plan import LEAST_SECONDS, Message, Plan
from pxcap.core.workers.windows import Packed, datagram_window, packet_window, stream_window

_HAND_OVER = 0.5  # seconds a row may wait for its batch
_SAY = 0.1  # seconds between two accounts of what was done
_ALONE = 1.0  # seconds to store what there is when the other process is gone
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Worker:
    """What one worker holds.

    Args:
        plan: How it works.
        say: Sends a message back; called by several threads.

    Raises:
        PxcapError: The plan cannot be followed: the store cannot be opened, a protocol is not installed.
    """

    def __init__(self, plan: Plan, say: Callable[[Message], None]) -> None:
        self._say = say
        self._outlet = plan.outlet(lambda message, hint: say(["told", message, hint]))
        self._pipeline = Pipeline(plan.registry(), self._outlet, plan.options, plan.more)
        self._streams = StreamTable(self._pipeline)
        self._datagrams = DatagramTable(self._pipeline)
        self._flows = FlowTable(self._pipeline)
        self._evicted = 0  # by tables that are no more
        self._taken = 0
        self._said: Message = []
        self.over = False
        self._handlers: dict[str, Callable[..., None]] = {
            "open": self._open,
            "streams": self._take_streams,
            "close": self._close,
            "give up": self._streams.give_up,
            "measure": self._streams.measure,
            "datagrams": self._take_datagrams,
            "sweep": self._datagrams.sweep,
            "packets": self._take_packets,
            "forget": lambda now: self._flows.forget(now),
            "shed": lambda level: self._flows.shed(level),
            "finish": self._finish,
            "totals": self._totals,
            "end": self.end,
        }

    def do(self, messages: list[Message]) -> None:
        """Do what they say."""
        for name, *arguments in messages:
            self._handlers[name](*arguments)
        if dull := self._streams.dull():
            self._say(["dull", dull])

    def flush(self) -> None:
        """Hand collected rows on."""
        self._pipeline.flush()

    def account(self) -> None:
        """Say what was done so far, if that is more than what was said last."""
        evicted = self._evicted + self._streams.evicted + self._datagrams.evicted + self._flows.evicted
        now: Message = ["counts", self._taken, self._pipeline.records(), self._streams.unknown, evicted]
        if now != self._said:
            self._said = now
            self._say(now)

    def end(self, deadline: float | None) -> None:
        """Store everything and say what came of it; until a time on the clock that all processes share."""
        pipeline = self._pipeline
        totals = self._sums(False)
        pipeline.flush()
        self.account()
        outcome = self._outlet.close(None if deadline is None else max(LEAST_SECONDS, deadline - time.monotonic()))
        counts = {name: astuple(count) for name, count in pipeline.tables.items()}
        also = [pipeline.errors, pipeline.plugin_failures, pipeline.connections, pipeline.unrecognised]
        self._say(["final", counts, *also, totals, astuple(outcome)])
        self.over = True

    def _open(self, stream: int, ends: list[list[Any]], client: int | None, seen: tuple[Any, ...], quiet: bool) -> None:
        self._streams.open(stream, _ends(ends), client, Vantage(*seen), quiet)

    def _take_streams(self, packed: Packed) -> None:
        window = stream_window(packed)
        self._streams.take(window)
        self._taken += len(window)

    def _close(self, stream: int, closing: list[Any]) -> None:
        time, sent, received, retransmits, rtt, (out, back) = closing
        self._streams.close(stream, Closing(time, sent, received, retransmits, rtt, (out, back)))

    def _take_datagrams(self, packed: Packed, about: dict[bytes, list[Any]]) -> None:
        window = datagram_window(packed)

        def introduce(place: int) -> tuple[tuple[Endpoint, Endpoint], Vantage]:
            ends, seen = about[window.key[place]]
            return _ends(ends), Vantage(*seen)

        self._datagrams.take(window, introduce)
        self._taken += len(window)

    def _take_packets(self, packed: Packed) -> None:
        window = packet_window(packed)
        distribute(self._flows, window)
        self._taken += len(window)

    def _finish(self) -> None:
        """End every connection; what comes now is another capture."""
        self._streams.finish()
        self._datagrams.finish()
        self._flows.finish()
        self._evicted += self._flows.evicted
        self._flows = FlowTable(self._pipeline)

    def _totals(self, last: bool) -> None:
        self.account()
        self._say(["totals", self._sums(last)])

    def _sums(self, last: bool) -> list[tuple[Any, ...]]:
        alive = chain(self._streams.alive(), self._datagrams.alive(), self._flows.alive())
        sums = self._pipeline.sums(None if last else alive)
        return [(group, astuple(totals)) for group, totals in sums.items()]


def main(incoming: int, outgoing: int) -> int:
    """Run a worker: the first message holds its plan. Gives the exit status."""
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _IGNORED)  # they were blocked so that none came before this
    lock = threading.Lock()

    def say(message: Message) -> None:
        try:
            with lock:
                pipes.write(outgoing, pipes.pack([message]))
        except OSError:  # nobody is there to hear it; the end of the other pipe says so, too
            return

    try:
        first = pipes.read(incoming)
        if first is not None:
            worker = Worker(pickle.loads(first[0][0]), say)
            say(["ready"])
            with settled():
                _serve(worker, incoming)
    except PxcapError as error:
        say(["failed", type(error).__name__, str(error), error.hint])
        return 1
    return 0


def _serve(worker: Worker, incoming: int) -> None:
    poll = select.poll()
    poll.register(incoming, select.POLLIN)
    flushed = said = time.monotonic()
    while not worker.over:
        wait = min(flushed + _HAND_OVER, said + _SAY) - time.monotonic()
        if poll.poll(max(0.0, wait) * 1000):
            messages = pipes.read(incoming)
            if messages is None:
                worker.end(time.monotonic() + _ALONE)
                return
            worker.do(messages)
        now = time.monotonic()
        if now - flushed >= _HAND_OVER:
            worker.flush()
            flushed = now
        if now - said >= _SAY:
            worker.account()
            said = now


def _ends(ends: list[list[Any]]) -> tuple[Endpoint, Endpoint]:
    (here, its_port), (there, other_port) = ends
    return (here, its_port), (there, other_port)
