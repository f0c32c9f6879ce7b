"""What a connection has subscribed to: which subjects it may be answered on, and who is behind a sid."""

MAX_SUBSCRIPTIONS = 8192  # remembered of a connection; the oldest are forgotten
MAX_BYTES = 1 << 20  # of their subjects


class Subscriptions:
    """The subscriptions of one connection.

    Attributes:
        by_sid: Subject by sid, oldest first.
    """

    __slots__ = ("_cache", "_exact", "_left", "_patterns", "_weight", "by_sid")

    def __init__(self) -> None:
        self.by_sid: dict[str, str] = {}
        self._left: dict[str, int] = {}  # by sid, messages until it ends by itself
        self._exact: dict[str, str] = {}
        self._patterns: dict[str, str] = {}
        self._cache: dict[str, str] = {}
        self._weight = 0

    def add(self, sid: str, subject: str) -> None:
        """Note a SUB."""
        self.remove(sid)
        self.by_sid[sid] = subject
        self._weight += len(subject) + 200
        place = self._patterns if "*" in subject or subject.endswith(">") else self._exact
        place[subject] = sid
        self._cache.clear()
        while len(self.by_sid) > MAX_SUBSCRIPTIONS or self._weight > MAX_BYTES:
            self.remove(next(iter(self.by_sid)))

    def end_after(self, sid: str, count: int) -> None:
        """Note an UNSUB with a maximum: it ends after so many messages in all."""
        if sid in self.by_sid:
            self._left[sid] = count

    def delivered(self, sid: str) -> None:
        """Note a delivered message; only needed while `counting`."""
        left = self._left.get(sid)
        if left is None:
            return
        if left <= 1:
            self.remove(sid)
        else:
            self._left[sid] = left - 1

    @property
    def counting(self) -> bool:
        """Whether any subscription ends by itself."""
        return bool(self._left)

    def remove(self, sid: str) -> None:
        """Note that a subscription ended."""
        self._left.pop(sid, None)
        subject = self.by_sid.pop(sid, None)
        if subject is None:
            return
        self._weight -= len(subject) + 200
        for place in (self._exact, self._patterns):
            if place.get(subject) == sid:
                del place[subject]
        self._cache.clear()

    def sid_for(self, subject: str) -> str:
        """The sid of a subscription that a subject reaches; empty when there is none."""
        sid = self._exact.get(subject)
        if sid is not None:
            return sid
        if not self._patterns:
            return ""
        parent = subject[: subject.rfind(".") + 1]
        sid = self._patterns.get(parent + "*") or self._patterns.get(parent + ">")
        if sid is not None:
            return sid
        sid = self._cache.get(parent)
        if sid is None:
            sid = next((sid for pattern, sid in self._patterns.items() if _covers_all_below(pattern, parent)), "")
            if len(self._cache) > 256:
                self._cache.clear()
            self._cache[parent] = sid
        return sid


def _covers_all_below(pattern: str, parent: str) -> bool:
    """Whether a pattern matches any last word below a parent such as `a.b.`, by NATS' rules for `*` and `>`."""
    wanted, words = pattern.split("."), [*parent.split(".")[:-1], ""]
    for at, want in enumerate(wanted):
        if at >= len(words):
            return False
        if want == ">":
            return True
        if want != "*" and want != words[at]:
            return False
    return len(wanted) == len(words)
