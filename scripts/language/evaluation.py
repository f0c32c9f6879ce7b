"""Evaluates expressions of a script; what is no part of PxL is refused by name."""

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pxcap.core.errors import UsageError
from pxcap.scripts import names
from pxcap.scripts.language import expressions, frames
from pxcap.scripts.language.arguments import Arguments, Given, located
from pxcap.scripts.language.errors import Place, ScriptError, near, unknown
from pxcap.scripts.language.methods import METHODS, grouped_method, method
from pxcap.scripts.language.scope import Scope
from pxcap.scripts.language.session import Session
from pxcap.scripts.language.values import (
    Callable_,
    Context,
    Dictionary,
    Frame,
    Grouped,
    Items,
    Module,
    Value,
    Void,
    described,
    is_expression,
)
from pxcap.scripts.plan import Expression, Literal
from pxcap.scripts.types import BOOLEAN, FLOAT64, INT64, STRING, Type

_CONSTANTS: dict[type, Type] = {bool: BOOLEAN, int: INT64, float: FLOAT64, str: STRING}
_NO_PART = {  # of PxL, and how people call it
    "Await": "await",
    "DictComp": "a comprehension",
    "GeneratorExp": "a comprehension",
    "IfExp": "'if' (px.select chooses between values)",
    "JoinedStr": "an f-string",
    "Lambda": "lambda",
    "ListComp": "a comprehension",
    "NamedExpr": "':='",
    "Set": "a set",
    "SetComp": "a comprehension",
    "Slice": "a slice",
    "Starred": "'*'",
    "Yield": "yield",
    "YieldFrom": "yield",
}

_NO_OPERATORS: dict[type[ast.AST], str] = {
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.FloorDiv: "//",
    ast.In: "in",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.LShift: "<<",
    ast.MatMult: "@",
    ast.NotIn: "not in",
    ast.Pow: "**",
    ast.RShift: ">>",
}


def no_part(node: ast.AST) -> ScriptError:
    """The error for syntax that PxL does not have."""
    name = type(node).__name__
    return ScriptError(f"{_NO_PART.get(name, name.lower())} is not part of PxL")


