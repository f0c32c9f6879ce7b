"""Prints docs/functions.md from the functions themselves: `python -m pxcap.cli.functions > docs/functions.md`."""

import re
from collections.abc import Iterator

from pxcap.scripts.functions import Overload, aggregates, functions

_TELLS_NAMES = re.compile(r"^(pod|service|container|deployment|replicaset|upid|ip|vizier)_.*to_")

HEAD = """# Functions of scripts

Made by `python -m pxcap.cli.functions > docs/functions.md` from the functions themselves; a test fails when it is stale.
`pxcap run px/funcs` lists those of the plugins that are installed, too. What the types mean is in [the language](scripts.md).

A function of NULL, a response that was never seen, is NULL; comparisons with it are false, and aggregates leave it out.
"""


def page() -> str:
    """The page as Markdown."""
    parts = (
        ("Of the values of a row", "call", _functions(False)),
        ("Who is behind processes and addresses", "call", _functions(True)),
        ("Of the values of a group", "in `agg(name=('column', …))`", _aggregates()),
    )
    return "\n".join([HEAD, *(line for title, first, rows in parts for line in _table(title, first, rows))])


def _table(title: str, first: str, rows: Iterator[tuple[str, str, str]]) -> Iterator[str]:
    yield from (f"## {title}", "", f"| {first} | gives | meaning |", "|---|---|---|")
    for cells in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("<RED", "\\<RED") for cell in cells) + " |"
    yield ""


def _functions(of_names: bool) -> Iterator[tuple[str, str, str]]:
    for name, function in sorted(functions().items()):
        if not name.startswith("_") and (function.named or _TELLS_NAMES.search(name) is not None) == of_names:
            calls = "<br>".join(f"`px.{name}{_arguments(one)}`" for one in function.overloads)
            results = [str(one.result) for one in function.overloads]
            yield calls, results[0] if len(set(results)) == 1 else "<br>".join(results), function.doc


def _aggregates() -> Iterator[tuple[str, str, str]]:
    for name, function in sorted(aggregates().items()):
        if not name.startswith("_"):
            results = dict.fromkeys(function.results.values())
            yield f"`px.{name}`", " or ".join(map(str, results)), function.doc


def _arguments(overload: Overload) -> str:
    return f"({', '.join(overload.arguments)}{', …' if overload.more else ''})"


if __name__ == "__main__":
    print(page(), end="")
