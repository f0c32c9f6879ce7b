"""One SQL text for a plan, for DuckDB or PostgreSQL: a common table expression for each operator, named in order."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pxcap.scripts import functions
from pxcap.scripts.engine import counts
from pxcap.scripts.engine.graph import in_order, parents
from pxcap.scripts.functions import SQL_TYPES, Dialect
from pxcap.scripts.plan import (
    Aggregate,
    Call,
    Column,
    Counts,
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
from pxcap.scripts.types import Data, Schema

if TYPE_CHECKING:
    from pxcap.scripts.names import Names

_LOGIC = {"logicalAnd": " AND ", "logicalOr": " OR "}
_COMPARISONS = ("equal", "notEqual", "lessThan", "lessThanEqual", "greaterThan", "greaterThanEqual")
_JOINS = {"inner": "JOIN", "left": "LEFT JOIN", "right": "RIGHT JOIN", "outer": "FULL JOIN"}


class NotInSql(Exception):
    """The database has no way to say it."""


def quoted(name: str) -> str:
    """A name as SQL takes any."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: bool | float | str, data: Data) -> str:
    """A constant of a data type."""
    if isinstance(value, str):
        text = "'" + value.replace("\0", "").replace("'", "''") + "'"
    elif isinstance(value, bool):
        text = "TRUE" if value else "FALSE"
    elif isinstance(value, float):
        text = f"'{value!r}'"
    else:
        text = str(value)
    return f"CAST({text} AS {SQL_TYPES[data]})"


class _Joined:
    """Mapping tables that one step of a PostgreSQL query joins: a hash join asks them in parallel processes, too."""

    def __init__(self) -> None:
        self._tables: dict[tuple[str, str], str] = {}

    def value(self, table: str, key: str) -> str:
        """The value that a JSON object has for a key, all three as SQL."""
        return f"{self._tables.setdefault((table, key), f'n{len(self._tables)}')}.value"

    @property
    def text(self) -> str:
        """The joins, each behind those that its key is made of."""
        return "".join(
            f" LEFT JOIN jsonb_each_text({table}) {name} ON {name}.key = {key}"
            for (table, key), name in self._tables.items()
        )


