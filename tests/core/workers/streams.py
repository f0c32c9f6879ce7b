"""Conversations of the toy protocol as sockets move them, and a table or workers fed with them."""

import numpy as np

from pxcap.core.flows.datagrams import DatagramWindow
from pxcap.core.flows.streams import DATA, RECEIVED, SENT, Closing, StreamTable, StreamWindow
from pxcap.core.vantage import Endpoint, Vantage
from pxcap.core.workers.remote import RemoteStreams

START = 1_700_000_000_000_000_000
SERVER: Endpoint = ("192.0.2.2", 7)
QUESTION, ANSWER = 6, 4  # bytes of each; streams have numbers of two digits


def ends_of(stream: int) -> tuple[Endpoint, Endpoint]:
    return ("192.0.2.1", 10_000 + stream), SERVER


def window(round_number: int, streams: range) -> StreamWindow:
    """In each stream a question, and in all of them then an answer."""
    events = [(stream, SENT, b"Q%04d\n" % round_number) for stream in streams]
    events += [(stream, RECEIVED, b"A%02d\n" % stream) for stream in streams]
    lengths = np.array([len(payload) for *_, payload in events])
    sizes = np.array([round_number * len(payload) for *_, payload in events])
    return StreamWindow(
        b"".join(payload for *_, payload in events),
        START + 1000 * round_number + np.arange(len(events)),
        np.array([stream for stream, *_ in events], np.uint64),
        np.array([direction for _, direction, _ in events], np.uint8),
        np.full(len(events), DATA, np.uint8),
        sizes,
        lengths,
        np.cumsum(lengths) - lengths,
        lengths,
    )


def closing(rounds: int) -> Closing:
    return Closing(START + 10**6, QUESTION * rounds, ANSWER * rounds, 1, 2000)


def begin(table: StreamTable | RemoteStreams, streams: range) -> None:
    for stream in streams:
        table.open(stream, ends_of(stream), 0, Vantage("1:2:3", 7, False, START))


def converse(table: StreamTable | RemoteStreams, streams: range, rounds: int = 5, end: bool = True) -> int:
    """Open, talk and close; gives how many events that were."""
    begin(table, streams)
    events = 0
    for number in range(rounds):
        moved = window(number, streams)
        events += len(moved)
        table.take(moved)
    for stream in streams if end else ():
        table.close(stream, closing(rounds))
    return events


def datagrams(count: int) -> DatagramWindow:
    """Of as many exchanges, one each."""
    payload = [b"Q%d\n" % number for number in range(count)]
    start = [sum(map(len, payload[:number])) for number in range(count)]
    end = [at + len(one) for at, one in zip(start, payload, strict=True)]
    keys = [b"key %d" % number for number in range(count)]
    sizes = [len(one) + number % 2 for number, one in enumerate(payload)]
    return DatagramWindow(b"".join(payload), [START] * count, keys, [SENT] * count, sizes, start, end)
