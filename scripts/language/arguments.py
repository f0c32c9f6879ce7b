"""The arguments of one call: bound to parameters, and checked for what they have to be."""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pxcap.core.errors import UsageError
from pxcap.scripts.language.errors import Place, ScriptError, near
from pxcap.scripts.language.values import Frame, Grouped, Items, Value, Void, described, is_expression
from pxcap.scripts.plan import Expression, Literal


@dataclass(frozen=True, slots=True)
class Given:
    """One argument and where it stands."""

    node: ast.AST
    value: Value


class Bound(Mapping[str, Value]):
    """Arguments by parameter; the methods say what one has to be, and errors stand where it does.

    Args:
        function: Its name, for errors.
        given: What was given.
        place: Where a node stands.
    """

    def __init__(self, function: str, given: Mapping[str, Given], place: Callable[[ast.AST], Place]) -> None:
        self._function = function
        self._given = given
        self._place = place

    def __getitem__(self, name: str) -> Value:
        return self._given[name].value

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    @contextmanager
    def at(self, name: str) -> Iterator[None]:
        """Errors from inside are about this argument."""
        try:
            yield
        except UsageError as error:
            raise located(error, self._place(self._given[name].node)) from error

    def wrong(self, name: str, expected: str) -> ScriptError:
        """The error for an argument that is not what it has to be."""
        given = self._given[name]
        problem = f"{name} of {self._function} is {described(given.value)}, expected {expected}"
        return ScriptError(problem, place=self._place(given.node))

    def text(self, name: str, default: str | None = None) -> str:
        """A constant string."""
        if default is not None and name not in self:
            return default
        value = self[name]
        if isinstance(value, Literal) and isinstance(value.value, str):
            return value.value
        raise self.wrong(name, "a string")

    def texts(self, name: str) -> tuple[str, ...]:
        """A constant string or a list of them."""
        value = self[name]
        items = value.values if isinstance(value, Items) else (value,)
        texts = tuple(one.value for one in items if isinstance(one, Literal) and isinstance(one.value, str))
        if len(texts) != len(items):
            raise self.wrong(name, "a string or a list of strings")
        return texts

    def integer(self, name: str, default: int | None = None) -> int:
        """A constant integer."""
        if default is not None and name not in self:
            return default
        value = self[name]
        if isinstance(value, Literal) and isinstance(value.value, int) and not isinstance(value.value, bool):
            return value.value
        raise self.wrong(name, "a whole number")

    def expression(self, name: str) -> Expression:
        """A column's value or a constant."""
        value = self[name]
        if is_expression(value):
            return value
        raise self.wrong(name, "an expression")

    def frame(self, name: str) -> Frame:
        """A frame."""
        value = self[name]
        if isinstance(value, Frame):
            return value
        raise self.wrong(name, "a frame" if not isinstance(value, Grouped) else "a frame: .agg(...) is missing")


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call.

    Attributes:
        positional, named: As they stand in the call.
        node: The call.
        place: Where a node stands.
    """

    positional: Sequence[Given]
    named: Mapping[str, Given]
    node: ast.AST
    place: Callable[[ast.AST], Place]

    def bind(self, function: str, parameters: Sequence[str], required: Sequence[str]) -> Bound:
        """Each argument under the name of its parameter.

        Raises:
            ScriptError: There are too many or unknown ones, or one is missing.
        """
        if len(self.positional) > len(parameters):
            extra = self.positional[len(parameters)]
            problem = f"{function} takes {counted(len(parameters), 'argument')}, found {len(self.positional)}"
            raise ScriptError(problem, place=self.place(extra.node))
        found = dict(zip(parameters, self.positional, strict=False))
        for name, given in self.named.items():
            if name not in parameters:
                problem = f"{function} has no argument {name!r}{near(name, parameters)}"
                raise ScriptError(problem, f"it has: {', '.join(parameters) or 'none'}", self.place(given.node))
            if name in found:
                raise ScriptError(f"{function} has two values for {name!r}", place=self.place(given.node))
            found[name] = given
        if missing := [name for name in required if name not in found]:
            raise ScriptError(f"{function} needs {' and '.join(map(repr, missing))}", place=self.place(self.node))
        return Bound(function, found, self.place)

    def void(self) -> Void | None:
        """The first argument that is of rows pxcap does not have, or holds one."""
        for given in (*self.positional, *self.named.values()):
            for one in (given.value, *(given.value.values if isinstance(given.value, Items) else ())):
                if isinstance(one, Void):
                    return one
        return None


def counted(count: int, what: str) -> str:
    """`1 argument`, `2 arguments`, `no arguments`."""
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"


def located(error: UsageError, place: Place) -> ScriptError:
    """The error with its place; who knew it first knows it best."""
    if isinstance(error, ScriptError):
        error.place = error.place or place
        return error
    return ScriptError(str(error), error.hint, place)
