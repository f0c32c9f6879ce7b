"""The two ways in which bytes can fail to be a layout, and the one in which a declaration can fail to be compiled."""


class LayoutError(Exception):
    """Base of Partial and Invalid, for callers to whom both mean the same."""


class Partial(LayoutError):
    """The input ended too early: the same bytes with more behind them may be the layout.

    Attributes:
        need: How many more bytes at least, 1 or more; fewer are of no use, so many may still be too few.
    """

    def __init__(self, need: int) -> None:
        super().__init__(need)
        self.need = need

    def __str__(self) -> str:
        return f"at least {self.need} more bytes needed"


class Invalid(LayoutError):
    """The bytes cannot be the layout, whatever follows them.

    Attributes:
        reason: What was found, in words for a person.
        pos: Index in the buffer near which it was found.
    """

    def __init__(self, reason: str, pos: int) -> None:
        super().__init__(reason, pos)
        self.reason = reason
        self.pos = pos

    def __str__(self) -> str:
        return f"{self.reason} (at byte {self.pos})"


class Explicit(Invalid):
    """A construct `Error` field was reached: not even Select, Peek and GreedyRange may go on."""


class UnsupportedError(Exception):
    """A part of a declaration has no compiled form; the message says which. Never leaves this package."""
