"""The layout compiler against construct: microseconds a message, for every declaration in the tree and the yardsticks.

    python -m bench.layouts

For a declaration of a plugin, bytes that fit are searched for: what is timed is a message of the right shape with
made-up content.
"""

import importlib
import pkgutil
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from bench.declarations import DECLARATIONS
from pxcap import plugins
from pxcap.core.layout import Invalid, Layout, Partial, layout, layouts

ROUND = 0.02  # seconds of each of a function's five rounds; the best one counts
WANTED = 12.0


def import_wires() -> None:
    """Import every `wire` module of the built-in plugins, so that `layouts` knows what they declare."""
    for found in pkgutil.walk_packages(plugins.__path__, "pxcap.plugins."):
        if found.name.rpartition(".")[2] == "wire":
            importlib.import_module(found.name)


def sample(made: Layout, tries: int = 3000) -> bytes | None:
    """Bytes that fit a layout, or None: random bytes, changed where the parser stopped until it goes further."""
    rng = random.Random(made.name)
    constants = [value for con in _parts(made.declaration) if isinstance(value := getattr(con, "value", None), bytes)]
    best, reached = bytes(rng.choices(range(8), k=64)), -1
    for _ in range(tries):
        data = bytearray(best)
        at = max(0, reached) + rng.randrange(-4, 5)
        patch = rng.choice(constants) if constants and rng.random() < 0.5 else bytes([rng.choice((0, 1, 2, 4, 5, 65))])
        data[max(0, at) : max(0, at) + len(patch)] = patch
        try:
            _, end = made.parse(bytes(data))
        except Partial:
            continue
        except Invalid as error:
            if error.pos >= reached:
                best, reached = bytes(data), error.pos
        else:
            return bytes(data[:end])
    return None


def _parts(con: Any) -> Iterator[Any]:
    yield con
    for sub in (*getattr(con, "subcons", ()), *([con.subcon] if hasattr(con, "subcon") else ())):
        yield from _parts(sub)


def microseconds(function: Callable[[bytes], object], data: bytes) -> float:
    """Best of five rounds, a call."""
    count, took = 1, 0.0
    while took < ROUND:
        count *= 2
        took = _time(function, data, count)
    return min(took, *(_time(function, data, count) for _ in range(4))) / count * 1e6


def _time(function: Callable[[bytes], object], data: bytes, count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        function(data)
    return time.perf_counter() - start


def construct_compiled(declaration: Any, data: bytes) -> float | None:
    """Microseconds of construct's own compiler, where it can compile the declaration and parse the message."""
    try:
        parse = declaration.compile().parse
        parse(data)
    except Exception:  # noqa: BLE001  it fails in many ways
        return None
    return microseconds(parse, data)


def main() -> None:
    """Print the table."""
    import_wires()
    rows = [(made.name, made, sample(made)) for made in layouts()]
    rows += [(name, layout(declaration, name), data) for name, (declaration, data) in DECLARATIONS.items()]
    print(f"{'name':28} {'construct us':>13} {'compile() us':>13} {'ours us':>9} {'ratio':>7}")
    below = 0
    for name, made, data in rows:
        if data is None:
            print(f"{name:28} no bytes found that fit")
            continue
        theirs, ours = microseconds(made.declaration.parse, data), microseconds(made.parse, data)
        compiled = construct_compiled(made.declaration, data)
        middle = "fails" if compiled is None else f"{compiled:.2f}"
        remark = "" if made.compiled else f"  interpreted: {made.why}"
        below += theirs / ours < WANTED
        print(f"{name:28} {theirs:13.2f} {middle:>13} {ours:9.3f} {theirs / ours:6.1f}x{remark}")
    print(f"{below} of {len(rows)} below {WANTED:.0f}x")


if __name__ == "__main__":
    main()
