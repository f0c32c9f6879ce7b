"""What names of a script stand for while it is read: frames, expressions, lists, functions, modules."""

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeGuard, Union

from pxcap.scripts.language.errors import NotFilled, ScriptError
from pxcap.scripts.plan import Call, Column, Expression, Literal, Operator
from pxcap.scripts.types import Data, Type

if TYPE_CHECKING:
    from pxcap.scripts.language.arguments import Arguments


@dataclass(frozen=True, slots=True)
class Frame:
    """A value: what is done to it makes another.

    Attributes:
        plan: What gives its rows.
        absent: Columns that were chosen and are not there; an error each, unless they are assigned to before anything else.
        window: The ns of `rolling`, None without.
    """

    plan: Operator
    absent: Mapping[str, ScriptError] = field(default_factory=dict)
    window: int | None = None


@dataclass(frozen=True, slots=True)
class Grouped:
    """What `groupby` gives: a frame that waits for `agg`."""

    frame: Frame
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Void:
    """Rows pxcap does not have, and everything made of them; shown, it says why."""

    reason: NotFilled


@dataclass(frozen=True, slots=True)
class Context:
    """`df.ctx`."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class Items:
    """A list or a tuple."""

    values: "tuple[Value, ...]"


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Constant strings and what they stand for."""

    values: "Mapping[str, Value]"


class Callable_(ABC):
    """Something that can be called.

    Attributes:
        name: For errors.
        takes_void: Whether it takes rows pxcap does not have; else what it gives of them is such rows, too.
    """

    name: str
    takes_void: bool

    @abstractmethod
    def call(self, arguments: "Arguments") -> "Value":
        """Its result."""


@dataclass(frozen=True)
class Builtin(Callable_):
    """A function of pxcap's."""

    name: str
    function: "Callable[[Arguments], Value]"
    takes_void: bool = False

    def call(self, arguments: "Arguments") -> "Value":
        """Its result."""
        return self.function(arguments)


@dataclass(frozen=True)
class Kind(Callable_):
    """A type: an annotation, and a cast when called.

    Attributes:
        type: None for what is no column's type (a list, a frame).
    """

    name: str
    type: Type | None
    cast: "Callable[[Arguments], Value]"
    takes_void: bool = False

    def call(self, arguments: "Arguments") -> "Value":
        """What is given, said to be of this type."""
        return self.cast(arguments)


@dataclass(frozen=True)
class UserFunction(Callable_):
    """A function the script defines.

    Attributes:
        node: Its definition.
        defaults: Values of the parameters that have one.
        annotations: Types of the parameters that have one.
        run: Evaluates its body with all parameters bound.
    """

    name: str
    node: ast.FunctionDef
    defaults: "Mapping[str, Value]"
    annotations: "Mapping[str, Value]"
    run: "Callable[[UserFunction, Mapping[str, Value]], Value]"
    takes_void: bool = True

    @property
    def parameters(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(one.arg for one in self.node.args.args)

    def call(self, arguments: "Arguments") -> "Value":
        """What its body returns."""
        required = [name for name in self.parameters if name not in self.defaults]
        given = arguments.bind(self.name, self.parameters, required)
        return self.run(self, {**self.defaults, **given})


class Module:
    """A module: names, of which a script may replace some for itself.

    Args:
        name: As it is imported.
        find: What a name of it stands for; None when there is nothing.
        known: All names, for near misses.
    """

    def __init__(self, name: str, find: "Callable[[str], Value | None]", known: Callable[[], list[str]]) -> None:
        self.name = name
        self.known = known
        self.replaced: dict[str, Value] = {}
        self._find = find

    def attribute(self, name: str) -> "Value | None":
        """What a name of it stands for."""
        return self.replaced[name] if name in self.replaced else self._find(name)


Value = Union[  # noqa: UP007 - the classes are above, but some hold it
    Expression, Frame, Grouped, Void, Context, Items, Dictionary, Callable_, Module, None
]


def is_expression(value: Value) -> TypeGuard[Expression]:
    """Whether it is a column's value or a constant."""
    return isinstance(value, Literal | Column | Call)


def described(value: Value) -> str:
    """What a value is, for errors: "a frame", "the string 'x'", "a column of INT64"."""
    match value:
        case Literal(value=constant, type=Type(data=data)):
            shown = repr(constant)
            shown = shown if len(shown) <= 40 else shown[:37] + "..."
            return f"the string {shown}" if data is Data.STRING else shown
        case Column(name=name, type=kind):
            return f"the column {name!r} ({kind.data})"
        case Call(type=kind):
            return f"an expression ({kind.data})"
        case Frame() | Void():
            return "a frame"
        case Grouped():
            return "a grouped frame"
        case Context():
            return "df.ctx"
        case Items():
            return "a list"
        case Dictionary():
            return "a dictionary"
        case Callable_(name=name):
            return f"the function {name}"
        case Module(name=name):
            return f"the module {name}"
    return "None"
