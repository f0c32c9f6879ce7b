"""What a function is: which types it takes and gives, and how SQL says it or Arrow arrays compute it.

SQL of every argument, and of every result, has exactly one type for each data type (`SQL_TYPES`), so that functions fit into
each other; what reads a table casts first. NULL stands for what was never seen: a function of NULL is NULL, but a comparison
with it is false.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pxcap.scripts.plan import Call, Expression
from pxcap.scripts.plan import Literal as Constant
from pxcap.scripts.types import Data, Semantic, Type

if TYPE_CHECKING:
    import pyarrow as pa

    from pxcap.scripts.names import Names

Dialect = Literal["duckdb", "postgres"]
SQL_TYPES: dict[Data, str] = {  # in both dialects
    Data.BOOLEAN: "BOOLEAN",
    Data.INT64: "BIGINT",
    Data.FLOAT64: "DOUBLE PRECISION",
    Data.STRING: "TEXT",
    Data.TIME64NS: "BIGINT",
}
B, I, F, S, T = (
    Data.BOOLEAN,
    Data.INT64,
    Data.FLOAT64,
    Data.STRING,
    Data.TIME64NS,
)  # what tables of functions are made of


@dataclass(frozen=True, slots=True)
class Writing:
    """One call to write as SQL.

    Attributes:
        dialect: Whose SQL.
        args: The arguments as SQL, converted to what the overload takes.
        given: The arguments as expressions, for functions that need to know a constant.
        names: Who is behind addresses and processes.
        join: Joins the keys and values of a JSON object to the query, where it can: given that object and a key as SQL it
            gives the value's, which is NULL for a key that is not there.
    """

    dialect: Dialect
    args: Sequence[str]
    given: Sequence[Expression]
    names: "Names"
    join: "Join | None" = None

    def constant(self, at: int) -> bool | int | float | str | None:
        """The value of that argument, None when it is not a constant."""
        one = self.given[at]
        return one.value if isinstance(one, Constant) else None

    def choose(self, duckdb: str, postgres: str) -> str:
        """The SQL of this dialect."""
        return duckdb if self.dialect == "duckdb" else postgres


Join = Callable[[str, str], str]
Write = Callable[[Writing], str | None]
Arrow = Callable[..., "pa.Array"]  # arrays of equal length in, one of that length out


@dataclass(frozen=True, slots=True)
class Overload:
    """One way to call a function; the last `more` arguments may be repeated."""

    arguments: tuple[Data, ...]
    result: Data
    more: int = 0

    def fits(self, given: Sequence[Data]) -> int | None:
        """How many arguments must be converted for this overload; None when it cannot take them."""
        wanted = self.expanded(len(given))
        if wanted is None:
            return None
        total = 0
        for have, want in zip(given, wanted, strict=True):
            if have is not want:
                if want not in _WIDER.get(have, ()):
                    return None
                total += 1 + _WIDER[have].index(want)
        return total

    def expanded(self, count: int) -> tuple[Data, ...] | None:
        """The types of so many arguments; None when there cannot be so many."""
        extra = count - len(self.arguments)
        if extra == 0:
            return self.arguments
        if not self.more or extra < -self.more or extra % self.more:
            return None
        if extra < 0:
            return self.arguments[:extra]
        return self.arguments + self.arguments[-self.more :] * (extra // self.more)


_WIDER: dict[Data, tuple[Data, ...]] = {  # what a value may also be taken for, the nearest first
    Data.BOOLEAN: (Data.INT64, Data.FLOAT64),
    Data.INT64: (Data.TIME64NS, Data.FLOAT64),
    Data.TIME64NS: (Data.INT64, Data.FLOAT64),
}


def plain(_: Sequence[Type]) -> Semantic:
    """The semantic type of a result that means nothing in particular."""
    return Semantic.NONE


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the values of one row.

    Attributes:
        name: As scripts call it.
        doc: One sentence.
        overloads: Ways to call it, the first that fits best is taken.
        semantic: The semantic type of the result, from the types given.
        write: Its SQL; None, or None as result, where a dialect cannot say it.
        arrow: Its computation over arrays; needed where DuckDB's SQL cannot say it.
        named: The Names of the run decide its result; `arrow`, where there is one, is given them first.
        shared: The name of `arrow` where several functions have the same.
    """

    name: str
    doc: str
    overloads: tuple[Overload, ...]
    semantic: Callable[[Sequence[Type]], Semantic] = plain
    write: Write | None = None
    arrow: Arrow | None = None
    named: bool = False
    shared: str = ""


@dataclass(frozen=True, slots=True)
class AggregateFunction:
    """A function of the values of one column in a group.

    Attributes:
        name: As scripts call it.
        doc: One sentence.
        results: What it gives for each data type it takes.
        semantic: The semantic type of the result, from that of the column.
        write: SQL of dialect, column as SQL and its data type; None where the dialect cannot say it.
        arrow: Where the aggregate ends in a function of the list of values: that function, over an array of lists.
    """

    name: str
    doc: str
    results: dict[Data, Data]
    write: Callable[[Dialect, str, Data], str | None]
    semantic: Callable[[Type], Semantic] = field(default=lambda _: Semantic.NONE)
    arrow: Arrow | None = None


def cast_sql(text: str, have: Data, want: Data) -> str:
    """SQL of one data type converted to another it may be taken for."""
    if SQL_TYPES[have] == SQL_TYPES[want]:
        return text
    if have is Data.BOOLEAN:  # PostgreSQL casts it to no other number
        text = f"({text})::INT"
    return f"({text})::{SQL_TYPES[want]}"


def quoted(text: str) -> str:
    """A string constant in both dialects (PostgreSQL with standard_conforming_strings, which is the default)."""
    return "'" + text.replace("'", "''") + "'"


def float_text(value: str) -> str:
    """SQL that writes a float as both databases do: the shortest text that gives it again, integers without a point."""
    whole = f"{value} = floor({value}) AND abs({value}) < 9e18"
    return f"(CASE WHEN {whole} THEN ({value})::BIGINT::TEXT ELSE ({value})::TEXT END)"


def types_of(call: Call) -> tuple[Type, ...]:
    """The types of a call's arguments."""
    return tuple(one.type for one in call.args)
