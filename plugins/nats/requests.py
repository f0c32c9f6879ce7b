"""Publications that wait for a delivery on their reply subject; several may wait on one."""

from collections import deque

from pxcap.core.protocol import REQUEST
from pxcap.plugins.nats.types import Pull, Waiting

ANSWERS = ("_INBOX.", "$JS.ACK.")  # what subjects of answers begin with, unless a client was told otherwise
MAX_ANSWERED = 1024  # reply subjects remembered after a loss, to know a second answer from one to a lost request


class Requests:
    """The open requests of a connection.

    Attributes:
        by_reply: The oldest request under each reply subject. A hot loop may look into it.
        answered: Reply subjects that had their answer, the latest; only those taken after a loss.
        lost: By side, whether messages of it may have been lost.
    """

    __slots__ = ("_joined", "_more", "answered", "by_reply", "lost")

    def __init__(self, joined: bool) -> None:
        self.by_reply: dict[str, Waiting | Pull] = {}
        self.answered: dict[str, None] = {}
        self.lost = [joined, joined]
        self._joined = joined
        self._more: dict[str, deque[Waiting | Pull]] = {}

    def __len__(self) -> int:
        return len(self.by_reply)

    def add(self, reply: str, request: Waiting | Pull) -> None:
        """Note a request."""
        if reply in self.by_reply:
            self._more.setdefault(reply, deque()).append(request)
        else:
            self.by_reply[reply] = request

    def take(self, reply: str) -> Waiting | Pull | None:
        """Take out the oldest request under a reply subject."""
        found = self.by_reply.pop(reply, None)
        if self._more and reply in self._more:
            more = self._more[reply]
            self.by_reply[reply] = more.popleft()
            if not more:
                del self._more[reply]
        if self.lost[REQUEST]:
            self.remember(reply)
        return found

    def remember(self, subject: str) -> None:
        """Note that an answer was seen on a subject."""
        self.answered[subject] = None
        if len(self.answered) > MAX_ANSWERED:
            del self.answered[next(iter(self.answered))]

    def orphan(self, subject: str, other: int, told: bool) -> str:
        """What to note of a message that looks like the answer to one of the `other` side, when that may have been lost.

        `told` says that something else explains why the message came to this connection.
        """
        if not self.lost[other] or not subject.startswith(ANSWERS) or subject in self.answered:
            return ""
        return "no_request,midstream" if self._joined and not told else "no_request"

    def forget(self, pull: Pull) -> None:
        """Take out this request, which need not be the oldest under its reply subject."""
        reply = pull.waiting[4] or ""
        if self.by_reply.get(reply) is pull:
            self.take(reply)
            return
        left = deque(one for one in self._more.get(reply, ()) if one is not pull)
        if left:
            self._more[reply] = left
        else:
            self._more.pop(reply, None)
