"""The checks of pxcap doctor, on machines that are pretended."""

from pathlib import Path

import pytest

from pxcap.cli import checks
from pxcap.cli.checks import LIVE, MISSING, OK, Check, Machine


@pytest.fixture
def bare(tmp_path: Path) -> Machine:
    """A machine with nothing on it."""
    return Machine(tmp_path, "4.19.0-27-amd64")


@pytest.fixture
def full(tmp_path: Path) -> Machine:
    """A machine with everything live capture needs."""
    for folder in ("sys/kernel/btf", "sys/kernel/tracing/events", "lib/modules/6.12.0-1-amd64/build", "proc/self"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "sys/kernel/btf/vmlinux").touch()
    (tmp_path / "proc/self/status").write_text("Name:\tpython\nCapEff:\t000001ffffffffff\n")
    return Machine(tmp_path, "6.12.0-1-amd64")


ON_MACHINE = (checks.kernel, checks.btf, checks.tracefs, checks.headers, checks.rights)


def test_everything_there(full: Machine) -> None:
    for check in ON_MACHINE:
        found = check(full)
        assert (found.status, found.fix) == (OK, ""), found


def test_nothing_there_and_each_has_a_command_that_mends_it(bare: Machine) -> None:
    for check in ON_MACHINE:
        found = check(bare)
        assert (found.status, found.needed_for) == (MISSING, LIVE)
        assert found.fix.startswith("sudo ")
    assert checks.headers(bare).fix == "sudo apt-get install linux-headers-4.19.0-27-amd64"


def test_headers_inside_the_kernel_will_do(bare: Machine) -> None:
    (bare.root / "sys/kernel").mkdir(parents=True)
    (bare.root / "sys/kernel/kheaders.tar.xz").touch()
    assert checks.headers(bare).status == OK


@pytest.mark.parametrize(
    ("bits", "lacking"),
    [
        ({checks.CAP_BPF, checks.CAP_PERFMON, checks.CAP_NET_RAW}, ""),
        ({checks.CAP_SYS_ADMIN, checks.CAP_NET_RAW}, ""),
        ({checks.CAP_NET_RAW}, "without CAP_BPF, CAP_PERFMON"),
        (set(), "without CAP_BPF, CAP_PERFMON, CAP_NET_RAW"),
    ],
)
def test_rights(bare: Machine, bits: set[int], lacking: str) -> None:
    (bare.root / "proc/self").mkdir(parents=True)
    (bare.root / "proc/self/status").write_text(f"CapEff:\t{sum(1 << bit for bit in bits):016x}\n")
    found = checks.rights(bare)
    assert (found.status, found.found) == (
        (MISSING, lacking) if lacking else (OK, "may load BPF programs and read packets")
    )


def test_bcc(bare: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert checks.bcc(bare).status == OK
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert checks.bcc(bare).fix == "sudo apt-get install python3-bpfcc"
    (bare.root / "usr/lib/python3/dist-packages/bcc").mkdir(parents=True)
    assert "--system-site-packages" in checks.bcc(bare).fix


def test_tshark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert (checks.tshark().status, checks.tshark().fix) == (MISSING, "sudo apt-get install tshark")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert checks.tshark() == Check("tshark", OK, checks.OPTIONAL, "/usr/bin/tshark")
