"""pxcap doctor."""

from pathlib import Path

import pytest
from tests.bpf.elsewhere import BCC, BTF, NO_CAPABILITIES, TRACEFS, lines
from tests.cli.conftest import Command

from pxcap.bpf.rights import held
from pxcap.cli.checks import LIVE, MISSING, OK, OPTIONAL, REPLAY
from pxcap.core import registry
from pxcap.core.registry import Registry


def test_replay_works_here_and_looking_makes_no_store(pxcap: Command, tmp_path: Path) -> None:
    done = pxcap("doctor", "-o", "json")
    assert done.status == 0
    assert all(list(row) == ["check", "status", "needed_for", "found", "fix"] for row in done.rows)
    assert {row["status"] for row in done.rows if row["needed_for"] == REPLAY} == {OK}
    assert not (tmp_path / "pxcap.db").exists()


def test_a_store_out_of_reach_fails(pxcap: Command) -> None:
    done = pxcap("doctor", "--store", "postgresql://shop:s3cret@127.0.0.1:1/shop")
    assert done.status == 1
    assert done.err == "replay cannot work here yet: store\n"
    assert "s3cret" not in done.out


@pytest.mark.parametrize(("distribution", "status"), [("pxcap", 1), ("pxcap-pebble", 0)])
def test_only_our_own_plugins_are_needed(
    pxcap: Command, monkeypatch: pytest.MonkeyPatch, distribution: str, status: int
) -> None:
    broken = Registry()
    broken.fail("pebble", distribution, "1", "cannot be imported")
    monkeypatch.setattr(registry, "load_registry", lambda: broken)
    assert pxcap("doctor").status == status


POORER = {
    "no bcc": ("", [BCC], "bcc", LIVE, "sudo apt-get install python3-bpfcc"),
    "no tracefs": ("", TRACEFS, "tracefs", OPTIONAL, "sudo mount -t tracefs nodev /sys/kernel/tracing"),
    "no BTF": ("", [BTF], "BTF", LIVE, "sudo apt-get install linux-image-$(dpkg --print-architecture)"),
    "no rights": (NO_CAPABILITIES, [], "rights", LIVE, "docker run --cap-add BPF --cap-add PERFMON"),
}


@pytest.mark.parametrize(("first", "hidden", "name", "needed_for", "fix"), POORER.values(), ids=POORER.keys())
def test_what_a_poorer_machine_lacks_is_named_with_its_remedy(
    first: str, hidden: list[str], name: str, needed_for: str, fix: str
) -> None:
    if "CAP_SYS_ADMIN" not in held():
        pytest.skip("needs root to take things away")
    program = f"{first}\nfrom pxcap.cli.main import main\nassert main(['doctor', '-o', 'json']) == 0"
    rows = {row["check"]: row for row in lines(program, hidden)}
    assert (rows[name]["status"], rows[name]["needed_for"]) == (MISSING, needed_for)
    assert fix in rows[name]["fix"]
