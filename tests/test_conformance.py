"""The conformance suite over every registered protocol, with its own fixtures as material."""

import random
from pathlib import Path

import pytest

from pxcap.core.pipeline import Options
from pxcap.core.protocol import ProtocolSpec, Settings
from pxcap.core.registry import load_registry
from pxcap.core.testing.conformance import check_bound, check_cuts, check_gap, check_noise, record

FIXTURES = Path(__file__).parent.parent / "fixtures"
SPECS = {spec.name: spec for spec in load_registry().protocols}


@pytest.fixture(params=SPECS.values(), ids=SPECS.keys())
def spec(request: pytest.FixtureRequest) -> ProtocolSpec:
    found: ProtocolSpec = request.param
    return found


def captures(spec: ProtocolSpec) -> list[str]:
    found = sorted(str(path) for path in (FIXTURES / spec.name).glob("*.pcap*"))
    assert found, f"{spec.name} has no fixtures to be tested with"
    return found


def test_cuts_never_change_the_records(spec: ProtocolSpec) -> None:
    rng = random.Random(0)
    for transcript in record(spec, captures(spec)):
        check_cuts(spec, transcript, rng)


def test_nor_where_texts_are_cut_short(spec: ProtocolSpec) -> None:
    rng = random.Random(0)
    for transcript in record(spec, captures(spec), Options(Settings(body_limit=100))):
        check_cuts(spec, transcript, rng)


@pytest.mark.parametrize("limit", [0, 10])
def test_nor_where_hardly_anything_is_kept_of_texts(limit: int) -> None:
    rng = random.Random(0)
    for name in ("cql", "kafka", "mysql", "pgsql"):
        for transcript in record(SPECS[name], captures(SPECS[name]), Options(Settings(body_limit=limit))):
            check_cuts(SPECS[name], transcript, rng)


def test_a_gap_costs_only_what_it_covers(spec: ProtocolSpec) -> None:
    rng = random.Random(0)
    for transcript in record(spec, captures(spec)):
        for _ in range(25):
            check_gap(spec, transcript, rng)


def test_noise_never_raises(spec: ProtocolSpec) -> None:
    check_noise(spec, record(spec, captures(spec)), random.Random(0), rounds=300)


def test_endless_bytes_stay_bounded(spec: ProtocolSpec) -> None:
    check_bound(spec, record(spec, captures(spec)), random.Random(0))