class Generator:
    """Writes SQL.

    Args:
        dialect: "duckdb" or "postgres".
        scan: Gives the text that reads a scan: columns by name, with the types of SQL_TYPES.
        names: The mapping tables of this run.
    """

    def __init__(self, dialect: Dialect, scan: Callable[[Scan], str], names: "Names") -> None:
        self._dialect = dialect
        self._scan = scan
        self._names = names

    def statement(self, root: Operator, ordered: bool = False) -> str:
        """The whole query.

        Args:
            root: The plan.
            ordered: Rows by time, where there is one, and then by all their columns: every store gives the same.

        Raises:
            NotInSql: This dialect cannot say it.
        """
        order = in_order([root])
        called = {id(node): f"s{at}" for at, node in enumerate(order)}
        again = self._made_again(order)
        steps = [f"{called[id(node)]} AS {again.get(id(node), '')}({self._step(node, called)})" for node in order]
        text = f"WITH {', '.join(steps)} SELECT * FROM {called[id(root)]}"
        return f"{text} ORDER BY {self._by_all(root.schema, False)}" if ordered else text

    def _made_again(self, order: Sequence[Operator]) -> dict[int, str]:
        """How PostgreSQL is told to make rows of a table again for each that reads them.

        By itself it writes down what is read twice, and reads that in one process only, without an index.
        """
        found: dict[int, str] = {}
        for node in order if self._dialect == "postgres" else ():
            if isinstance(node, Scan | Project | Filter) and all(id(parent) in found for parent in parents(node)):
                found[id(node)] = "NOT MATERIALIZED "
        return found

    def step(self, node: Operator) -> str:
        """One operator alone, over anything: to learn whether this dialect can say it.

        Raises:
            NotInSql: It cannot.
        """
        return self._step(node, {id(parent): "above" for parent in parents(node)})

    def _condition(self, expression: Expression, joined: "_Joined") -> str:
        """What rows are kept for, with comparisons bare.

        A row for which one is not known is not kept either; so the database can tell how many there will be, and find them
        by an index.
        """
        truths = isinstance(expression, Call) and all(arg.type.data is Data.BOOLEAN for arg in expression.args)
        if isinstance(expression, Call) and expression.function in _LOGIC and truths:
            sides = [self._condition(arg, joined) for arg in expression.args]
            return f"({_LOGIC[expression.function].join(sides)})"
        text = self._of_row(expression, joined)
        if isinstance(expression, Call) and expression.function in _COMPARISONS:
            return text.removeprefix("COALESCE(").removesuffix(", FALSE)")
        return text

    def _of_row(self, expression: Expression, joined: "_Joined") -> str:
        """An expression over the columns of `r`, and the tables that it makes the query join."""
        if isinstance(expression, Literal):
            return literal(expression.value, expression.type.data)
        if isinstance(expression, Column):
            return f"r.{quoted(expression.name)}"
        args = [self._of_row(arg, joined) for arg in expression.args]
        join = joined.value if self._dialect == "postgres" else None
        text = functions.sql(expression, self._dialect, args, self._names, join)
        if text is None:
            raise NotInSql(expression.function)
        return text

    def _step(self, node: Operator, called: Mapping[int, str]) -> str:
        if isinstance(node, Scan):
            return self._scan(node)
        if isinstance(node, Rows):
            return self._rows(node)
        above = [called[id(parent)] for parent in parents(node)]
        if isinstance(node, Project):
            joined = _Joined()
            columns = [f"{self._of_row(one, joined)} AS {quoted(name)}" for name, one in node.columns]
            return f"SELECT {', '.join(columns)} FROM {above[0]} r{joined.text}"
        if isinstance(node, Filter):
            joined = _Joined()
            condition = self._condition(node.condition, joined)
            return f"SELECT r.* FROM {above[0]} r{joined.text} WHERE {condition}"
        if isinstance(node, Aggregate):
            return self._aggregate(node, above[0])
        if isinstance(node, Join):
            return self._join(node, *above)
        if isinstance(node, Counts):
            return counts.sql(node, above[0], quoted)
        if isinstance(node, Union):
            wanted = ", ".join(quoted(name) for name in names(node.schema))
            return " UNION ALL ".join(f"SELECT {wanted} FROM {one}" for one in above)
        assert isinstance(node, Limit)
        return f"SELECT * FROM {above[0]} ORDER BY {self._by_all(node.schema, True)} LIMIT {node.rows}"

    def _aggregate(self, node: Aggregate, above: str) -> str:
        types = {field.name: field.type for field in node.parent.schema}
        columns = [quoted(key) for key in node.keys]
        for one in node.aggregations:
            text = functions.aggregate_sql(one, types[one.column], self._dialect, quoted(one.column))
            if text is None:
                raise NotInSql(one.function)
            columns.append(f"{text} AS {quoted(one.name)}")
        keys = ", ".join(quoted(key) for key in node.keys)
        return f"SELECT {', '.join(columns)} FROM {above}" + (f" GROUP BY {keys}" if keys else "")

    def _join(self, node: Join, left: str, right: str) -> str:
        on = [f"l.{quoted(a)} = r.{quoted(b)}" for a, b in zip(node.left_on, node.right_on, strict=True)]
        columns = [f"{'lr'[side]}.{quoted(source)} AS {quoted(name)}" for name, side, source in node.columns]
        return f"SELECT {', '.join(columns)} FROM {left} l {_JOINS[node.how]} {right} r ON {' AND '.join(on)}"

    def _rows(self, node: Rows) -> str:
        head = ", ".join(quoted(field.name) for field in node.schema)
        types = [field.type.data for field in node.schema]
        if not node.rows:
            empty = ", ".join(f"CAST(NULL AS {SQL_TYPES[data]})" for data in types)
            return f"SELECT * FROM (VALUES ({empty})) t ({head}) WHERE FALSE"
        rows = [f"({', '.join(map(self._value, row, types))})" for row in node.rows]
        return f"SELECT * FROM (VALUES {', '.join(rows)}) t ({head})"

    @staticmethod
    def _value(value: bool | float | str | None, data: Data) -> str:
        if value is None:
            return f"CAST(NULL AS {SQL_TYPES[data]})"
        return literal(value, data)

    def _by_all(self, schema: Schema, newest: bool) -> str:
        """By time, then by everything else, in an order that does not depend on the database's language."""
        first = [field for field in schema if field.name == "time_"]
        rest = [field for field in schema if field.name != "time_"]
        way = "DESC NULLS LAST" if newest else "ASC NULLS FIRST"
        bytewise = ' COLLATE "C"' if self._dialect == "postgres" else ""
        parts = [f'"time_" {way}' for _ in first]
        parts += [
            f"{quoted(field.name)}{bytewise if field.type.data is Data.STRING else ''} ASC NULLS FIRST"
            for field in rest
        ]
        return ", ".join(parts)