class Evaluator:
    """Evaluates the expressions of one module.

    Args:
        name: The script's, for errors; "" for a module of pxcap's own: errors in it stand where the script calls it.
        session: What all modules share.
    """

    def __init__(self, name: str, session: Session) -> None:
        self._name = name
        self._session = session
        self._evaluators: dict[type[ast.expr], Callable[..., Value]] = {
            ast.Attribute: self._attribute,
            ast.BinOp: self._binary,
            ast.BoolOp: self._logic,
            ast.Call: self._call,
            ast.Compare: self._compare,
            ast.Constant: self._constant,
            ast.Dict: self._dictionary,
            ast.List: self._items,
            ast.Name: self._variable,
            ast.Subscript: self._subscript,
            ast.Tuple: self._items,
            ast.UnaryOp: self._unary,
        }

    def place(self, node: ast.AST) -> Place:
        """Where a node stands."""
        if not self._name and self._session.calling is not None:
            return self._session.calling
        return Place(self._name, getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1)

    @contextmanager
    def at(self, node: ast.AST) -> Iterator[None]:
        """One thing the script does: errors from inside stand where it does, unless they know better.

        Raises:
            ScriptError: The script does too much.
        """
        try:
            with self._session.step():
                yield
        except ScriptError as error:
            error.place = error.place or self.place(node)
            raise
        except UsageError as error:
            raise located(error, self.place(node)) from error

    def evaluate(self, node: ast.expr, scope: Scope) -> Value:
        """What an expression of the script stands for.

        Raises:
            ScriptError: Something in it is wrong.
        """
        with self.at(node):
            evaluator = self._evaluators.get(type(node))
            if evaluator is None:
                raise no_part(node)
            return evaluator(node, scope)

    def operate(self, operator: ast.operator, left: Value, right: Value) -> Value:
        """An operator between two values.

        Raises:
            UsageError: They do not go together.
        """
        if type(operator) not in expressions.NAMES:
            raise ScriptError(f"{_NO_OPERATORS.get(type(operator), 'this operator')!r} is not part of PxL")
        sign, function = expressions.NAMES[type(operator)]
        if void := _void(left, right):
            return void
        sides = [_expression(side, f"a side of {sign!r}") for side in (left, right)]
        return expressions.called(self._session.builder, function, sides)

    def _constant(self, node: ast.Constant, _: Scope) -> Value:
        if node.value is None:
            return None
        kind = _CONSTANTS.get(type(node.value))
        if kind is None:
            raise ScriptError(f"a constant of {type(node.value).__name__} is not part of PxL")
        return self._session.builder.literal(node.value, kind)  # type: ignore[arg-type]

    def _variable(self, node: ast.Name, scope: Scope) -> Value:
        return scope.find(node.id)

    def _items(self, node: ast.List | ast.Tuple, scope: Scope) -> Value:
        return Items(tuple(self.evaluate(one, scope) for one in node.elts))

    def _dictionary(self, node: ast.Dict, scope: Scope) -> Value:
        found: dict[str, Value] = {}
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            key = None if key_node is None else self.evaluate(key_node, scope)
            if not (isinstance(key, Literal) and isinstance(key.value, str)):
                raise ScriptError(f"a key of a dictionary is {described(key)}, expected a string")
            found[key.value] = self.evaluate(value_node, scope)
        return Dictionary(found)

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Value:
        return self._attribute_of(self.evaluate(node.value, scope), node.attr)

    def _attribute_of(self, value: Value, name: str) -> Value:
        match value:
            case Void():
                return value
            case Frame():
                if name == "ctx":
                    return Context(value)
                return method(self._session, value, name) or frames.column(self._session.builder, value, name)
            case Grouped():
                return grouped_method(self._session, value, name)
            case Module():
                found = value.attribute(name)
                if found is None:
                    raise ScriptError(f"{value.name} has no {name!r}{near(name, value.known())}")
                return found
        raise ScriptError(f"{described(value)} has no {name!r}")

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Value:
        value = self.evaluate(node.value, scope)
        key = self.evaluate(node.slice, scope)
        if void := _void(value, key):
            return void
        builder = self._session.builder
        match value, key:
            case Frame(), Literal(value=str(name)):
                return frames.column(builder, value, name)
            case Frame(), Items(values=wanted):
                chosen = [one.value for one in wanted if isinstance(one, Literal) and isinstance(one.value, str)]
                if len(chosen) != len(wanted):
                    raise ScriptError("columns are chosen by a list of strings")
                return frames.keep(builder, value, chosen, lambda error: self._standing(error, node))
            case Frame(), _:
                return frames.where(builder, value, _expression(key, "what a frame is filtered by"))
            case Context(frame=frame), Literal(value=str(name)):
                schema = frames.settled(frame).plan.schema
                return builder.bound(names.context(name, schema), schema)
            case Items(values=items), Literal(value=int(at)) if type(at) is int and -len(items) <= at < len(items):
                return items[at]
            case Dictionary(values=found), Literal(value=str(name)):
                if name not in found:
                    raise unknown("key", name, found)
                return found[name]
        raise ScriptError(f"{described(value)} cannot be indexed by {described(key)}")

    def _standing(self, error: ScriptError, node: ast.AST) -> ScriptError:
        error.place = error.place or self.place(node)
        return error

    def _call(self, node: ast.Call, scope: Scope) -> Value:
        if isinstance(node.func, ast.Attribute):
            owner = self.evaluate(node.func.value, scope)
            if isinstance(owner, Frame) and node.func.attr not in METHODS:
                raise ScriptError(f"a frame has no method {node.func.attr!r}{near(node.func.attr, METHODS)}")
            function = self._attribute_of(owner, node.func.attr)
        else:
            function = self.evaluate(node.func, scope)
        if isinstance(function, Void):
            return function
        if not isinstance(function, Callable_):
            raise ScriptError(f"{described(function)} cannot be called")
        arguments = self._arguments(node, scope)
        if self._name:
            self._session.calling = self.place(node)
        return function.call(arguments) if function.takes_void else arguments.void() or function.call(arguments)

    def _arguments(self, node: ast.Call, scope: Scope) -> Arguments:
        named: dict[str, Given] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise ScriptError("'**' is not part of PxL")
            if keyword.arg in named:
                raise ScriptError(f"two values for {keyword.arg!r}")
            named[keyword.arg] = Given(keyword.value, self.evaluate(keyword.value, scope))
        positional = [Given(one, self.evaluate(one, scope)) for one in node.args]
        return Arguments(positional, named, node, self.place)

    def _binary(self, node: ast.BinOp, scope: Scope) -> Value:
        """A chain such as a + b + c is a tree as deep as it is long; it is walked without calls in each other."""
        chain = [node]
        while isinstance(chain[-1].left, ast.BinOp):
            chain.append(chain[-1].left)
        value = self.evaluate(chain[-1].left, scope)
        for one in reversed(chain):
            right = self.evaluate(one.right, scope)
            with self.at(one):
                value = self.operate(one.op, value, right)
        return value

    def _unary(self, node: ast.UnaryOp, scope: Scope) -> Value:
        value = self.evaluate(node.operand, scope)
        if isinstance(value, Void):
            return value
        if isinstance(node.op, ast.Not):
            return expressions.inverse(self._session.builder, _expression(value, "what stands behind 'not'"))
        if isinstance(node.op, ast.UAdd):
            return _expression(value, "what stands behind '+'")
        sign, function = expressions.NAMES[type(node.op)]
        one = _expression(value, f"what stands behind {sign!r}")
        return expressions.called(self._session.builder, function, [one])

    def _logic(self, node: ast.BoolOp, scope: Scope) -> Value:
        what = f"a side of {expressions.NAMES[type(node.op)][0]!r}"
        found: Value = self.evaluate(node.values[0], scope)
        for one in node.values[1:]:
            other = self.evaluate(one, scope)
            if void := _void(found, other):
                found = void
            else:
                sides = _expression(found, what), _expression(other, what)
                found = expressions.both(self._session.builder, node.op, *sides)
        return found

    def _compare(self, node: ast.Compare, scope: Scope) -> Value:
        if len(node.ops) != 1:
            raise ScriptError("several comparisons in a row are not part of PxL: write a < b and b < c")
        left, right = self.evaluate(node.left, scope), self.evaluate(node.comparators[0], scope)
        if void := _void(left, right):
            return void
        if type(node.ops[0]) not in expressions.NAMES:
            name = _NO_OPERATORS.get(type(node.ops[0]), "this comparison")
            raise ScriptError(f"{name!r} is not part of PxL", "px.equals_any compares with several values")
        sign, function = expressions.NAMES[type(node.ops[0])]
        sides = [_expression(side, f"a side of {sign!r}") for side in (left, right)]
        return expressions.compared(self._session.builder, function, *sides)


def _void(*values: Value) -> Void | None:
    for value in values:
        if isinstance(value, Void):
            return value
        if isinstance(value, Items):
            for one in value.values:
                if isinstance(one, Void):
                    return one
    return None


def _expression(value: Value, what: str) -> Expression:
    if not is_expression(value):
        raise ScriptError(f"{what} is {described(value)}, expected an expression")
    return value
