"""What `pxcap doctor` looks at, one function a check. Each is told where to look, so that a test can pretend."""

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pxcap.core.errors import PxcapError

OK, MISSING = "ok", "missing"
REPLAY, LIVE, OPTIONAL = "replay", "live capture", "optional"

CAP_NET_RAW, CAP_SYS_ADMIN, CAP_PERFMON, CAP_BPF = 13, 21, 38, 39  # include/uapi/linux/capability.h
_OLDEST_PYTHON = (3, 11)
_OLDEST_KERNEL = (5, 8)  # CAP_BPF and the BPF ring buffer
_DEBIAN_PYTHON = "usr/lib/python3/dist-packages"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report.

    Attributes:
        name: What was looked at.
        status: "ok" or "missing".
        needed_for: "replay", "live capture" or "optional".
        found: What was found.
        fix: The command that mends it; empty when ok.
    """

    name: str
    status: str
    needed_for: str
    found: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine to look at: where its file system begins, and its kernel's release."""

    root: Path = Path("/")
    release: str = platform.release()


def run_checks(store: str, machine: Machine | None = None) -> list[Check]:
    """Every check, in the order a person would mend them."""
    here = machine or Machine()
    on_machine: tuple[Callable[[Machine], Check], ...] = (kernel, btf, tracefs, bcc, headers, rights)
    return [
        python_version(),
        Check("pxcap", OK, REPLAY, version("pxcap")),
        *plugins(),
        database(store),
        *(check(here) for check in on_machine),
        tshark(),
    ]


def python_version() -> Check:
    """Python is new enough; always so unless somebody took the package apart."""
    ok = sys.version_info >= _OLDEST_PYTHON
    return _check("python", ok, REPLAY, platform.python_version(), "sudo apt-get install python3.11 python3.11-venv")


def plugins() -> list[Check]:
    """Each plugin loads. A broken one of somebody else's does not keep pxcap from replaying."""
    from pxcap.core.registry import load_registry

    checks = []
    for plugin in load_registry().plugins:
        ours = plugin.distribution == "pxcap"
        found = plugin.error or f"{plugin.distribution} {plugin.version}: {', '.join(plugin.protocols)}"
        fix = f"pip install --force-reinstall {plugin.distribution}" if ours else f"pip uninstall {plugin.distribution}"
        checks.append(_check(f"plugin {plugin.name}", not plugin.error, REPLAY if ours else OPTIONAL, found, fix))
    return checks or [Check("plugins", MISSING, REPLAY, "none found", "pip install --force-reinstall pxcap")]


def database(url: str) -> Check:
    """The store can be opened, or could be made; looking never makes one."""
    from pxcap.store import open_store

    try:
        found = open_store(url).url
    except PxcapError as error:
        return Check("store", MISSING, REPLAY, str(error), error.hint or "name another with --store")
    return Check("store", OK, REPLAY, found)


def kernel(machine: Machine) -> Check:
    """Linux, new enough for what live capture loads into it."""
    numbers = machine.release.replace("-", ".").split(".")
    release = tuple(int(number) for number in numbers[:2] if number.isdigit())
    ok = sys.platform == "linux" and release >= _OLDEST_KERNEL
    return _check(
        "kernel", ok, LIVE, f"{platform.system()} {machine.release}", "sudo apt-get install linux-image-amd64"
    )


def btf(machine: Machine) -> Check:
    """The kernel describes its own types."""
    path = machine.root / "sys/kernel/btf/vmlinux"
    found = str(path) if path.exists() else f"no {path}: the kernel was built without CONFIG_DEBUG_INFO_BTF"
    return _check("BTF", path.exists(), LIVE, found, "sudo apt-get install linux-image-amd64")


def tracefs(machine: Machine) -> Check:
    """Trace points can be found."""
    places = [machine.root / "sys/kernel/tracing", machine.root / "sys/kernel/debug/tracing"]
    for place in places:
        if _readable(place / "events"):
            return Check("tracefs", OK, LIVE, str(place))
    found = f"{places[0]} is not mounted, or not readable by this user"
    return Check("tracefs", MISSING, LIVE, found, "sudo mount -t tracefs nodev /sys/kernel/tracing")


def bcc(machine: Machine) -> Check:
    """Python can import bcc, which comes with the distribution and not from a package index."""
    if importlib.util.find_spec("bcc") is not None:
        return Check("bcc", OK, LIVE, "importable")
    if (machine.root / _DEBIAN_PYTHON / "bcc").is_dir():
        found = "installed, but hidden from this virtual environment"
        return Check("bcc", MISSING, LIVE, found, f"python3 -m venv --upgrade --system-site-packages {sys.prefix}")
    return Check("bcc", MISSING, LIVE, "python cannot import bcc", "sudo apt-get install python3-bpfcc")


def headers(machine: Machine) -> Check:
    """The kernel's headers, which bcc compiles against."""
    build = machine.root / "lib/modules" / machine.release / "build"
    inside = machine.root / "sys/kernel/kheaders.tar.xz"
    for place in (build, inside):
        if place.exists():
            return Check("kernel headers", OK, LIVE, str(place))
    return Check(
        "kernel headers", MISSING, LIVE, f"no {build}", f"sudo apt-get install linux-headers-{machine.release}"
    )


def rights(machine: Machine) -> Check:
    """This process may load BPF programs and read packets."""
    held = _capabilities(machine.root / "proc/self/status")
    wanted = {"CAP_BPF": CAP_BPF, "CAP_PERFMON": CAP_PERFMON, "CAP_NET_RAW": CAP_NET_RAW}
    lacking = [name for name, bit in wanted.items() if not held >> bit & 1]
    if held >> CAP_SYS_ADMIN & 1 and "CAP_NET_RAW" not in lacking:
        lacking = []
    found = f"without {', '.join(lacking)}" if lacking else "may load BPF programs and read packets"
    return _check("rights", not lacking, LIVE, found, "sudo $(command -v pxcap) doctor")


def tshark() -> Check:
    """The yardstick of the benchmark."""
    path = shutil.which("tshark")
    return _check("tshark", path is not None, OPTIONAL, path or "not installed", "sudo apt-get install tshark")


def _check(name: str, ok: bool, needed_for: str, found: str, fix: str) -> Check:
    return Check(name, OK if ok else MISSING, needed_for, found, "" if ok else fix)


def _readable(path: Path) -> bool:
    try:
        return path.is_dir() and os.access(path, os.R_OK)
    except OSError:
        return False


def _capabilities(status: Path) -> int:
    """Effective capabilities as a bit set (proc(5), CapEff); 0 when they cannot be read."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)
