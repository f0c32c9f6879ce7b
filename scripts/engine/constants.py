"""Columns that hold the same value in each row are put where they are used, and what that decides is left out.

Functions that scripts share are asked with constants: where nobody's name is wanted nothing has to be looked up for it. And most
stores hold what servers saw only: asked for that once, nothing has to be done about what clients saw.
"""

from collections.abc import Callable, Mapping, Sequence

from pxcap.scripts import functions
from pxcap.scripts.engine.graph import in_order, parents, with_parents
from pxcap.scripts.plan import (
    Aggregate,
    Call,
    Column,
    Expression,
    Filter,
    Join,
    Limit,
    Literal,
    Operator,
    Project,
    Rows,
    Scan,
    Union,
    names,
)
from pxcap.scripts.types import Data, Type

Constants = Mapping[str, Expression]
_KEEPS = {"inner": (0, 1), "left": (0,), "right": (1,), "outer": ()}  # sides of a join whose rows are never made up


def simplified(roots: Sequence[Operator], known: Callable[[Scan], Constants] = lambda _: {}) -> list[Operator]:
    """The same plans with constants in place of columns, and without what has no rows.

    Args:
        roots: The plans.
        known: Gives columns of a table that hold the same value in each row.
    """
    made: dict[int, Operator] = {}
    constants: dict[int, Constants] = {}  # by operator as it was
    for node in in_order(roots):
        above = [constants[id(parent)] for parent in parents(node)]
        new = with_parents(node, made)
        if isinstance(new, Project):
            new = Project(new.parent, tuple((name, _simple(one, above[0])) for name, one in new.columns))
        elif isinstance(new, Filter):
            condition = _simple(new.condition, above[0])
            new = Filter(new.parent, condition)
            if isinstance(condition, Literal):
                new = new.parent if condition.value else Rows(node.schema, ())
        new = _without_empty(new, above)
        made[id(node)] = new
        constants[id(node)] = known(node) if isinstance(node, Scan) else _constants(node, new, above)
    return [made[id(root)] for root in roots]


def _without_empty(node: Operator, above: Sequence[Constants]) -> Operator:
    """The operator without parents that have no rows; none itself where it has none then."""
    empty = [isinstance(parent, Rows) and not parent.rows for parent in parents(node)]
    if not any(empty):
        return node
    if isinstance(node, Union):
        rest = tuple(parent for parent, nothing in zip(node.parents, empty, strict=True) if not nothing)
        if rest:
            return Union(rest) if names(rest[0].schema) == names(node.schema) else node
    if isinstance(node, Aggregate) and not node.keys:
        return node  # one row, of nothing
    if isinstance(node, Join):
        kept = {"inner": None, "left": 0, "right": 1, "outer": None}[node.how]
        if kept is None and not (node.how == "inner" or all(empty)):
            return node
        if kept is not None and not empty[kept]:
            alone = zip(node.columns, node.schema, strict=True)
            return Project(
                (node.left, node.right)[kept],
                tuple(
                    (name, _simple(Column(source, field.type), above[kept]) if side == kept else unseen(field.type))
                    for (name, side, source), field in alone
                ),
            )
    return Rows(node.schema, ())


def _constants(node: Operator, new: Operator, above: Sequence[Constants]) -> Constants:
    """The columns that an operator gives the same value in each row."""
    if isinstance(new, Project):
        return {name: one for name, one in new.columns if isinstance(one, Literal) or _is_unseen(one)}
    if isinstance(node, Filter | Limit):
        return above[0]
    if isinstance(node, Aggregate):
        return {name: one for name, one in above[0].items() if name in node.keys}
    if isinstance(node, Join):
        kept = [(name, above[side].get(source)) for name, side, source in node.columns if side in _KEEPS[node.how]]
        return {name: one for name, one in kept if one is not None}
    return {}


def _simple(expression: Expression, known: Constants) -> Expression:
    if isinstance(expression, Column):
        constant = known.get(expression.name, expression)
        return Literal(constant.value, expression.type) if isinstance(constant, Literal) else constant
    if isinstance(expression, Literal):
        return expression
    args = tuple(_simple(arg, known) for arg in expression.args)
    call = Call(expression.function, args, expression.type)
    if args and call.function != "_unseen" and all(isinstance(arg, Literal) for arg in args):
        return functions.fold(call) or call
    return _decided(call) or call


def _decided(call: Call) -> Expression | None:
    """What a call comes to by its first or second argument alone."""
    if call.function == "select":
        condition, *choices = call.args
        if isinstance(condition, Literal) or _is_unseen(condition):
            chosen = choices[0 if isinstance(condition, Literal) and condition.value else 1]
            return chosen if chosen.type.data is call.type.data else None
    if call.function in ("logicalAnd", "logicalOr"):
        decides = call.function == "logicalOr"
        for one, other in (call.args, call.args[::-1]):
            if isinstance(one, Literal) and other.type.data is Data.BOOLEAN:
                return Literal(decides, call.type) if bool(one.value) is decides else other
    return None


def unseen(kind: Type) -> Expression:
    """NULL of a type."""
    values: dict[Data, bool | float | str] = {Data.STRING: "", Data.BOOLEAN: False, Data.FLOAT64: 0.0}
    return Call("_unseen", (Literal(values.get(kind.data, 0), kind),), kind)


def _is_unseen(expression: Expression) -> bool:
    return isinstance(expression, Call) and expression.function == "_unseen"
