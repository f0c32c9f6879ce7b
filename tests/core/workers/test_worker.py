"""A worker in this process: what it does with messages, and what it says."""

import os
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.core.workers import streams
from tests.core.workers.outlets import FileOutlet, stored, toys

from pxcap.core.columns import CONNECTIONS
from pxcap.core.pipeline import Options
from pxcap.core.protocol import Row
from pxcap.core.workers import pipes, worker
from pxcap.core.workers.plan import LEAST_SECONDS, Message, Outcome, Plan, Tell
from pxcap.core.workers.shares import Shares
from pxcap.core.workers.windows import split_datagrams, split_streams
from pxcap.core.workers.worker import Worker


class Kept:
    """Rows in memory."""

    def __init__(self, tell: Tell) -> None:
        self.rows: list[tuple[str, Row]] = []
        self.timeout: float | None = -1.0
        tell("opened", "")

    def write(self, table: str, rows: Sequence[Row]) -> None:
        self.rows += [(table, row) for row in rows]

    def close(self, timeout: float | None) -> Outcome:
        self.timeout = timeout
        return Outcome({}, {"toy_events": 2}, {})


class Run:
    """A worker with its outlet and all it said."""

    def __init__(self) -> None:
        self.said: list[Message] = []
        made: list[Kept] = []

        def outlet(tell: Tell) -> Kept:
            made.append(Kept(tell))
            return made[-1]

        self.worker = Worker(Plan(outlet, Options(), (CONNECTIONS,), toys), self.said.append)
        [self.outlet] = made

    def heard(self, name: str) -> list[Message]:
        return [message[1:] for message in self.said if message[0] == name]


def opening(stream: int) -> Message:
    return [
        "open",
        stream,
        [list(end) for end in streams.ends_of(stream)],
        0,
        ["1:2:3", 7, False, streams.START],
        False,
    ]


def test_streams() -> None:
    run = Run()
    run.worker.do([opening(stream) for stream in (1, 2)])
    for number in range(3):
        for _, _, packed in split_streams(
            streams.window(number, range(1, 4)), Shares([0])
        ):  # the third was never announced
            run.worker.do([["streams", packed]])
    run.worker.do([["measure", 1, 5, 9000], ["close", 2, [streams.START + 9, 9, 9, 1, None, [0, 0]]]])
    run.worker.account()
    run.worker.account()
    assert run.heard("counts") == [[18, 7, 6, 0]]
    run.worker.do([["totals", False]])
    [[totals]] = run.heard("totals")
    [(group, sums)] = totals
    assert group[:3] == ("1:2:3", "192.0.2.2", 7)
    assert sums[:3] == (2, 1, 1)  # opened, closed, active
    run.worker.do([["finish"], ["end", None]])
    assert run.worker.over
    assert sum(1 for table, _ in run.outlet.rows if table == "toy_events") == 6
    connections = [row for table, row in run.outlet.rows if table == "connections"]
    assert sorted(row[-3:] for row in connections) == [(1, None, 7), (5, 9000, 7)]
    [[counts, errors, failures, number, unrecognised, last, outcome]] = run.heard("final")
    assert counts == {"toy_events": (6, 0, 0), "connections": (2, 0, 0), "conn_stats": (0, 0, 0)}
    assert (errors, failures, number, unrecognised) == ({}, {}, 2, 0)
    assert last[0][1][:3] == (2, 1, 1)
    assert (outcome, run.outlet.timeout) == (({}, {"toy_events": 2}, {}), None)
    assert run.heard("told") == [["opened", ""]]


def test_streams_of_no_use_are_named() -> None:
    run = Run()
    run.worker.do([opening(1), opening(2), ["give up", [2]]])
    for _, _, packed in split_streams(streams.window(0, range(1, 3)), Shares([0])):
        run.worker.do([["streams", packed]])
    assert run.heard("dull") == [[[2]]]


def test_datagrams() -> None:
    run = Run()
    window = streams.datagrams(4)
    [(_, places, packed)] = split_datagrams(window, Shares([0]))
    about = {window.key[place]: [streams.ends_of(place), ["", 7, False, 0]] for place in places}
    run.worker.do([["datagrams", packed, about], ["sweep", streams.START + 10**12], ["end", 0.0]])
    [[_, _, _, number, unrecognised, _, _]] = run.heard("final")
    assert (number, unrecognised) == (4, 4)
    assert run.outlet.timeout == LEAST_SECONDS


def test_the_whole_of_it_through_pipes(tmp_path: Path) -> None:
    incoming, to = os.pipe()
    answers, outgoing = os.pipe()
    plan = Plan(partial(FileOutlet, str(tmp_path)), Options(), (), toys)
    serving = threading.Thread(target=worker._serve, args=(Worker(plan, _sayer(outgoing)), incoming))
    serving.start()
    frames = [
        [opening(1)],
        *([["streams", packed]] for _, _, packed in split_streams(streams.window(0, range(1, 2)), Shares([0]))),
    ]
    for frame in frames:
        pipes.write(to, pipes.pack(frame))
    os.close(to)  # as when the other process was killed
    serving.join()
    os.close(outgoing)
    said = []
    while messages := pipes.read(answers):
        said += messages
    assert [name for name, *_ in said] == ["counts", "told", "final"]
    assert len(stored(tmp_path)) == 1
    for descriptor in (incoming, answers):
        os.close(descriptor)


def _sayer(pipe: int) -> "partial[None]":
    return partial(_say, pipe)


def _say(pipe: int, message: Message) -> None:
    pipes.write(pipe, pipes.pack([message]))
