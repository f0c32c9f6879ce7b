"""Finding bcc where the distribution put it, and compiling with no kernel headers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pxcap.bpf import locate
from pxcap.bpf.locate import import_bcc, include_path, stub_headers
from pxcap.core.errors import CaptureError

BINDING = "class BPF:\n    '''An escape that is none: \\d.'''\n"
COMPILE = r"""
import sys
from pxcap.bpf.locate import import_bcc, stub_headers
bcc = import_bcc()
with stub_headers():
    bcc.BPF(text=b'''
#include <linux/types.h>
#include <linux/ptrace.h>
#include <uapi/linux/bpf_perf_event.h>
BPF_RINGBUF_OUTPUT(events, 8);
BPF_STACK_TRACE(stacks, 64);
BPF_TABLE("lru_hash", u64, u32, calls, 64);
int call(struct pt_regs *ctx) { uintptr_t first = PT_REGS_PARM1(ctx); return first != 0; }
int sample(struct bpf_perf_event_data *ctx) { return ctx->sample_period != 0; }
RAW_TRACEPOINT_PROBE(sock_send_length) { return ctx->args[1] != 0; }
''' if %r else b'int nothing(void *ctx) { return 0; }')
"""


@pytest.fixture(autouse=True)
def no_bcc_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test finds bcc anew; what it loads is forgotten."""
    for name in ("bcc", *(name for name in sys.modules if name.startswith("bcc."))):
        monkeypatch.setitem(sys.modules, name, sys)
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if not (Path(place) / "bcc").exists()])


def installed(root: Path, place: str, text: str) -> Path:
    """Put a package called bcc in a place of a pretended machine."""
    folder = root / place / "bcc"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(text)
    return folder


@pytest.mark.parametrize(
    "place",
    ["usr/lib/python3/dist-packages", "usr/lib/python3.13/site-packages", "usr/local/lib/python3.9/dist-packages"],
)
def test_the_distributions_copy_is_found_and_its_neighbours_are_not(tmp_path: Path, place: str) -> None:
    folder = installed(tmp_path, place, BINDING + "from bcc.part import VALUE\n")
    (folder / "part.py").write_text("VALUE = 7\n")
    (folder.parent / "neighbour_of_bcc.py").touch()
    found = import_bcc(tmp_path)
    assert Path(found.__file__) == folder / "__init__.py"
    assert found.VALUE == 7
    assert import_bcc(tmp_path) is found
    with pytest.raises(ModuleNotFoundError):
        __import__("neighbour_of_bcc")


def test_nothing_installed(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="bcc is not installed") as raised:
        import_bcc(tmp_path)
    assert "apt-get install python3-bpfcc" in raised.value.hint
    assert "dnf install python3-bcc" in raised.value.hint


def test_another_package_called_bcc_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = installed(tmp_path, "environment", "")
    monkeypatch.syspath_prepend(other.parent)
    with pytest.raises(CaptureError, match="not the BPF Compiler Collection"):
        import_bcc(tmp_path)
    assert "bcc" not in sys.modules
    folder = installed(tmp_path, "usr/lib/python3/dist-packages", BINDING)
    assert Path(import_bcc(tmp_path).__file__).parent == folder


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raise OSError('libbcc.so.0: cannot open shared object file')", "libbcc.so.0"),
        ("import no_such_module_of_bcc", "no_such_module_of_bcc"),
    ],
)
def test_a_broken_installation_says_what_is_wrong(tmp_path: Path, text: str, why: str) -> None:
    folder = installed(tmp_path, "usr/lib/python3/dist-packages", text)
    with pytest.raises(CaptureError, match=why) as raised:
        import_bcc(tmp_path)
    assert str(raised.value).startswith(str(folder))
    assert "bcc" not in sys.modules


def fail_where_headers_are(expected: Path) -> None:
    assert Path(os.environ["BCC_KERNEL_SOURCE"], "include") == expected
    raise OSError("the compiler failed")


def test_the_environment_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for before in ("/some/headers", None):
        monkeypatch.delenv("BCC_KERNEL_SOURCE", raising=False)
        if before:
            monkeypatch.setenv("BCC_KERNEL_SOURCE", before)
        with pytest.raises(OSError, match="the compiler failed"), stub_headers():
            fail_where_headers_are(include_path())
        assert os.environ.get("BCC_KERNEL_SOURCE") == before


def test_the_headers_are_there() -> None:
    assert (include_path() / "linux/kconfig.h").is_file()
    assert (include_path() / "uapi/linux/ptrace.h").is_file()


@pytest.mark.parametrize("maps", [False, True], ids=["smallest", "everything"])
def test_bcc_compiles_with_the_stub_headers_and_no_warning(maps: bool) -> None:
    """In a process of its own, which never saw the distribution's packages, with warnings as errors."""
    if not locate._installed(Path("/")):
        pytest.skip("bcc is not installed")
    if maps and os.geteuid() != 0:
        pytest.skip("making maps needs CAP_BPF")
    command = [sys.executable, "-W", "error", "-c", COMPILE % maps]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
