"""TLS libraries of the processes that are watched: found as they are mapped, and probed where plain text passes.

A file is probed once, for all processes that have it: the programs pass over those that nobody asked for. Which files:
every one mapped as code that defines OpenSSL's functions, be it libssl of the system, of a container or brought along by a
Python package, or a program that holds it, such as Node; and programs written in Go, which hold crypto/tls. What a process maps is looked up when it is chosen, some times
after it began, since libraries come with imports, and when it opens connections later on. The system's own libraries are
probed before, so that a process which lives for a moment is read as well.
"""

import os
import platform
import shutil
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from glob import glob
from typing import TypeVar

from pxcap.bpf import procfs
from pxcap.bpf.elf import Elf
from pxcap.bpf.gofunctions import go_functions, go_version, passes_in_registers
from pxcap.bpf.uprobe import attach, detach, open_probe
from pxcap.core.errors import CaptureError

FUNCTIONS = {
    "SSL_read": ("ssl_enter", "ssl_read_left"),
    "SSL_read_ex": ("ssl_enter_ex", "ssl_read_left"),
    "SSL_write": ("ssl_enter", "ssl_write_left"),
    "SSL_write_ex": ("ssl_enter_ex", "ssl_write_left"),
    "SSL_do_handshake": ("ssl_enter_handshake", "ssl_handshake_left"),
    "SSL_connect": ("ssl_enter_handshake", "ssl_handshake_left"),
    "SSL_accept": ("ssl_enter_handshake", "ssl_handshake_left"),
    "SSL_free": ("ssl_free", ""),
}
"""Functions of the library, with the programs for their entry and their return; what a library lacks is passed over."""

GO_FUNCTIONS = {
    "crypto/tls.(*Conn).writeRecordLocked": ("go_write", ""),
    "crypto/tls.(*Conn).Read": ("go_read", "go_read_left"),
    "crypto/tls.(*Conn).clientHandshake": ("go_handshake", "go_handshake_left"),
    "crypto/tls.(*Conn).serverHandshake": ("go_handshake", "go_handshake_left"),
}
"""The same of Go. A connection whose handshake was seen is whole, so what moves plain text is probed before."""

_PLACES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64", "/usr/local/ssl/lib")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_AFTER = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)  # seconds after a process has begun at which it is looked at again
_AGAIN, _SELDOM = 1.0, 10.0  # seconds between two looks at a process that opens connections, with TLS and without
_MOST = 8192  # processes, and files, remembered
_NAMED = 100  # programs that a person is told of
_LINES = 65536  # of one process's mappings
_Places = dict[tuple[str, bool], list[int]]  # by program, and whether it runs at the return: offsets in the file
_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class TlsLibraries:
    """Probes in the TLS libraries that processes use.

    Args:
        program: Gives the file descriptor of a loaded program by its name.
        tell: Told in one line of what cannot be read, with what to do.

    Raises:
        CaptureError: This kernel or this user cannot place probes.
    """

    def __init__(self, program: Callable[[str], int], tell: Callable[[str, str], None]) -> None:
        try:
            os.close(open_probe(__file__, 0))
        except OSError as error:
            raise CaptureError(
                f"functions of TLS libraries cannot be probed: {error.strerror or error}", "leave out --tls"
            ) from error
        self._program = program
        self._tell = tell
        self._probes: list[int] = []
        self._files: OrderedDict[tuple[int, int, int], bool] = OrderedDict()  # whether a file is a library that is read
        self._looked: OrderedDict[int, tuple[float, bool]] = OrderedDict()  # when, and whether there was such a library
        self._due: list[tuple[float, int]] = []
        self._unreadable: OrderedDict[int, None] = OrderedDict()  # processes that use TLS in another way
        self._told: set[str] = set()

    def expect(self, commands: Iterable[str]) -> None:
        """Probe what processes that begin later are likely to use: the system's libraries, and these programs."""
        for place in _PLACES:
            for path in (*glob(f"{place}/libssl.so*"), *glob(f"{place}/*/libssl.so*")):
                self._read([path])
        for command in commands:
            if program := shutil.which(command, path=_PATH):
                self._read([program])

    def began(self, pid: int, now: float) -> None:
        """A process became another program: look at it now, and when it will have loaded what it needs."""
        self._unreadable.pop(pid, None)
        self.look(pid, now)
        self._due += [(now + after, pid) for after in _AFTER]
        del self._due[:-_MOST]

    def opened(self, pid: int, tls: bool, now: float) -> None:
        """A process has a connection, whose first bytes are those of TLS or not; `now` in seconds of any clock."""
        before, readable = self._looked.get(pid, (float("-inf"), False))
        news = tls and not readable and pid not in self._unreadable
        due = news or now - before >= (_AGAIN if tls else _SELDOM)
        if due and self.look(pid, now) is False and news:
            self._explain(pid)

    def poll(self, now: float) -> None:
        """Look at the processes that are due."""
        for when, pid in self._due:
            if when <= now:
                self.look(pid, now)
        self._due = [(when, pid) for when, pid in self._due if when > now]

    def look(self, pid: int, now: float) -> bool | None:
        """Probe the libraries that a process has mapped; gives whether it has one that is read, None when it has ended."""
        found = [self._read(paths) for paths in _mapped(pid)]
        if not found:
            return None
        _remember(self._looked, pid, (now, any(found)))
        return any(found)

    def close(self) -> None:
        """Take all probes out."""
        detach(self._probes)
        self._probes.clear()

    def _read(self, paths: Iterable[str]) -> bool:
        """Probe the file, known by several paths, if it is a library and was not; gives whether it is read."""
        for path in paths:
            try:
                fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                about = os.fstat(fd)
                key = (about.st_dev, about.st_ino, about.st_mtime_ns)
                if key not in self._files:
                    _remember(self._files, key, self._probe(fd, path))
                return self._files[key]
            finally:
                os.close(fd)
        return False

    def _probe(self, fd: int, path: str) -> bool:
        try:
            with Elf(fd) as file:
                places = _openssl(file) or _go(file)
        except (ValueError, OSError):
            return False
        if not places:
            return False
        probes: list[int] = []
        try:
            for (program, at_return), offsets in places.items():
                probes += attach(self._program(program), f"/proc/self/fd/{fd}", offsets, at_return)
        except OSError as error:
            detach(probes)
            self._say(path, f"{path} cannot be probed: {error.strerror}", "what is sent inside TLS by it is not read")
            return False
        self._probes += probes
        return True

    def _explain(self, pid: int) -> None:
        """Say once of a program why its TLS is not read."""
        _remember(self._unreadable, pid, None)
        stat = procfs.read_stat(pid)
        if stat is None or not any(_mapped(pid)):  # it ended while it was looked at
            return
        why = "uses a TLS library whose functions cannot be found"
        with suppress(OSError, ValueError):
            fd = os.open(procfs.PROC / str(pid) / "exe", os.O_RDONLY | os.O_CLOEXEC)
            try:
                with Elf(fd) as program:
                    if version := go_version(program):
                        why = f"is written in Go ({version}), and its TLS is not the one of Go 1.17 or later"
            finally:
                os.close(fd)
        self._say(stat.comm, f"{stat.comm} ({pid}) {why}", "what it sends inside TLS is not read, but counted")

    def _say(self, what: str, message: str, hint: str) -> None:
        if what not in self._told and len(self._told) < _NAMED:
            self._told.add(what)
            self._tell(message, hint)


