"""PING and PONG: each side pings and the other answers, in order."""

from collections import deque
from collections.abc import Iterable

from pxcap.core.matching import FifoMatcher
from pxcap.core.protocol import REQUEST, Row

MAX_OPEN = 1024  # pings of the server, or answers that came before them, that wait


class Pings:
    """The pings of a connection.

    Attributes:
        rows: Where rows go.
        sure: It is known which ping of the client the next PONG answers.
    """

    __slots__ = ("_early", "_lost", "_matcher", "_server", "rows")

    def __init__(self, joined: bool) -> None:
        self.rows: list[Row] = []
        self._matcher: FifoMatcher[int, int] = FifoMatcher(not joined)
        self._server: deque[int] = deque()
        self._early: deque[int] = deque()  # answers fed before the ping: the client's bytes may run ahead
        self._lost = joined

    @property
    def sure(self) -> bool:
        """It is known which ping of the client the next PONG answers."""
        return self._matcher.sure

    def client_ping(self, time: int) -> None:
        """The client pings."""
        self._settle(self._matcher.request(time))

    def server_pong(self, time: int) -> None:
        """The server answers."""
        self._settle(self._matcher.response(time))

    def server_ping(self, time: int) -> None:
        """The server pings."""
        while self._early:
            answer = self._early.popleft()
            if answer >= time:
                self.rows.append(ping_row("server", time, answer))
                return
            self.rows.append(ping_row("server", None, answer))
        self._server.append(time)
        if len(self._server) > MAX_OPEN:
            self.rows.append(ping_row("server", self._server.popleft(), None))

    def client_pong(self, time: int) -> None:
        """The client answers."""
        if self._server:
            while len(self._server) > 1 and self._lost:  # an answer was lost
                self.rows.append(ping_row("server", self._server.popleft(), None))
            self.rows.append(ping_row("server", self._server.popleft(), time))
            return
        self._early.append(time)
        if len(self._early) > MAX_OPEN:
            self.rows.append(ping_row("server", None, self._early.popleft()))

    def gap(self, side: int) -> None:
        """Bytes of a side were lost."""
        self._settle(self._matcher.gap(side))
        self._lost = self._lost or side == REQUEST

    def finish(self) -> None:
        """Rows for everything still open."""
        self._settle(self._matcher.finish())
        self.rows += [ping_row("server", time, None) for time in self._server]
        self.rows += [ping_row("server", None, time) for time in self._early]
        self._server.clear()
        self._early.clear()

    def _settle(self, settled: Iterable[tuple[int | None, int | None, bool]]) -> None:
        for time, answer, guessed in settled:
            self.rows.append(ping_row("client", time, answer, guessed))


def ping_row(sender: str, time: int | None, answer: int | None, guessed: bool = False) -> Row:
    """The row of a PING and its PONG; one of the two times may be None."""
    begun = time if time is not None else answer
    note = "no_request" if time is None else "no_response" if answer is None else "guessed" if guessed else ""
    latency = None if time is None or answer is None else answer - time
    resp = None if answer is None else "PONG"
    return (begun, "PING", f'{{"from":"{sender}"}}', resp, None, None, None, None, latency, note)
