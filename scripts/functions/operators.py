"""Operators, under the names by which the language calls them: arithmetic, comparison, logic.

Division gives a float, also of integers; by zero it gives NULL (PostgreSQL would end the query). Remainders have the sign of
the dividend, as in C.
"""

from collections.abc import Sequence

from pxcap.scripts.functions.base import B, F, Function, I, Overload, S, T, Write, Writing
from pxcap.scripts.types import Semantic, Type

_KEPT = (Semantic.BYTES, Semantic.THROUGHPUT_PER_NS, Semantic.THROUGHPUT_BYTES_PER_NS, Semantic.DURATION_NS)


def inherited(types: Sequence[Type], kept: Sequence[Semantic] = _KEPT) -> Semantic:
    """The semantic type all arguments share, where arithmetic leaves it what it is; constants do not count against it."""
    if any(one.data is T for one in types):
        return Semantic.NONE
    found = {one.semantic for one in types} - {Semantic.NONE}
    if len(found) == 1 and (one := found.pop()) in kept:
        return one
    return Semantic.NONE


def magnitude(types: Sequence[Type]) -> Semantic:
    """That of the first argument: functions that change a value but not what it is."""
    return inherited(types[:1], (*_KEPT, Semantic.PERCENT))


def _difference(types: Sequence[Type]) -> Semantic:
    """Between two times there is a duration."""
    return Semantic.DURATION_NS if all(one.semantic is Semantic.TIME_NS for one in types) else inherited(types)


def _quotient(types: Sequence[Type]) -> Semantic:
    dividend, divisor = (one.semantic for one in types)
    if divisor is Semantic.DURATION_NS:  # of a rate: px.DurationNanos(1), by which scripts say that it is one
        if dividend in (Semantic.NONE, Semantic.THROUGHPUT_PER_NS):
            return Semantic.THROUGHPUT_PER_NS
        if dividend in (Semantic.BYTES, Semantic.THROUGHPUT_BYTES_PER_NS):
            return Semantic.THROUGHPUT_BYTES_PER_NS
    if divisor is Semantic.NONE and dividend in _KEPT:  # half of so many bytes are bytes
        return dividend
    return Semantic.NONE


def _product(types: Sequence[Type]) -> Semantic:
    return inherited(types) if sum(one.semantic is Semantic.NONE for one in types) == 1 else Semantic.NONE


def infix(operator: str) -> Write:
    """SQL of an operator between two arguments."""
    return lambda call: f"({call.args[0]} {operator} {call.args[1]})"


def _add(call: Writing) -> str:
    operator = "||" if all(one.type.data is S for one in call.given) else "+"
    return f"({call.args[0]} {operator} {call.args[1]})"


def _divide(call: Writing) -> str:
    return f"({call.args[0]} / NULLIF({call.args[1]}, 0))"


def _modulo(call: Writing) -> str:
    return f"({call.args[0]} % NULLIF({call.args[1]}, 0))"


def _comparison(operator: str) -> Write:
    def write(call: Writing) -> str:
        left, right = call.args
        if call.dialect == "postgres" and operator[0] in "<>" and operator != "<>" and call.given[0].type.data is S:
            left += ' COLLATE "C"'  # DuckDB compares bytes
        return f"COALESCE({left} {operator} {right}, FALSE)"

    return write


def _approximate(call: Writing) -> str:
    return f"COALESCE(abs({call.args[0]} - {call.args[1]}) < 1e-9, FALSE)"


def _truth(call: Writing, at: int) -> str:
    return call.args[at] if call.given[at].type.data is B else f"({call.args[at]} <> 0)"


def _logical(operator: str) -> Write:
    return lambda call: f"({_truth(call, 0)} {operator} {_truth(call, 1)})"


def _not(call: Writing) -> str:
    return f"(NOT COALESCE({_truth(call, 0)}, FALSE))"


def _negate(call: Writing) -> str:
    return f"(- {call.args[0]})"


def _select(call: Writing) -> str:
    return f"(CASE WHEN {call.args[0]} THEN {call.args[1]} ELSE {call.args[2]} END)"


def _selected(types: Sequence[Type]) -> Semantic:
    """What both choices are; a constant takes the other's meaning."""
    found = {one.semantic for one in types[1:]} - {Semantic.NONE}
    return found.pop() if len(found) == 1 else Semantic.NONE


_NUMBERS = (Overload((I, I), I), Overload((F, F), F))
_COMPARED = (Overload((I, I), B), Overload((T, T), B), Overload((F, F), B), Overload((S, S), B))
_EQUALS = (Overload((B, B), B), *_COMPARED)
_LOGIC = (Overload((B, B), B), Overload((I, I), B))

FUNCTIONS = (
    Function(
        "add",
        "Adds two numbers, or a number of ns to a time; joins two strings.",
        (Overload((I, I), I), Overload((T, I), T), Overload((I, T), T), Overload((F, F), F), Overload((S, S), S)),
        inherited,
        _add,
    ),
    Function(
        "subtract",
        "Subtracts the second value from the first; of two times it gives the ns between them.",
        (Overload((I, I), I), Overload((T, T), I), Overload((T, I), T), Overload((F, F), F)),
        _difference,
        infix("-"),
    ),
    Function("multiply", "Multiplies two numbers.", _NUMBERS, _product, infix("*")),
    Function("divide", "Divides the first value by the second.", (Overload((F, F), F),), _quotient, _divide),
    Function("modulo", "The remainder of a division.", (Overload((I, I), I),), write=_modulo),
    Function("negate", "The value with the other sign.", (Overload((I,), I), Overload((F,), F)), magnitude, _negate),
    Function(
        "invert", "The value with all bits turned.", (Overload((I,), I),), write=lambda call: f"(~ {call.args[0]})"
    ),
    Function("equal", "Whether two values are equal.", _EQUALS, write=_comparison("=")),
    Function("notEqual", "Whether two values differ.", _EQUALS, write=_comparison("<>")),
    Function("lessThan", "Whether the first value is less.", _COMPARED, write=_comparison("<")),
    Function("lessThanEqual", "Whether the first value is not greater.", _COMPARED, write=_comparison("<=")),
    Function("greaterThan", "Whether the first value is greater.", _COMPARED, write=_comparison(">")),
    Function("greaterThanEqual", "Whether the first value is not less.", _COMPARED, write=_comparison(">=")),
    Function(
        "approxEqual", "Whether two numbers differ by less than 1e-9.", (Overload((F, F), B),), write=_approximate
    ),
    Function("logicalAnd", "Whether both are true.", _LOGIC, write=_logical("AND")),
    Function("logicalOr", "Whether one is true.", _LOGIC, write=_logical("OR")),
    Function("logicalNot", "Whether the value is not true.", (Overload((B,), B), Overload((I,), B)), write=_not),
    Function(
        "select",
        "The second value where the first is true, else the third.",
        tuple(Overload((B, one, one), one) for one in (B, I, T, F, S)),
        _selected,
        _select,
    ),
    Function(
        "_unseen",
        "NULL, of the type of the argument.",
        tuple(Overload((one,), one) for one in (B, I, T, F, S)),
        magnitude,
        lambda call: f"(CASE WHEN FALSE THEN {call.args[0]} END)",
    ),
    Function("time_to_int64", "A time as ns since the epoch.", (Overload((T,), I),), write=lambda call: call.args[0]),
    Function("int64_to_time", "Ns since the epoch as a time.", (Overload((I,), T),), write=lambda call: call.args[0]),
)
