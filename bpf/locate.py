"""Finding bcc, and the headers it compiles against.

bcc's Python binding comes with the distribution (python3-bpfcc), not from a package index, and is pure Python: any
interpreter can load the distribution's copy. A virtual environment does not see it, so it is looked for where
distributions put it, and that one package is loaded alone: its folder's other packages would shadow the environment's.

bcc also wants kernel headers. Programs here use no kernel structure from headers, so a stub tree comes with pxcap.
"""

import importlib
import importlib.machinery
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from pxcap.core.errors import CaptureError

INSTALL_BCC = "sudo apt-get install python3-bpfcc  (Fedora: sudo dnf install python3-bcc)"
_PLACES = (
    "usr/lib/python3/dist-packages",  # Debian, Ubuntu
    "usr/lib/python3.*/site-packages",  # Fedora, Arch
    "usr/lib64/python3.*/site-packages",
    "usr/local/lib/python3*/*-packages",  # built from source
)
_SOURCE = "BCC_KERNEL_SOURCE"


def import_bcc(root: Path = Path("/")) -> Any:
    """The module `bcc` of the BPF Compiler Collection, however it is hidden from this interpreter.

    Loading takes 0.05 to 0.2 s, so call this when a program is about to be loaded, not at import.

    Args:
        root: Where the file system begins.

    Raises:
        CaptureError: It is not installed, or is there but cannot be loaded (its library libbcc is missing).
    """
    module, why = _imported()
    if module is not None:
        return module
    for folder in _installed(root):
        module, why = _imported(folder)
        if module is not None:
            return module
    raise CaptureError(why or "bcc is not installed: no Python binding of the BPF Compiler Collection", INSTALL_BCC)


def include_path() -> Path:
    """The folder of stub kernel headers that comes with pxcap."""
    return Path(__file__).with_name("include")


@contextmanager
def stub_headers() -> Iterator[None]:
    """Let bcc compile against the stub headers while the block runs; the environment is then as before."""
    before = os.environ.get(_SOURCE)
    os.environ[_SOURCE] = str(include_path().parent)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SOURCE]
        else:
            os.environ[_SOURCE] = before


def _installed(root: Path) -> list[Path]:
    """The folders of bcc that the distribution has installed for any Python."""
    return [
        found for place in _PLACES for found in sorted(root.glob(f"{place}/bcc")) if (found / "__init__.py").exists()
    ]


def _imported(folder: Path | None = None) -> tuple[ModuleType | None, str]:
    """The bcc that this interpreter finds, or that of a folder; else what is wrong, empty when there is none.

    Another package of that name (PyPI has one) is never left behind in `sys.modules`.
    """
    loaded = sys.modules.get("bcc")
    if loaded is not None and hasattr(loaded, "BPF"):
        return loaded, ""
    kept = {name: module for name, module in sys.modules.items() if name == "bcc" or name.startswith("bcc.")}
    for name in kept:
        del sys.modules[name]
    where = folder or "bcc"
    try:
        # Its docstrings hold escapes that newer Pythons warn about when they compile it.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = importlib.import_module("bcc") if folder is None else _load(folder)
    except ModuleNotFoundError as error:
        why = "" if error.name == "bcc" else f"{where} cannot be loaded: {error}"
    except (ImportError, OSError, AttributeError) as error:
        why = f"{where} cannot be loaded: {error}"
    else:
        if hasattr(module, "BPF"):
            return module, ""
        why = f"{module.__file__} is not the BPF Compiler Collection but another package called bcc"
    for name in [name for name in sys.modules if name == "bcc" or name.startswith("bcc.")]:
        del sys.modules[name]
    sys.modules.update(kept)
    return None, why


def _load(folder: Path) -> ModuleType:
    """Load the package in a folder as `bcc`, without putting what lies beside it on the search path."""
    spec = importlib.util.spec_from_file_location(
        "bcc", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bcc"] = module  # its parts import it by name
    spec.loader.exec_module(module)
    return module
