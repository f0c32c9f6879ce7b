"""Columns that hold the same value in each row are put where they are used, and what that decides is left out.

Functions that scripts share are asked with constants: where nobody's name is wanted nothing has to be looked up for it.
"""

from collections.abc import Mapping, Sequence
from typing import cast

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
)
from pxcap.scripts.types import Data

Constants = Mapping[str, Literal]
_KEEPS = {"inner": (0, 1), "left": (0,), "right": (1,), "outer": ()}  # sides of a join whose rows are never made up


def simplified(roots: Sequence[Operator]) -> list[Operator]:
    """The same plans with constants in place of columns."""
    made: dict[int, Operator] = {}
    constants: dict[int, Constants] = {}  # by operator as it was
    for node in in_order(roots):
        above = [constants[id(parent)] for parent in parents(node)]
        new = with_parents(node, made)
        if isinstance(new, Project):
            new = Project(new.parent, tuple((name, _simple(one, above[0])) for name, one in new.columns))
        elif isinstance(new, Filter):
            condition = _simple(new.condition, above[0])
            always = isinstance(condition, Literal) and condition.value is True
            new = new.parent if always else Filter(new.parent, condition)
        made[id(node)] = new
        constants[id(node)] = _constants(node, new, above)
    return [made[id(root)] for root in roots]


def _constants(node: Operator, new: Operator, above: Sequence[Constants]) -> Constants:
    """The columns that an operator gives the same value in each row."""
    if isinstance(node, Project):
        return {name: one for name, one in cast("Project", new).columns if isinstance(one, Literal)}
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
        return Literal(known[expression.name].value, expression.type) if expression.name in known else expression
    if isinstance(expression, Literal):
        return expression
    args = tuple(_simple(arg, known) for arg in expression.args)
    call = Call(expression.function, args, expression.type)
    if args and all(isinstance(arg, Literal) for arg in args):
        return functions.fold(call) or call
    return _decided(call) or call


def _decided(call: Call) -> Expression | None:
    """What a call comes to by its first or second argument alone."""
    if call.function == "select":
        condition, *choices = call.args
        if isinstance(condition, Literal):
            chosen = choices[0 if condition.value else 1]
            return chosen if chosen.type.data is call.type.data else None
    if call.function in ("logicalAnd", "logicalOr"):
        decides = call.function == "logicalOr"
        for one, other in (call.args, call.args[::-1]):
            if isinstance(one, Literal) and other.type.data is Data.BOOLEAN:
                return Literal(decides, call.type) if bool(one.value) is decides else other
    return None
