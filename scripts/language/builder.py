"""Plans whose equal parts are one object, so that what is asked twice is scanned and computed once; and their limits.

Everything an expression or an operator is made of is made here, too; so two are equal exactly when they are the same object,
and nothing ever walks a shared part twice to compare it.
"""

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any, TypeVar, cast

from pxcap.scripts import functions
from pxcap.scripts.language.errors import ScriptError, unknown
from pxcap.scripts.plan import (
    Aggregate,
    Aggregation,
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
)
from pxcap.scripts.types import Schema, Type

MAX_STRING = 64 * 1024  # characters of a constant
MAX_EXPRESSION = 5000  # functions, columns and constants in one expression
MAX_EXPRESSION_DEPTH = 100
MAX_OPERATORS = 100_000  # in one plan, shared ones counted as often as they are used
MAX_DEPTH = 200
INT64_MAX = 2**63 - 1

Part = TypeVar("Part")


class Builder:
    """Makes the plans of one script."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], Any] = {}
        self._sizes: dict[
            int, tuple[int, int]
        ] = {}  # by id of a part that _made keeps: how many there are in it, how deep

    def literal(self, value: bool | float | str, type_: Type) -> Literal:
        """A constant.

        Raises:
            ScriptError: It is too long, or no number that a column can hold.
        """
        if isinstance(value, str):
            if len(value) > MAX_STRING:
                raise ScriptError(f"a string of {len(value)} characters, at most {MAX_STRING} are allowed")
            if "\0" in value or (not value.isascii() and _has_surrogates(value)):
                raise ScriptError("a string with a character that no text can hold")
        if isinstance(value, int) and not -INT64_MAX - 1 <= value <= INT64_MAX:
            raise ScriptError("a number of more than 64 bits")
        if isinstance(value, float) and not isfinite(value):
            raise ScriptError(f"{value} is not a number")
        key = ("literal", type(value), str(value) if isinstance(value, float) else value, type_)
        return self._expression(key, lambda: Literal(value, type_), ())

    def column(self, name: str, type_: Type) -> Column:
        """A column of the frame the expression is for."""
        return self._expression(("column", name, type_), lambda: Column(name, type_), ())

    def call(self, function: str, args: Sequence[Expression], type_: Type | None = None) -> Call:
        """A function of a row; its type is found when none is given.

        Raises:
            UsageError: There is no such function, it does not take such arguments, or there is too much in them.
        """
        if type_ is None:
            made = functions.call(function, args)
            function, args, type_ = made.function, made.args, made.type
        own = tuple(one if id(one) in self._sizes else self.replaced(one, self._own_column) for one in args)
        kind = type_
        key = ("call", function, *map(id, own), kind)
        return self._expression(key, lambda: Call(function, own, kind), own)

    def _own_column(self, column: Column) -> Column:
        return self.column(column.name, column.type)

    def typed(self, expression: Expression, type_: Type) -> Expression:
        """The same value, said to be of that type."""
        if expression.type == type_:
            return expression
        if isinstance(expression, Literal):
            return self.literal(expression.value, type_)
        if isinstance(expression, Column):
            return self.column(expression.name, type_)
        return self.call(expression.function, expression.args, type_)

    def bound(self, expression: Expression, schema: Schema) -> Expression:
        """The expression for a frame with these columns: columns are found by their names, whatever frame they were of.

        Raises:
            ScriptError: The frame has no such column.
            UsageError: Its type does not fit.
        """
        types = {field.name: field.type for field in schema}

        def column(one: Column) -> Expression:
            if one.name not in types:
                raise unknown("column", one.name, types)
            kept = types[one.name].data is one.type.data
            return self.column(one.name, one.type if kept else types[one.name])

        return self.replaced(expression, column)

    def replaced(self, expression: Expression, column: Callable[[Column], Expression]) -> Expression:
        """The expression with each column made into something else; parts are made here, if they were not."""
        done: dict[int, Expression] = {}

        def make(one: Expression) -> Expression:
            if id(one) not in done:
                if isinstance(one, Literal):
                    done[id(one)] = self.literal(one.value, one.type)
                elif isinstance(one, Column):
                    done[id(one)] = column(one)
                else:
                    args = [make(arg) for arg in one.args]
                    same = all(new.type.data is old.type.data for new, old in zip(args, one.args, strict=True))
                    done[id(one)] = self.call(one.function, args, one.type if same else None)
            return done[id(one)]

        return make(expression)

    def scan(self, table: str, schema: Schema, start: int | None, stop: int | None) -> Operator:
        """Rows of a table."""
        return self._operator(("scan", table, schema, start, stop), lambda: Scan(table, schema, start, stop), ())

    def rows(self, schema: Schema, rows: tuple[tuple[Any, ...], ...]) -> Operator:
        """Rows known now."""
        return self._operator(("rows", schema, rows), lambda: Rows(schema, rows), ())

    def project(self, parent: Operator, columns: Mapping[str, Expression]) -> Operator:
        """Columns made of the parent's; one projection of another becomes a single one where nothing is computed twice."""
        if isinstance(parent, Project) and (merged := self._merged(parent, columns)) is not None:
            parent, columns = parent.parent, merged
        if all(isinstance(one, Column) and one.name == name for name, one in columns.items()):
            have = tuple((field.name, field.type) for field in parent.schema)
            if have == tuple((name, one.type) for name, one in columns.items()):
                return parent
        key = ("project", id(parent), *((name, id(one)) for name, one in columns.items()))
        return self._operator(key, lambda: Project(parent, tuple(columns.items())), (parent,))

    def _merged(self, parent: Project, columns: Mapping[str, Expression]) -> dict[str, Expression] | None:
        below = dict(parent.columns)
        uses = dict.fromkeys(below, 0)

        def count(one: Column) -> Expression:
            uses[one.name] += 1
            return one

        for expression in columns.values():
            self._each_column(expression, count)
        if any(uses[name] > 1 and isinstance(below[name], Call) for name in below):
            return None
        merged = {
            name: self.replaced(one, lambda column: self.typed(below[column.name], column.type))
            for name, one in columns.items()
            if self._fits(one, below)
        }
        return merged if len(merged) == len(columns) else None

    def _fits(self, expression: Expression, below: Mapping[str, Expression]) -> bool:
        """Whether the expression stays small enough with those below in it."""
        size, depth = self._sizes[id(expression)]
        added: list[tuple[int, int]] = [(0, 0)]

        def note(one: Column) -> Expression:
            added.append(self._sizes[id(below[one.name])])
            return one

        self._each_column(expression, note)
        return (
            size + sum(one for one, _ in added) <= MAX_EXPRESSION
            and depth + max(one for _, one in added) <= MAX_EXPRESSION_DEPTH
        )

    @staticmethod
    def _each_column(expression: Expression, visit: Callable[[Column], object]) -> None:
        """Visit each use of a column: a part that is used twice counts twice, as it is computed twice."""
        waiting = [expression]
        while waiting:
            one = waiting.pop()
            if isinstance(one, Column):
                visit(one)
            elif isinstance(one, Call):
                waiting.extend(one.args)

    def filter(self, parent: Operator, condition: Expression) -> Operator:
        """The rows for which the condition holds."""
        return self._operator(("filter", id(parent), id(condition)), lambda: Filter(parent, condition), (parent,))

    def aggregate(self, parent: Operator, keys: tuple[str, ...], aggregations: tuple[Aggregation, ...]) -> Operator:
        """One row for each group."""
        key = ("aggregate", id(parent), keys, aggregations)
        return self._operator(key, lambda: Aggregate(parent, keys, aggregations), (parent,))

    def join(
        self,
        sides: tuple[Operator, Operator],
        how: str,
        on: tuple[tuple[str, ...], tuple[str, ...]],
        columns: tuple[tuple[str, int, str], ...],
    ) -> Operator:
        """Rows of both sides whose keys are equal."""
        key = ("join", *map(id, sides), how, on, columns)
        return self._operator(key, lambda: Join(*sides, how, *on, columns), sides)

    def union(self, parents: Sequence[Operator]) -> Operator:
        """The rows of all."""
        return self._operator(("union", *map(id, parents)), lambda: Union(tuple(parents)), parents)

    def limit(self, parent: Operator, rows: int) -> Operator:
        """At most so many rows."""
        return self._operator(("limit", id(parent), rows), lambda: Limit(parent, rows), (parent,))

    def _expression(self, key: tuple[Any, ...], make: Callable[[], Part], below: Sequence[Expression]) -> Part:
        return self._part(key, make, below, (MAX_EXPRESSION, MAX_EXPRESSION_DEPTH), "an expression")

    def _operator(self, key: tuple[Any, ...], make: Callable[[], Part], below: Sequence[Operator]) -> Part:
        return self._part(key, make, below, (MAX_OPERATORS, MAX_DEPTH), "a plan")

    def _part(
        self,
        key: tuple[Any, ...],
        make: Callable[[], Part],
        below: Sequence[object],
        limits: tuple[int, int],
        what: str,
    ) -> Part:
        if key not in self._made:
            sizes = [self._sizes[id(one)] for one in below]
            size = 1 + sum(one for one, _ in sizes)
            depth = 1 + max((one for _, one in sizes), default=0)
            if size > limits[0] or depth > limits[1]:
                raise ScriptError(
                    f"{what} of {size} parts, {depth} deep: at most {limits[0]} and {limits[1]} are allowed"
                )
            made = self._made[key] = make()
            self._sizes[id(made)] = (size, depth)
        return cast(Part, self._made[key])


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= one <= "\udfff" for one in text)
