"""What a script or a query gives: rows, Arrow, DataFrames, and how they look."""

from collections import namedtuple
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pxcap.client.drawn import html, text
from pxcap.core.errors import UsageError
from pxcap.scripts.types import Data, Schema
from pxcap.scripts.values import units_of_schema

if TYPE_CHECKING:
    import pyarrow as pa

FRAMES = ("pandas", "polars")


class Output:
    """Rows with named, typed columns.

    Rows are named tuples of plain values: times are ns since the epoch, durations ns, sizes bytes, as in `pxcap run -o json`.
    `arrow` and `df` have times as timestamps.

    Args:
        name: Its title.
        schema: The columns; what a type means is in `pxcap.scripts.types`.
        table: The values.
    """

    def __init__(self, name: str, schema: Schema, table: "pa.Table") -> None:
        self.name = name
        self.schema = schema
        self._table = table

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(field.name for field in self.schema)

    def arrow(self) -> "pa.Table":
        """The rows as an Arrow table; the semantic type of a column is in its field's metadata under `semantic`."""
        import pyarrow as pa

        table = self._table
        for at, field in enumerate(self.schema):
            time = field.type.data is Data.TIME64NS
            kind = pa.timestamp("ns", "UTC") if time else table.schema.field(at).type
            meaning = {"semantic": field.type.semantic.value} if field.type.semantic else None
            table = table.set_column(at, pa.field(field.name, kind, metadata=meaning), table.column(at).cast(kind))
        return table

    def df(self, library: str = "") -> Any:
        """The rows as a DataFrame.

        Args:
            library: "pandas" or "polars"; empty for the first that is installed.

        Raises:
            UsageError: It is not installed, or there is no such library.
        """
        if library not in ("", *FRAMES):
            raise UsageError(f"df({library!r}): expected pandas or polars")
        wanted = [library] if library else list(FRAMES)
        found = next((name for name in wanted if find_spec(name)), None)
        if found is None:
            raise UsageError(f"{' or '.join(wanted)} is needed for a DataFrame", f"pip install {wanted[0]}")
        if found == "pandas":
            return self.arrow().to_pandas()
        return import_module(found).from_arrow(self.arrow())

    @cached_property
    def _rows(self) -> list[Any]:
        row = namedtuple("Row", self.columns, rename=True)  # type: ignore[misc]  # the names are known now only
        return [row(*values) for values in zip(*(one.to_pylist() for one in self._table.columns), strict=True)]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __getitem__(self, at: int) -> Any:
        return self._rows[at]

    def __repr__(self) -> str:
        return text(self.columns, self._first, units_of_schema(self.schema), len(self))

    def _repr_html_(self) -> str:
        return html(self.columns, self._first, units_of_schema(self.schema), len(self))

    def _first(self, count: int) -> list[tuple[Any, ...]]:
        return list(zip(*(one.to_pylist() for one in self._table.slice(0, count).columns), strict=True))


class Result:
    """What a script shows. With one output it can be used as that output is: iterated, `arrow`, `df`.

    Attributes:
        outputs: By name, in the script's order.
        refused: What cannot be shown, by name, with the reason.
        chosen: Arguments that were not given and stand for something in the store.
    """

    def __init__(self, outputs: Mapping[str, Output], refused: Mapping[str, str], chosen: Mapping[str, str]) -> None:
        self.outputs = dict(outputs)
        self.refused = dict(refused)
        self.chosen = dict(chosen)

    @property
    def only(self) -> Output:
        """The output, where there is one.

        Raises:
            UsageError: There are several, or none.
        """
        if len(self.outputs) == 1:
            return next(iter(self.outputs.values()))
        reason = "; ".join(self.refused.values())
        if not self.outputs:
            raise UsageError(f"the script shows nothing: {reason}" if reason else "the script shows nothing")
        names = ", ".join(map(repr, self.outputs))
        raise UsageError(f"the script shows several outputs: {names}", "take one, as result[NAME]")

    def arrow(self) -> "pa.Table":
        """The only output as an Arrow table; see `Output.arrow`."""
        return self.only.arrow()

    def df(self, library: str = "") -> Any:
        """The only output as a DataFrame; see `Output.df`."""
        return self.only.df(library)

    def __getitem__(self, name: str) -> Output:
        if name not in self.outputs:
            raise KeyError(f"no output {name!r}; there are: {', '.join(self.outputs)}")
        return self.outputs[name]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.only)

    def __repr__(self) -> str:
        several = len(self.outputs) > 1
        shown = [f"{name}\n{one!r}" if several else repr(one) for name, one in self.outputs.items()]
        return "\n\n".join([*shown, *(f"not shown: {name}: {reason}" for name, reason in self.refused.items())])

    def _repr_html_(self) -> str:
        from html import escape

        several = len(self.outputs) > 1
        shown = [
            (f"<h4>{escape(name)}</h4>" if several else "") + one._repr_html_() for name, one in self.outputs.items()
        ]
        refused = (f"<p>not shown: {escape(name)}: {escape(reason)}</p>" for name, reason in self.refused.items())
        return "\n".join([*shown, *refused])
