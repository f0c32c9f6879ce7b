"""Files that the person gives to protocols: `--give PROTOCOL.NAME=FILE`."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from pxcap.core.errors import UsageError
from pxcap.core.registry import Registry

MAX_BYTES = 64 << 20


def given_files(registry: Registry, items: Iterable[str]) -> dict[str, bytes]:
    """Contents by "protocol.name", each asked for by a protocol and found usable by it.

    Raises:
        UsageError: No such name, no such file, or one that the protocol cannot use.
    """
    known = {f"{spec.name}.{file.name}": file for spec in registry.protocols for file in spec.files}
    found: dict[str, bytes] = {}
    for item in items:
        name, equals, path = item.partition("=")
        if not equals or not path:
            raise UsageError(f"--give {item!r}: expected PROTOCOL.NAME=FILE", _names(known))
        if name not in known:
            near = get_close_matches(name, known, 1)
            raise UsageError(
                f"--give {name}: no protocol takes such a file", f"did you mean {near[0]}?" if near else _names(known)
            )
        try:
            size = Path(path).stat().st_size
            data = Path(path).read_bytes() if size <= MAX_BYTES else b""
        except OSError as err:
            raise UsageError(f"--give {name}: {path}: {err.strerror or err}", known[name].meaning) from err
        reason = known[name].why_unusable(data) if size <= MAX_BYTES else f"is larger than {MAX_BYTES >> 20} MiB"
        if reason:
            raise UsageError(f"--give {name}: {path} {reason}", known[name].meaning)
        found[name] = data
    return found


def _names(known: Iterable[str]) -> str:
    return f"files that can be given: {', '.join(sorted(known)) or 'none'}"
