"""What is wrong with a script, and where: one line with its name, line and column."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from pxcap.core.errors import UsageError

_SHOWN = 20  # names listed in a hint
_LONGEST_NAME = 100  # characters; for longer ones none is looked for that is like it
_LONGEST = 500  # characters of a sentence


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which script; lines and columns count from 1."""

    script: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.script}:{self.line}:{self.column}"


class ScriptError(UsageError):
    """A script asks for something that cannot be.

    Args:
        problem: What was found and what was expected.
        hint: What to do.
        place: Where; who knows it later sets it.
    """

    def __init__(self, problem: str, hint: str = "", place: Place | None = None) -> None:
        super().__init__(problem if len(problem) <= _LONGEST else f"{problem[:_LONGEST]}...", hint)
        self.place = place

    def __str__(self) -> str:
        problem = super().__str__()
        return f"{self.place}: {problem}" if self.place else problem


class NotFilled(ScriptError):
    """A table, or another source of rows, that Pixie has and pxcap does not fill.

    Args:
        source: The table's name.
        problem: The sentence about it.
        place: Where it is asked for.
    """

    def __init__(self, source: str, problem: str, place: Place | None = None) -> None:
        super().__init__(problem, place=place)
        self.source = source


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` where a known name is like this one, else nothing."""
    found = get_close_matches(name, list(known), 1) if len(name) <= _LONGEST_NAME else []
    return f"; did you mean {found[0]!r}?" if found else ""


def unknown(kind: str, name: str, known: Iterable[str]) -> ScriptError:
    """The error for a name that is not among the known ones."""
    names = list(known)
    listed = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return ScriptError(f"unknown {kind} {name!r}{near(name, names)}", f"{kind}s here: {listed}" if names else "")
