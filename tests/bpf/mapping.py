"""A process that maps libraries when it is told to, and says what their code looks like: a probe changes it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path

import pytest

_PROGRAM = """
import ctypes, sys
libraries = {}
print("ready", flush=True)
for line in sys.stdin:
    verb, name = line.split()
    if verb == "load":
        libraries[name] = ctypes.CDLL(name)
    function = ctypes.cast(libraries[name].SSL_read, ctypes.c_void_p).value
    print(ctypes.string_at(function, 4).hex(), flush=True)
"""


class Mapper:
    """The process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid

    def load(self, library: Path) -> str:
        """Map a library; gives the first bytes of SSL_read."""
        return self._say("load", library)

    def code(self, library: Path) -> str:
        """The same, again."""
        return self._say("look", library)

    def _say(self, verb: str, library: Path) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(verb, library, file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip()


@contextmanager
def mapper(*command: str) -> Iterator[Mapper]:
    """Such a process while the block runs."""
    words = [*(command or (sys.executable,)), "-c", _PROGRAM]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield Mapper(process)
        finally:
            process.kill()


def library_of_system() -> Path:
    """The system's libssl."""
    found = sorted(glob("/usr/lib/*/libssl.so.[0-9]*") + glob("/usr/lib*/libssl.so.[0-9]*"))
    if not found:
        pytest.skip("not installed: libssl")
    return Path(found[-1]).resolve()


def own_library(folder: Path) -> Path:
    """A copy that nobody else has mapped."""
    return Path(shutil.copy(library_of_system(), folder / "libownssl.so"))
