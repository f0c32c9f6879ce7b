"""Functions that plugins give to scripts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["bool", "int", "float", "text"]


@dataclass(frozen=True, slots=True)
class ScriptFunction:
    """A function of values of one row, called `px.NAME` by scripts.

    Attributes:
        name: As scripts call it: a Python name.
        doc: What it gives, one sentence.
        arguments: What it takes.
        result: What it gives.
        apply: Computes it, from nothing but its arguments, which are never None; it may return None. It is called once for
            different values, so it may be slow, but the same value may come up more than once.
        table: What it gives for integers, where that is all it does: the database looks them up itself then.
        otherwise: What it gives for other integers then; empty for the number itself.
    """

    name: str
    doc: str
    arguments: tuple[Kind, ...]
    result: Kind
    apply: Callable[..., object]
    table: Mapping[int, str] = field(default_factory=dict)
    otherwise: str = ""


def code_names(name: str, doc: str, table: Mapping[int, str], otherwise: str = "") -> ScriptFunction:
    """A function that names the numbers of a protocol; a number without a name is `otherwise`, or stays a number."""

    def named(code: int) -> str:
        return table.get(code) or otherwise or str(code)

    return ScriptFunction(name, doc, ("int",), "text", named, table, otherwise)
