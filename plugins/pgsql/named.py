"""What clients give names: prepared statements and portals. Bounded: those not used for the longest time are given up."""

from typing import Generic, TypeVar

T = TypeVar("T")

OVERHEAD = 200  # bytes an entry takes besides its text or values


class Named(Generic[T]):
    """Values by name. The unnamed one is replaced each time and never given up.

    Attributes:
        unnamed: The value without a name.

    Args:
        most: Values kept.
        bytes_: Their sizes together, overhead included.
    """

    __slots__ = ("_bytes", "_most", "_sizes", "_values", "unnamed", "weight")

    def __init__(self, most: int, bytes_: int) -> None:
        self._most = most
        self._bytes = bytes_
        self._values: dict[bytes, T] = {}  # least lately used first
        self._sizes: dict[bytes, int] = {}
        self.unnamed: T | None = None
        self.weight = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, name: bytes) -> T | None:
        """The value of a name, which is used now."""
        if not name:
            return self.unnamed
        value = self._values.pop(name, None)
        if value is not None:
            self._values[name] = value
        return value

    def keep(self, name: bytes, value: T, size: int) -> None:
        """Give a name to a value of so many bytes."""
        if not name:
            self.unnamed = value
            return
        self.pop(name)
        self._values[name] = value
        self._sizes[name] = size = size + OVERHEAD
        self.weight += size
        while len(self._values) > self._most or (self.weight > self._bytes and len(self._values) > 1):
            self.pop(next(iter(self._values)))

    def pop(self, name: bytes) -> T | None:
        """Take a value out."""
        if not name:
            value, self.unnamed = self.unnamed, None
            return value
        found = self._values.pop(name, None)
        if found is not None:
            self.weight -= self._sizes.pop(name)
        return found

    def clear(self) -> None:
        """Forget all."""
        self._values.clear()
        self._sizes.clear()
        self.unnamed = None
        self.weight = 0
