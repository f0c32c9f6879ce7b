"""Lists of differences that are known: which capture, which kind, which field, and why.

A line has three columns and then the reason: a pattern of the capture's name, the kind of difference (`differ`, `only-pxcap`,
`only-tshark`, or `*`), and a pattern of the field (`-` where the kind has none). Blank lines and those that begin with `#` are
skipped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pxcap.core.comparison import Difference
from pxcap.core.errors import UsageError

NAME = "tshark-differs.txt"
"""A list of this name beside a capture is read without being asked for."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One line of a list, and where it stands."""

    capture: str
    kind: str
    field: str
    reason: str
    place: str

    def about(self, path: str) -> bool:
        """Whether it speaks of that capture."""
        return fnmatchcase(Path(path).name, self.capture)

    def fits(self, difference: Difference) -> bool:
        """Whether it speaks of such a difference."""
        kind = difference.kind.replace("peer", "tshark")
        return fnmatchcase(kind, self.kind) and fnmatchcase(difference.field or "-", self.field)

    def __str__(self) -> str:
        """Where it stands and what it names."""
        return f"{self.place}: {self.capture} {self.kind} {self.field}"


def read(path: Path) -> list[Explanation]:
    """The explanations of a list.

    Raises:
        UsageError: It cannot be read, or a line has no reason.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as err:
        raise UsageError(f"{path}: cannot be read: {err}") from err
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            parts = line.split(maxsplit=3)
            if len(parts) < 4:
                raise UsageError(
                    f"{path}:{number}: {len(parts)} columns, expected 4",
                    "capture, kind, field (- for none), and the reason",
                )
            capture, kind, field, reason = parts
            found.append(Explanation(capture, kind, field, reason, f"{path}:{number}"))
    return found


def stale(explanations: Sequence[Explanation], used: Iterable[Explanation], files: Sequence[str]) -> list[Explanation]:
    """Explanations of one of the files that were not needed."""
    needed = set(used)
    return [one for one in explanations if one not in needed and any(one.about(file) for file in files)]
