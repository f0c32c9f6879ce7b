"""Compares what pxcap found with what was wanted: every operation once, with the right fields, and nothing else."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.truth.captures import Case, Op

from pxcap.core.protocol import Settings
from pxcap.core.registry import load_registry
from pxcap.core.replay import ReplayOptions, ReplayReport, replay
from pxcap.core.sink import MemorySink
from pxcap.core.testing.golden import as_record

Record = dict[str, Any]

SLACK = 0.002  # seconds: a client's clock is read a little before and after, and one variant's stamps are coarse


def always(record: Record) -> bool:
    """True of any record."""
    return True


def nothing(record: Record) -> list[str]:
    """No problem with any record."""
    return []


@dataclass(slots=True)
class Want:
    """A record that must be there.

    Attributes:
        table: In which table.
        what: For people: number of the operation and what it was.
        port: Client port; None when the truth does not tell it.
        same: Whether a record is this operation's.
        problems: What is wrong with the record of this operation, a line each.
        optional: The capture lost so much of it that there need not be a record.
    """

    table: str
    what: str
    port: int | None = None
    same: Callable[[Record], bool] = always
    problems: Callable[[Record], list[str]] = nothing
    optional: bool = False


@dataclass(slots=True)
class Result:
    """What came of one capture. `bytes_wanted` is None where the capture does not tell."""

    name: str
    wanted: int = 0
    found: int = 0
    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    bytes_lost: int = 0
    bytes_wanted: int | None = 0

    @property
    def problems(self) -> list[str]:
        """Everything that is not as it should be."""
        lost = []
        if self.bytes_wanted is not None and self.bytes_lost != self.bytes_wanted:
            lost = [f"bytes lost: wanted {self.bytes_wanted}, found {self.bytes_lost}"]
        lines = [
            ("failed", self.failed),
            ("missing", self.missing),
            ("wrong", self.wrong),
            ("extra", self.extra),
            ("count", lost),
        ]
        return [f"{kind}: {line}" for kind, texts in lines for line in texts]


def records_of(path: str) -> tuple[list[Record], ReplayReport]:
    """Every record of a capture with its table under "table", unredacted and with whole bodies, and the report."""
    registry, sink = load_registry(), MemorySink()
    options = ReplayOptions(settings=Settings(body_limit=16 << 20, redact=False))
    report = replay([path], registry, sink, options)
    found = [
        as_record(table, row)
        for table in registry.tables()
        for row in sink.tables.get(table.name, [])
        if table.name != "conn_stats"
    ]
    return sorted(found, key=lambda record: record["time_"]), report


def compare(name: str, wants: Iterable[Want], records: list[Record]) -> Result:
    """Give each wanted operation its record: the first in time that is its own and was not given away.

    Operations whose client port is known choose first, as the others could take what is theirs.
    """
    result = Result(name)
    free: dict[tuple[str, int | None], list[Record]] = {}
    for record in records:
        free.setdefault((record["table"], record["remote_port"]), []).append(record)
    for want in sorted(wants, key=lambda want: want.port is None):
        keys = [(want.table, want.port)] if want.port is not None else [key for key in free if key[0] == want.table]
        choices = ((key, at) for key in keys for at, record in enumerate(free.get(key, ())) if want.same(record))
        choice = next(choices, None)
        if choice is None and want.optional:
            continue
        result.wanted += 1
        if choice is None:
            result.missing.append(want.what)
            continue
        key, at = choice
        problems = want.problems(free[key].pop(at))
        if problems:
            result.wrong.append(f"{want.what}: {'; '.join(problems)}")
        else:
            result.found += 1
    left = [record for records_left in free.values() for record in records_left]
    result.extra = [brief(record) for record in left]
    return result


def brief(record: Record) -> str:
    """A record in one line, without what is empty or long."""
    shown = {key: value for key, value in record.items() if value not in (None, "", False) and key not in _DULL}
    return ", ".join(
        f"{key}={value if len(str(value)) < 80 else str(value)[:77] + '...'}" for key, value in shown.items()
    )


_DULL = {"local_addr", "remote_addr", "trace_role", "upid", "time_", "latency"}


def differs(name: str, wanted: object, found: object) -> list[str]:
    """The difference of a field, in one line, or nothing."""
    if wanted == found and type(wanted) is type(found):
        return []
    return [f"{name}: wanted {str(wanted)[:120]!r}, found {str(found)[:120]!r}"]


def times(case: Case, op: Op, record: Record) -> list[str]:
    """Request and response lie between the client's call and its return, unless a variant gave packets other times."""
    if op.get("t0") is None or op.get("t1") is None or case.transform == "reorder_wild":
        return []
    first, last = record["time_"] / 1e9, (record["time_"] + (record["latency"] or 0)) / 1e9
    coarse = 1_000_000 if case.transform == "pcapng_odd" else 0  # ns: the stamps of one interface were rounded down
    if record["latency"] is not None and record["latency"] < -coarse:
        return [f"latency {record['latency']} is negative"]
    return [] if op["t0"] - SLACK <= first and last <= op["t1"] + SLACK else [f"times {first}..{last} outside the call"]


def noted(whole: bool, clean: bool, record: Record) -> list[str]:
    """The note is empty in a capture that lost nothing, and not empty where a record lost something."""
    if not whole and not record["note"]:
        return ["no note although bytes are missing"]
    return differs("note", "", record["note"]) if clean else []


LEADING: Record = {
    "time_": 1_000_000_000,
    "latency": 1_000_000,
    "remote_addr": "127.0.0.1",
    "remote_port": 7,
    "local_addr": "127.0.0.1",
    "local_port": 80,
    "note": "",
}
"""What every handmade record has, and the client's view of the call it belongs to."""
CALL: Op = {"t0": 0.999, "t1": 1.002}
