"""Where records are kept: SQLite or PostgreSQL behind one interface."""

from pxcap.store.described import ColumnInfo
from pxcap.store.engine import Store, TableInfo, open_store
from pxcap.store.query import Result

__all__ = ["ColumnInfo", "Result", "Store", "TableInfo", "open_store"]
