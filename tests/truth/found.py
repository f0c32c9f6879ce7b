"""The modules of `tests.truth.protocols`: one is found by being there."""

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from tests.truth.captures import Case, Op
from tests.truth.check import Record, Want


class Truth(Protocol):
    """What each of these modules holds.

    Attributes:
        FOLDERS: Folders of the captures it knows to check, besides mixed ones.
        HANDMADE: An operation and the record it wants, to try the comparison on.
        DOCTORED: Changes to that record, each of which must be noticed.
    """

    FOLDERS: tuple[str, ...]
    HANDMADE: tuple[Op, Record]
    DOCTORED: tuple[dict[str, Any], ...]

    def wants(self, case: Case) -> list[Want]:
        """Every record that the truth of a capture wants of this protocol."""
        ...


PROTOCOLS = {
    path.stem: cast(Truth, import_module(f"tests.truth.protocols.{path.stem}"))
    for path in sorted((Path(__file__).parent / "protocols").glob("*.py"))
}
FOLDERS = sorted({folder for protocol in PROTOCOLS.values() for folder in protocol.FOLDERS})
