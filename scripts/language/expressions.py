"""Operators: between constants they are computed at once, else they become functions of a row."""

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

from pxcap.scripts.functions import fold, resolve
from pxcap.scripts.language.builder import MAX_STRING, Builder
from pxcap.scripts.language.errors import ScriptError
from pxcap.scripts.language.values import described
from pxcap.scripts.plan import Column, Expression, Literal
from pxcap.scripts.types import BOOLEAN, Data, Type

NAMES: dict[type[ast.AST], tuple[str, str]] = {  # how a script writes it, and the function
    ast.Add: ("+", "add"),
    ast.Sub: ("-", "subtract"),
    ast.Mult: ("*", "multiply"),
    ast.Div: ("/", "divide"),
    ast.Mod: ("%", "modulo"),
    ast.Eq: ("==", "equal"),
    ast.NotEq: ("!=", "notEqual"),
    ast.Lt: ("<", "lessThan"),
    ast.LtE: ("<=", "lessThanEqual"),
    ast.Gt: (">", "greaterThan"),
    ast.GtE: (">=", "greaterThanEqual"),
    ast.USub: ("-", "negate"),
    ast.Invert: ("~", "invert"),
    ast.Not: ("not", "logicalNot"),
    ast.And: ("and", "logicalAnd"),
    ast.Or: ("or", "logicalOr"),
}
_FOLDED = 1000  # characters of constants; what functions make of more may be too much to make while a script is read
_COMPUTED: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "equal": operator.eq,
    "notEqual": operator.ne,
    "lessThan": operator.lt,
    "lessThanEqual": operator.le,
    "greaterThan": operator.gt,
    "greaterThanEqual": operator.ge,
    "negate": operator.neg,
    "invert": operator.invert,
}


def called(builder: Builder, function: str, args: Sequence[Expression]) -> Expression:
    """A function of a row, or its result where all arguments are constants and it can be said now.

    Raises:
        UsageError: There is no such function, or it does not take such arguments.
    """
    constants = [one.value for one in args if isinstance(one, Literal)]
    if len(constants) < len(args):
        return builder.call(function, args)
    if function in _COMPUTED:
        kind = resolve(function, [one.type for one in args])
        return builder.literal(_computed(function, constants, kind), kind)
    made = builder.call(function, args)
    if sum(len(one) for one in constants if isinstance(one, str)) > _FOLDED:
        return made
    known = fold(made)
    return made if known is None else builder.literal(known.value, known.type)


def _computed(function: str, values: Sequence[Any], kind: Type) -> Any:
    if function == "add" and kind.data is Data.STRING and sum(map(len, values)) > MAX_STRING:
        raise ScriptError(f"a string of more than {MAX_STRING} characters")
    if kind.data is not Data.BOOLEAN:
        values = [int(one) if isinstance(one, bool) else one for one in values]
    try:
        value = _COMPUTED[function](*values)
    except ZeroDivisionError:
        raise ScriptError("division by zero") from None
    except OverflowError:
        raise ScriptError("a number that is too large") from None
    return float(value) if kind.data is Data.FLOAT64 else value


def compared(builder: Builder, function: str, left: Expression, right: Expression) -> Expression:
    """A comparison; the column `protocol` is text, but may be compared with Pixie's number of a protocol, too.

    Raises:
        UsageError: They cannot be compared.
    """
    sides = [left, right]
    for one, other in ((0, 1), (1, 0)):
        text, number = sides[one], sides[other]
        named = isinstance(text, Column) and text.name == "protocol" and text.type.data is Data.STRING
        if named and isinstance(number, Literal) and number.type.data is Data.INT64:
            sides = [called(builder, "protocol_name", [side]) for side in sides]
    return called(builder, function, sides)


def both(builder: Builder, node: ast.boolop, left: Expression, right: Expression) -> Expression:
    """`and`, `or`: a constant decides, or is left out."""
    sign, function = NAMES[type(node)]
    for one in (left, right):
        require_truth(one, f"a side of {sign!r}")
    decides = isinstance(node, ast.Or)
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Literal):
            return builder.literal(decides, BOOLEAN) if one.value is decides else other
    return builder.call(function, (left, right))


def inverse(builder: Builder, one: Expression) -> Expression:
    """`not`."""
    require_truth(one, "what stands behind 'not'")
    if isinstance(one, Literal):
        return builder.literal(not one.value, BOOLEAN)
    return builder.call("logicalNot", (one,))


def require_truth(one: Expression, what: str) -> None:
    """Refuse what is neither true nor false.

    Raises:
        ScriptError: It is not.
    """
    if one.type.data is not Data.BOOLEAN:
        raise ScriptError(f"{what} is {described(one)}, expected BOOLEAN")