def _openssl(file: Elf) -> _Places:
    """Where to probe OpenSSL's functions; nowhere if these are not all that it takes."""
    functions = file.functions(FUNCTIONS)
    places: _Places = {}
    if {"SSL_read", "SSL_write"} <= functions.keys():
        for name, offset in functions.items():
            entry, leave = FUNCTIONS[name]
            places.setdefault((entry, False), []).append(offset)
            if leave:
                places.setdefault((leave, True), []).append(offset)
    return places


def _go(file: Elf) -> _Places:
    """Where to probe those of Go's crypto/tls; nowhere if these are not as known."""
    places: _Places = {}
    if not passes_in_registers(go_version(file), platform.machine()):
        return places
    functions = go_functions(file, GO_FUNCTIONS)
    if set(list(GO_FUNCTIONS)[:2]) <= functions.keys():
        for name, (entry, leave) in GO_FUNCTIONS.items():
            if function := functions.get(name):
                places.setdefault((entry, False), []).append(function.entry)
                if leave:
                    places.setdefault((leave, False), []).extend(function.returns)
    return places


def _remember(known: OrderedDict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Note the value; the oldest is forgotten where there are too many."""
    known[key] = value
    known.move_to_end(key)
    if len(known) > _MOST:
        known.popitem(last=False)


def _mapped(pid: int) -> Iterator[tuple[str, str]]:
    """The files that a process has mapped as code, each by two paths: of the mapping itself, and of its name."""
    seen: set[tuple[bytes, bytes]] = set()
    where = procfs.PROC / str(pid)
    try:
        with open(where / "maps", "rb") as lines:
            for line, _ in zip(lines, range(_LINES), strict=False):
                fields = line.rstrip(b"\n").split(None, 5)
                if len(fields) == 6 and b"x" in fields[1] and fields[4] != b"0" and (fields[3], fields[4]) not in seen:
                    seen.add((fields[3], fields[4]))
                    # The first holds for files that were replaced since, the second needs fewer rights.
                    start, _, end = fields[0].partition(b"-")
                    mapping = f"{where}/map_files/{int(start, 16):x}-{int(end, 16):x}"
                    yield mapping, f"{where}/root{os.fsdecode(fields[5])}"
    except OSError:
        return
