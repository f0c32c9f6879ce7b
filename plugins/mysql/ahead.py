"""What the client has sent and was not yet looked at: it runs ahead of the answers that tell what it means."""

from collections import deque

from pxcap.core.stream import Chunk

Gap = tuple[int, str]
"""How many bytes were lost, and why."""


class Ahead:
    """The client's bytes and losses, in order. Whoever adds looks after its bound.

    Attributes:
        size: Bytes that wait.
        gaps: Losses among them.
    """

    __slots__ = ("_items", "gaps", "size")

    def __init__(self) -> None:
        self._items: deque[Chunk | Gap] = deque()
        self.size = 0
        self.gaps = 0

    def __len__(self) -> int:
        return len(self._items)

    def add(self, chunk: Chunk) -> None:
        """Bytes that came."""
        self._items.append(chunk)
        self.size += len(chunk.data)

    def lose(self, size: int, reason: str) -> None:
        """Bytes that did not."""
        self._items.append((size, reason))
        self.gaps += 1

    def take(self, before: int | None = None) -> Chunk | Gap | None:
        """The next of them, but no bytes seen at a time (ns since the epoch) or later; None when there is none."""
        if not self._items:
            return None
        item = self._items[0]
        if not isinstance(item, Chunk):
            self.gaps -= 1
        elif before is not None and item.times[0] >= before:
            return None
        else:
            self.size -= len(item.data)
        return self._items.popleft()

    def take_bytes(self) -> Chunk | None:
        """The next of them if it is bytes."""
        item = self._items[0] if self._items else None
        if not isinstance(item, Chunk):
            return None
        self._items.popleft()
        self.size -= len(item.data)
        return item
