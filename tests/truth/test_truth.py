"""Every capture with ground truth gives what the truth says and nothing else; and the comparison can fail."""

from pathlib import Path

import pytest
from tests.truth import captures, check, table
from tests.truth.captures import Case, Op
from tests.truth.check import Record, compare
from tests.truth.found import FOLDERS, PROTOCOLS

CAPTURES = captures.find(FOLDERS)


@pytest.mark.skipif(not CAPTURES, reason=captures.WHY_SKIPPED)
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: str(path.relative_to(captures.ROOT)))
def test_capture(path: Path) -> None:
    result = table.check(captures.load(path))
    assert not result.problems, "\n".join([result.name, *result.problems[:40]])


@pytest.mark.skipif(not CAPTURES, reason=captures.WHY_SKIPPED)
def test_the_comparison_is_of_something() -> None:
    wanted = {captures.load(path).name: table.wants(captures.load(path)) for path in CAPTURES}
    assert all(wanted.values()), [name for name, wants in wanted.items() if not wants]


@pytest.mark.skipif(not CAPTURES, reason=captures.WHY_SKIPPED)
@pytest.mark.parametrize("name", ["empty_header_only", "empty_zero_bytes", "not_a_capture"])
def test_what_is_no_capture_is_said_in_one_line(name: str) -> None:
    path = str(captures.ROOT / "odd" / f"{name}.pcap")
    records, report = check.records_of(path)
    assert records == []
    said = [str(error) for error in report.failed] + report.warnings
    assert len(said) == 1, said
    assert "\n" not in said[0]


def case(proto: str, op: Op) -> Case:
    meta = {"proto": proto, "scenario": "handmade", "server_ports": [1]}
    return Case(
        "handmade", Path("none"), meta, [{"proto": proto, "seq": 1, "lport": 7, "rport": 80, **op}], Path("none")
    )


HANDMADE = {name: protocol.HANDMADE for name, protocol in PROTOCOLS.items()}
ANY_DOCTORED: list[Record] = [{"remote_port": 8}, {"local_port": 81}, {"note": "gap"}, {"time_": 2_000_000_000}]
DOCTORED = [
    (name, change)
    for name, protocol in PROTOCOLS.items()
    for change in (*protocol.DOCTORED, *ANY_DOCTORED, {"latency": 9_000_000})
]


@pytest.mark.parametrize("proto", HANDMADE)
def test_the_right_record_is_found(proto: str) -> None:
    op, record = HANDMADE[proto]
    result = compare("handmade", PROTOCOLS[proto].wants(case(proto, op)), [record])
    assert (result.problems, result.wanted, result.found) == ([], 1, 1)


@pytest.mark.parametrize(("proto", "change"), DOCTORED, ids=str)
def test_a_doctored_record_is_noticed(proto: str, change: Record) -> None:
    op, record = HANDMADE[proto]
    result = compare("handmade", PROTOCOLS[proto].wants(case(proto, op)), [record | change])
    assert result.problems
    assert result.found == 0


@pytest.mark.parametrize("proto", HANDMADE)
def test_a_missing_and_an_extra_record_are_noticed(proto: str) -> None:
    op, record = HANDMADE[proto]
    wants = PROTOCOLS[proto].wants
    assert compare("handmade", wants(case(proto, op)), []).missing
    assert compare("handmade", wants(case(proto, op)), [record, record]).extra
    other: Record = {"table": "other_events", "remote_port": 7, "note": ""}
    assert compare("handmade", wants(case(proto, op)), [record, other]).extra


def test_a_wrong_count_of_lost_bytes_is_noticed() -> None:
    result = check.Result("handmade", bytes_lost=1, bytes_wanted=2)
    assert result.problems == ["count: bytes lost: wanted 2, found 1"]
