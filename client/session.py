"""A store to ask."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pxcap.client.output import Output, Result
from pxcap.scripts.reverse import ReverseDns
from pxcap.scripts.shelf import Script, find, from_file, given, listed
from pxcap.scripts.types import BOOLEAN, FLOAT64, INT64, STRING, TIME, Data, Field, Semantic, Type
from pxcap.scripts.units import units_of
from pxcap.store import Store, open_store

if TYPE_CHECKING:
    from pxcap.core.registry import Registry

_UNITS = {
    "ns since epoch": TIME,
    "ns": Type(Data.INT64, Semantic.DURATION_NS),
    "bytes": Type(Data.INT64, Semantic.BYTES),
}
_TABLES = (
    Field("table", STRING),
    Field("records", INT64),
    Field("first_time", TIME),
    Field("last_time", TIME),
    Field("meaning", STRING),
)


class Client:
    """A store to ask. Made by `open`; nothing is ever written to it."""

    def __init__(self, store: Store, names: Path | None, dns: ReverseDns | None = None) -> None:
        self._store = store
        self._names = names
        self._dns = dns

    def run(self, name: str, /, **arguments: object) -> Result:
        """Run a script.

        Args:
            name: Such as `px/http_data`, or a file that ends in `.pxl`.
            arguments: The script's; a list is given as its parts.

        Raises:
            UsageError: There is no such script, it is wrong, or it does not take these arguments.
            StoreError: The store cannot be read.
        """
        script = (
            from_file(name) if name.endswith(".pxl") else find(name, self._registry.protocols, given(self._registry)[0])
        )
        return self._run(script, arguments)

    def pxl(self, text: str, /, **arguments: object) -> Result:
        """Run a script that is given as text; see `run`."""
        return self._run(Script("script", text), arguments)

    def scripts(self) -> dict[str, str]:
        """What each script is for, by its name."""
        return {name: one.summary for name, one in listed(self._registry.protocols, given(self._registry)[0]).items()}

    def sql(self, query: str, /) -> Output:
        """Run one SQL statement that reads.

        Raises:
            UsageError: The statement is wrong, or would write.
            StoreError: The store cannot be read.
        """
        with self._store.query(query) as result:
            columns, rows = list(result.columns), [tuple(row) for row in result.rows]
        units = units_of(self._store)
        schema = tuple(Field(name, _type(name, units, [row[at] for row in rows])) for at, name in enumerate(columns))
        return _output("sql", schema, rows)

    def tables(self) -> Output:
        """The tables of the store: how many records each holds, and of when."""
        rows = [(one.name, one.rows, one.first_time, one.last_time, one.meaning) for one in self._store.tables()]
        return _output("tables", _TABLES, rows)

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"pxcap.client.open({self._store.url!r})"

    @cached_property
    def _registry(self) -> "Registry":
        from pxcap.core.registry import load_registry

        return load_registry()

    def _run(self, script: Script, arguments: Mapping[str, object]) -> Result:
        from pxcap.scripts.run import run_script

        own = script.accepts()
        given = {own.get(name, name): _text(value) for name, value in arguments.items()}
        running = run_script(script, given, self._store, self._registry.tables(), self._names, dns=self._dns)
        outputs = {one.name: Output(one.name, one.schema, one.table) for one in running.outputs}
        return Result(outputs, {one.name: str(one.error) for one in running.refused}, running.chosen)


def open(store: str | Path = "pxcap.db", names: str | Path | None = None, reverse_dns: bool = False) -> Client:
    """Open a store to ask.

    Args:
        store: A file, or the URL of a database.
        names: A file with names of addresses and processes, as for `pxcap run --names`.
        reverse_dns: Whether the resolver is asked for names that nothing else knows.

    Raises:
        UsageError: It is no URL.
        StoreError: There is no such store, or it cannot be read.
    """
    text = str(store)
    url = text if "://" in text else f"sqlite:///{text}"
    dns = ReverseDns() if reverse_dns else None
    return Client(open_store(url, create=False), Path(names) if names is not None else None, dns)


def _text(value: object) -> str:
    """An argument as it would be typed."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _type(name: str, units: Mapping[str, str], values: Sequence[Any]) -> Type:
    """The type of a column of a query, from its values and, for numbers, from what the store says of its name."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int}:
        return _UNITS.get(units.get(name, ""), INT64)
    if kinds <= {int, float}:
        return FLOAT64
    return BOOLEAN if kinds == {bool} else STRING


def _output(name: str, schema: tuple[Field, ...], rows: Sequence[Sequence[Any]]) -> Output:
    import pyarrow as pa

    kinds = {Data.BOOLEAN: pa.bool_(), Data.FLOAT64: pa.float64(), Data.STRING: pa.string()}
    columns = []
    for at, field in enumerate(schema):
        values = [row[at] for row in rows]
        if field.type.data is Data.STRING:
            values = [one if one is None or isinstance(one, str) else _plain(one) for one in values]
        columns.append(pa.array(values, kinds.get(field.type.data, pa.int64())))
    return Output(name, schema, pa.table(columns, names=[field.name for field in schema]))


def _plain(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
