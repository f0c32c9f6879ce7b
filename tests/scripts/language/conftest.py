"""A store that scripts are read for, without the store."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from pxcap.core.columns import CONN_STATS, LEADING_COLUMNS, TRAILING_COLUMNS, Column, ColumnType, Table
from pxcap.scripts.language import Agent, Compiled, Invocation, ScriptError, TableInfo, compile_script, field_of
from pxcap.scripts.plan import Operator
from pxcap.scripts.types import Schema

T = ColumnType
NOW = 1_700_000_000_000_000_000
HTTP = Table(
    "http_events",
    (
        *LEADING_COLUMNS,
        Column("req_path", T.TEXT, "Path."),
        Column("req_body", T.TEXT, "Body."),
        Column("req_body_size", T.INT64, "Size.", "bytes"),
        Column("resp_status", T.INT, "Status."),
        Column("resp_body_size", T.INT64, "Size.", "bytes"),
        *TRAILING_COLUMNS,
    ),
    "HTTP.",
)
KAFKA = Table("kafka_events", (*LEADING_COLUMNS, Column("req_cmd", T.INT, "Key.")), "Kafka.", ("kafka_events.beta",))


class Tables:
    """A catalog of tables."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._tables = tables
        self._named = {name: one for one in tables for name in (one.name, *one.aliases)}

    def schema(self, table: str) -> Schema | None:
        found = self._named.get(table)
        return found and tuple(field_of(found.name, one.name, one.type.value, one.unit) for one in found.columns)

    def tables(self) -> Sequence[TableInfo]:
        return [
            TableInfo(one.name, one.meaning, tuple((c.name, c.type.value, c.meaning) for c in one.columns))
            for one in self._tables
        ]

    def newest(self) -> int:
        return NOW

    def agents(self) -> Sequence[Agent]:
        return [Agent("one", "192.0.2.1", "AGENT_STATE_HEALTHY", 5, 7)]


@pytest.fixture
def catalog() -> Tables:
    return Tables([HTTP, KAFKA, CONN_STATS])


Compile = Callable[..., Compiled]


@pytest.fixture
def compiled(catalog: Tables) -> Compile:
    """Compiles a script that begins with `import px`."""

    def compile_(
        text: str, arguments: Mapping[str, str] | None = None, invocations: Sequence[Invocation] = ()
    ) -> Compiled:
        return compile_script(f"import px\n{text}", "test", arguments or {}, catalog, invocations)

    return compile_


@pytest.fixture
def plan(compiled: Compile) -> Callable[[str], Operator]:
    """The plan of `df` when the lines have run; there is an http_events frame in `df` at first."""

    def plan_(text: str) -> Operator:
        (output,) = compiled(f"df = px.DataFrame('http_events')\n{text}\npx.display(df)").outputs
        return output.plan

    return plan_


@pytest.fixture
def refusal(compiled: Compile) -> Callable[[str], str]:
    """What is said of lines that are wrong, with the hint; `df` is there, lines count from 1."""

    def refusal_(text: str) -> str:
        with pytest.raises(ScriptError) as error:
            compiled(f"df = px.DataFrame('http_events')\n{text}\npx.display(df)")
        place, said = error.value.place, super(ScriptError, error.value).__str__()
        assert "\n" not in str(error.value)
        assert place is not None
        hint = f" ({error.value.hint})" if error.value.hint else ""
        return f"{place.line - 2}:{place.column}: {said}{hint}"

    return refusal_
