"""What a store says of itself: the names that its table of tables and columns uses (see `ddl`, which writes it)."""

from dataclasses import dataclass

DESCRIBED = "pxcap_schema"
TABLE, ALIAS = "TABLE", "ALIAS"


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A stored column; `type` is a name of `pxcap.core.columns.ColumnType`."""

    name: str
    type: str
    unit: str
    meaning: str
