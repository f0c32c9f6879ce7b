import os
from dataclasses import replace
from pathlib import Path

import pytest
from bench.live import HIGH, LOW, WAYS, Pair, Run, cells, edge, kept, once, wrong
from bench.pressure import pressures
from bench.servers import find
from bench.watching import Watched

from pxcap.bpf.features import FOR_BPF, features, why_not_bpf

PORT, PID = WAYS["bpf --port"], WAYS["bpf --pid"]


def pair(on: float, found: tuple[int, int], said: tuple[str, ...] = (), off: float = 1000.0) -> Pair:
    watched = Watched(1, Path("x"), events=400, cpu=0.002, complaints=list(said))
    return Run(off, 100, 5e-6, 1e-4, 2e-4), Run(on, 100, 6.5e-6, 3e-4, 4e-4, watched, found)


def test_a_line_counts_when_every_request_is_recorded_at_every_end() -> None:
    assert wrong([pair(900, (100, 100)), pair(900, (100, 103))], PORT) == ""
    assert wrong([pair(900, (100, 0))], PID) == ""
    assert wrong([pair(900, (100, 100)), pair(900, (99, 100))], PORT) == "none: -1 records"
    assert wrong([pair(900, (101, 100))], PORT) == "none: +1 records"
    assert wrong([pair(900, (100, 98))], PORT) == "none: +0 records, -2 of clients"
    assert wrong([pair(900, (101, 0)), pair(900, (99, 0))], PID) == "none: +0 records"
    assert wrong([pair(900, (0, 0))], WAYS["bpf, other port"]) == ""
    assert wrong([pair(900, (3, 0))], WAYS["bpf, other port"]) == "none: +3 records"


def test_what_was_not_seen_is_told_before_what_follows_from_it() -> None:
    lossy = pair(900, (90, 100), ("not parsed: redis: debris (2)", "not seen: bytes lost (7)"))
    assert wrong([lossy], PORT) == "none: -10 records (not seen: bytes lost (7))"


def test_figures_are_medians_and_ratios_those_of_pairs() -> None:
    pairs = [pair(900, (100, 100)), pair(500, (100, 100), off=2000.0), pair(800, (100, 100))]
    assert kept(pairs) == 0.8
    line = cells(pairs, PORT, 0)
    assert line[:5] == ["saturated", "1000", "800", "0.80", "0.85"]
    assert line[5:11] == ["5.0", "6.5", "100", "300", "200", "400"]
    assert line[11:] == ["1.6", "-", "5.00", "1200", "300", "all"]  # 0.002 s of 0.125
    assert cells(pairs, PORT, LOW)[4:13:8] == ["-", "5"]


def test_figures_of_a_capture_that_lost_something_are_not_shown() -> None:
    line = cells([pair(900, (99, 100), ("not seen: bytes lost (7)",))], PORT, LOW)
    assert line[:4] == ["1000", "1000", "900", "-"]
    assert line[11:] == ["-", "5", "-", "400", "100", "none: -1 records"]


def test_the_edge_is_where_something_is_lost() -> None:
    found = {HIGH: pair(HIGH, (100, 100)), 2 * HIGH: pair(2 * HIGH, (98, 100), ("not seen: bytes lost (9)",))}
    assert edge(lambda rate: [found[rate]], PORT) == (
        "all was recorded up to 20,000 requests a second; at 40,000 requests a second none: -2 records (not seen: bytes"
        " lost (9))"
    )
    assert edge(lambda rate: [pair(1, (99, 100))], PORT) == "at 20,000 requests a second none: -1 records"


def test_or_where_the_server_is_not_brought_to_more() -> None:
    found = {HIGH: pair(HIGH, (100, 100)), 2 * HIGH: pair(31000.4, (100, 100))}
    assert edge(lambda rate: [found[rate]], PORT) == (
        "all was recorded up to 31,000 requests a second, more the server was not brought to"
    )


@pytest.mark.parametrize("name", ["redis", "http"])
def test_a_server_is_asked_at_a_rate(name: str) -> None:
    pressure = pressures()[name]
    if lacking := [program for program in pressure.load.needs if find(program) is None]:
        pytest.skip(f"not installed: {', '.join(lacking)}")
    run = once(pressure, None, LOW, 0.3)
    assert run.sent == 101 + 300 + pressure.connections[0]  # after what warms it up
    assert run.median is not None
    assert once(replace(pressure, connections=(1, 2)), None, 2 * LOW, 0.1).sent == 101 + 202


def test_a_server_is_saturated() -> None:
    pressure = pressures()["http"]
    if lacking := [program for program in pressure.load.needs if find(program) is None]:
        pytest.skip(f"not installed: {', '.join(lacking)}")
    run = once(pressure, None, 0, 1)
    assert 0 < run.rate <= run.sent * 1.1


def test_a_server_is_saturated_and_captured() -> None:
    pressure = pressures()["redis"]
    if lacking := [program for program in pressure.load.needs if find(program) is None]:
        pytest.skip(f"not installed: {', '.join(lacking)}")
    if os.geteuid() != 0:
        pytest.skip("live capture takes root")
    if why := why_not_bpf(features(FOR_BPF)):
        pytest.skip(str(why))
    run = once(pressure, PID, 0, 0.5)
    assert run.rate > 0
    assert run.watched is not None
    assert run.watched.events > 0
    assert run.watched.cpu > 0
    assert run.found[0] > 0
