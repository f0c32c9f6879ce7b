"""What workers of tests work with: found by name in their processes, too."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from tests.core.toy import TOY

from pxcap.core.errors import StoreError
from pxcap.core.protocol import Row
from pxcap.core.registry import Registry
from pxcap.core.workers.plan import Outcome, Tell


def toys() -> Registry:
    registry = Registry()
    registry.add(TOY, "tests")
    return registry


class FileOutlet:
    """Rows as JSON lines in a file of each process."""

    def __init__(self, folder: str, tell: Tell) -> None:
        self._path = Path(folder) / f"{os.getpid()}.jsonl"
        self._path.touch()
        self._tell = tell

    def write(self, table: str, rows: Sequence[Row]) -> None:
        with self._path.open("a") as file:
            file.writelines(json.dumps([table, *row]) + "\n" for row in rows)

    def close(self, timeout: float | None) -> Outcome:
        self._tell("the store is closed", "by each")
        return Outcome({"toy_events": 1}, {}, {"one was too long": 1})


def stored(folder: Path) -> list[list[object]]:
    """All rows of all processes, sorted."""
    rows = [json.loads(line) for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    return sorted(rows, key=repr)


def refusing(tell: Tell) -> FileOutlet:
    raise StoreError("store nowhere: cannot be opened", "choose another")


def failing(tell: Tell) -> FileOutlet:
    raise RuntimeError("a mistake of ours")
