import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from bench.steady import SECOND, Steady, steady

ASK, TELL = b"ask\n", b"a longer answer\n"


@contextmanager
def serving(pause: float = 0, answers: int = 1 << 30) -> Iterator[tuple[int, list[int]]]:
    """Answers each ask, in pieces; the first ask of each connection after `pause`; gives its port and counts."""
    asked: list[int] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionResetError):
                self.answer(answers)

        def answer(self, left: int) -> None:
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while data := self.request.recv(4096):
                count = min(left, data.count(b"\n"))
                asked.append(count)
                left -= count
                for _ in range(count):
                    if len(asked) == 5:
                        time.sleep(pause)
                    self.request.sendall(TELL[:3])
                    self.request.sendall(TELL[3:])
                if not left:
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1], asked
        finally:
            server.shutdown()
            thread.join()


def test_as_many_are_sent_as_the_rate_says_and_each_has_a_latency() -> None:
    with serving() as (port, asked):
        done = steady(port, ASK, 500, 0.4, 4)
    assert len(done.latencies) == 200
    assert sum(asked) == 200 + 4
    assert done.latencies == sorted(done.latencies)
    assert done.latencies[0] > 0
    assert done.rate <= 500 * 1.01


def test_requests_that_were_due_while_the_server_stood_still_are_charged() -> None:
    with serving(pause=0.2) as (port, _):
        done = steady(port, ASK, 500, 0.4, 1)
    waited = [latency for latency in done.latencies if latency > 0.05 * SECOND]
    assert len(waited) >= 60  # 75 were due in the first 0.15 of the 0.2 seconds


def test_a_server_that_closes_is_an_error() -> None:
    with serving(answers=3) as (port, _), pytest.raises(RuntimeError, match=r"closed a connection"):
        steady(port, ASK, 500, 0.4, 1)


def test_percentiles() -> None:
    done = Steady(2.0, [n * SECOND for n in range(100)])
    assert (done.percentile(0.5), done.percentile(0.99), done.percentile(1.0), done.rate) == (50.0, 99.0, 99.0, 50.0)
