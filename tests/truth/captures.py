"""The captures with ground truth: where they are, what was done to them, and what each operation says."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pxcap.core.testing.golden import captures

Op = dict[str, Any]

ROOT = Path(os.environ.get("PXCAP_CAPTURES") or Path(__file__).parents[3] / "shared" / "captures")
WHY_SKIPPED = f"no captures with ground truth at {ROOT} (the environment variable PXCAP_CAPTURES names another folder)"


@dataclass(frozen=True, slots=True)
class Case:
    """One capture.

    Attributes:
        name: Path below the folder of captures.
        path: The file.
        meta: First line of the truth.
        ops: The operations, in the order they ended.
        base: The capture a variant was made from, itself when it is none.
        logs: What the server or a client logged, by suffix: lines.
    """

    name: str
    path: Path
    meta: dict[str, Any]
    ops: list[Op]
    base: Path
    logs: dict[str, list[str]] = field(default_factory=dict)

    @property
    def transform(self) -> str:
        """How a variant was made; empty for a capture as it was taken."""
        return str(self.meta.get("transform", ""))

    @property
    def snapped(self) -> bool:
        """The snap length cut packets."""
        return self.transform == "snap96" or 0 < int(self.meta.get("snaplen", 0)) < 1000

    @property
    def ports(self) -> dict[int, int]:
        """Server ports that were rewritten: the one of the truth to the one of the capture."""
        changed = self.meta.get("transform_info", {}).get("ports", {}) if self.transform == "odd_port" else {}
        return {int(old): int(new) for old, new in changed.items()}

    def of(self, protocol: str) -> list[Op]:
        """The operations of one protocol."""
        return [op for op in self.ops if op["proto"] == protocol]


def load(path: Path) -> Case:
    """The case of one capture."""
    stem = path.name[: path.name.index(".pcap")]
    lines = path.with_name(f"{stem}.truth.jsonl").read_text(encoding="utf-8").splitlines()
    meta, *ops = [json.loads(line) for line in lines]
    for op in ops:
        op.setdefault("proto", meta["proto"])
    base = path if "base" not in meta else ROOT / f"{meta['base']}.pcap"
    logs = {}
    for suffix in ("server.jsonl", "monitor.log"):
        log = path.with_name(f"{stem}.{suffix}")
        if log.exists():
            logs[suffix] = log.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    return Case(str(path.relative_to(ROOT)), path, meta, ops, base, logs)


def find(folders: Iterable[str]) -> list[Path]:
    """Captures below the folders, and mixed ones; none when the folders are not there."""
    return [path for folder in (*folders, "mixed") for path in captures(ROOT / folder)]
