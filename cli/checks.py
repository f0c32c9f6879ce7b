"""What `pxcap doctor` looks at."""

import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version

from pxcap.core.errors import PxcapError

OK, MISSING = "ok", "missing"
REPLAY, LIVE, OPTIONAL = "replay", "live capture", "optional"

_OLDEST_PYTHON = (3, 11)


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


def run_checks(store: str) -> list[Check]:
    """Every check, in the order a person would mend them."""
    ours = Check("pxcap", OK, REPLAY, version("pxcap"))
    return [python_version(), ours, *plugins(), database(store), *live_capture(), tshark()]


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


def live_capture() -> list[Check]:
    """What the kernel allows and what live capture builds on, each tried."""
    from pxcap.bpf.features import FOR_BPF, FOR_PACKETS, features

    needed = {"rights", *FOR_BPF, *FOR_PACKETS}
    return [
        _check(tried.name, tried.ok, LIVE if tried.name in needed else OPTIONAL, tried.detail, tried.remedy)
        for tried in features()
    ]


def tshark() -> Check:
    """The yardstick of the benchmark."""
    path = shutil.which("tshark")
    return _check("tshark", path is not None, OPTIONAL, path or "not installed", "sudo apt-get install tshark")


def _check(name: str, ok: bool, needed_for: str, found: str, fix: str) -> Check:
    return Check(name, OK if ok else MISSING, needed_for, found, "" if ok else fix)
