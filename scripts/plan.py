"""The plan a script comes to: relational operators over expressions, all immutable values.

The interpreter makes plans and computes nothing; `scripts/engine` decides what of a plan the database does and what is done
here. An operator's `schema` is what it gives, in order; it is kept, for plans share their parts and asking each way through them
would take forever. Rows have no order unless the engine is told to sort them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pxcap.scripts.types import Field, Schema, Type


@dataclass(frozen=True, slots=True)
class Literal:
    """A value known while the script is read: bool, int, float or str."""

    value: bool | int | float | str
    type: Type


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the operator below."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a row: operators are functions, too (`add`, `equal`, `logicalAnd`, ...; see scripts/functions)."""

    function: str
    args: "tuple[Expression, ...]"
    type: Type


Expression = Literal | Column | Call


@dataclass(frozen=True, slots=True)
class Scan:
    """Rows of a table of the store.

    Attributes:
        table: Its name in the store, aliases allowed.
        schema: The columns wanted, `time_` among them when there is a range.
        start, stop: Only rows with start <= time_ < stop; ns since the epoch, None for no bound.
    """

    table: str
    schema: Schema
    start: int | None = None
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows known while the script is read: what introspection gives."""

    schema: Schema
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Project:
    """Columns made of those below; what is not named is left out."""

    parent: "Operator"
    columns: tuple[tuple[str, Expression], ...]

    @cached_property
    def schema(self) -> Schema:
        """The columns, in order."""
        return tuple(Field(name, expression.type) for name, expression in self.columns)


@dataclass(frozen=True)
class Filter:
    """The rows for which the condition holds."""

    parent: "Operator"
    condition: Expression

    @cached_property
    def schema(self) -> Schema:
        """That of the parent."""
        return self.parent.schema


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One aggregate: `name=(column, function)`."""

    name: str
    function: str  # count, sum, mean, min, max, any, quantiles, ...
    column: str
    type: Type


@dataclass(frozen=True)
class Aggregate:
    """One row for each group of equal keys; one row in all without keys, also of no rows at all."""

    parent: "Operator"
    keys: tuple[str, ...]
    aggregations: tuple[Aggregation, ...]

    @cached_property
    def schema(self) -> Schema:
        """The keys, then the aggregates."""
        types = {field.name: field.type for field in self.parent.schema}
        keys = tuple(Field(key, types[key]) for key in self.keys)
        return (*keys, *(Field(one.name, one.type) for one in self.aggregations))


@dataclass(frozen=True)
class Join:
    """Rows of both sides whose keys are equal; where a row has no partner, the other side's columns are NULL.

    Attributes:
        how: inner, left, right or outer.
        columns: Name in the result, side (0 left, 1 right) and name there.
    """

    left: "Operator"
    right: "Operator"
    how: str
    left_on: tuple[str, ...]
    right_on: tuple[str, ...]
    columns: tuple[tuple[str, int, str], ...]

    @cached_property
    def schema(self) -> Schema:
        """The columns, in order."""
        types = [{field.name: field.type for field in side.schema} for side in (self.left, self.right)]
        return tuple(Field(name, types[side][source]) for name, side, source in self.columns)


@dataclass(frozen=True)
class Union:
    """The rows of all parents, which have the same columns by name; in the order of the first."""

    parents: "tuple[Operator, ...]"

    @cached_property
    def schema(self) -> Schema:
        """That of the first."""
        return self.parents[0].schema


@dataclass(frozen=True)
class Limit:
    """At most so many rows: the newest by `time_` where there is such a column, so that every store gives the same."""

    parent: "Operator"
    rows: int

    @cached_property
    def schema(self) -> Schema:
        """That of the parent."""
        return self.parent.schema


@dataclass(frozen=True)
class Counts:
    """Counters that only grow, of totals that are counted anew again and again; each count has a row of where it began.

    That row is there where a counter is asked for.

    Attributes:
        parent: Gives rows that tell what was counted up to their `time_`.
        keys: Columns that tell whose counters they are.
        first: The column with the time of the first row of the same count.
        counters: The columns with what was counted.
    """

    parent: "Operator"
    keys: tuple[str, ...]
    first: str
    counters: tuple[str, ...]

    @cached_property
    def schema(self) -> Schema:
        """That of the parent."""
        return self.parent.schema


Operator = Scan | Rows | Project | Filter | Aggregate | Join | Union | Limit | Counts


@dataclass(frozen=True, slots=True)
class Output:
    """A frame the script displays."""

    name: str
    plan: Operator


def columns_of(expression: Expression) -> set[str]:
    """Names of the columns an expression reads."""
    found: set[str] = set()
    waiting: list[Expression] = [expression]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Column):
            found.add(one.name)
        elif isinstance(one, Call):
            waiting.extend(one.args)
    return found


def names(schema: Sequence[Field]) -> tuple[str, ...]:
    """The names of the columns."""
    return tuple(field.name for field in schema)
