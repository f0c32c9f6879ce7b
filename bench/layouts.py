"""The layout compiler against construct: microseconds of CPU a message, for every declaration in the tree and the yardsticks.

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

ROUND = 0.02  # seconds of a round, at least
ROUNDS = 5
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


def microseconds(functions: list[Callable[[bytes], object]], data: bytes) -> list[float]:
    """CPU time of a call of each, the best of ROUNDS; the functions take turns, so that a busy machine slows all alike."""
    counts = [_count(function, data) for function in functions]
    rounds = [[_time(*pair, data) / pair[1] for pair in zip(functions, counts, strict=True)] for _ in range(ROUNDS)]
    return [min(times) * 1e6 for times in zip(*rounds, strict=True)]


def _count(function: Callable[[bytes], object], data: bytes) -> int:
    count = 1
    while _time(function, count, data) < ROUND:
        count *= 2
    return count


def _time(function: Callable[[bytes], object], count: int, data: bytes) -> float:
    start = time.process_time()
    for _ in range(count):
        function(data)
    return time.process_time() - start


def construct_compiled(declaration: Any, data: bytes) -> Callable[[bytes], object] | None:
    """The parser of construct's own compiler, where it can compile the declaration and parse the message."""
    try:
        parse: Callable[[bytes], object] = declaration.compile().parse
        parse(data)
    except Exception:  # noqa: BLE001  it fails in many ways
        return None
    return parse


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
        compiled = construct_compiled(made.declaration, data)
        functions: list[Any] = [made.declaration.parse, made.parse, compiled]
        theirs, ours, *rest = microseconds([function for function in functions if function], data)
        middle = f"{rest[0]:.2f}" if rest else "fails"
        remark = "" if made.compiled else f"  interpreted: {made.why}"
        below += theirs / ours < WANTED
        print(f"{name:28} {theirs:13.2f} {middle:>13} {ours:9.3f} {theirs / ours:6.1f}x{remark}")
    print(f"{below} of {len(rows)} below {WANTED:.0f}x")


if __name__ == "__main__":
    main()
