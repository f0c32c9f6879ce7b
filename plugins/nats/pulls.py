"""Pull requests of JetStream consumers: who gets which delivery, and what the row of such a request says."""

from collections import deque

from pxcap.plugins.nats.render import notes, row
from pxcap.plugins.nats.types import Pull, Row


class Pulls:
    """The open pull requests of a connection, by the sid their messages are delivered to, oldest first; "" when the SUB was lost."""

    __slots__ = ("_by_sid",)

    def __init__(self) -> None:
        self._by_sid: dict[str, deque[Pull]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_sid)

    def add(self, sid: str, pull: Pull) -> list[Pull]:
        """Note a request; returns those before it that a loss left open: who asks anew has seen their end."""
        queue = self._by_sid.setdefault(sid, deque())
        gone = [one for one in queue if one.doubtful]
        self._by_sid[sid] = deque(one for one in queue if not one.doubtful)
        self._by_sid[sid].append(pull)
        return gone

    def doubt(self) -> None:
        """Deliveries may have been lost."""
        for queue in self._by_sid.values():
            for pull in queue:
                pull.doubtful = True

    def count(self, sid: str, time: int) -> Pull | None:
        """A message was delivered: the oldest request gets it, and is returned once it has all it asked for."""
        if sid not in self._by_sid:
            return None
        pull = self._by_sid[sid][0]
        pull.seen += 1
        pull.last = time
        return pull if pull.seen >= pull.batch else None

    def remove(self, pull: Pull) -> None:
        """A request is over."""
        for sid, queue in self._by_sid.items():
            if any(one is pull for one in queue):
                self._by_sid[sid] = deque(one for one in queue if one is not pull)
                if not self._by_sid[sid]:
                    del self._by_sid[sid]
                return

    def end(self, sid: str) -> list[Pull]:
        """The subscription ended: take out its requests."""
        return list(self._by_sid.pop(sid, ()))


def pull_row(pull: Pull, status: str = "", at: int | None = None) -> Row:
    """How many messages came, and with what it ended: `messages = 3, 408 Request Timeout`."""
    doubt = "gap" if pull.doubtful else ""
    if not pull.seen and not status:
        return row(pull.waiting, note=notes("no_response", doubt))
    counted = f"messages = {pull.seen}" if pull.seen else ""
    return row(
        pull.waiting, ", ".join(text for text in (counted, status) if text), pull.last if at is None else at, doubt
    )
