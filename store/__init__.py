"""Where records are kept: SQLite or PostgreSQL behind one interface."""

from pxcap.store.ddl import ColumnInfo
from pxcap.store.engine import Store, TableInfo, open_store
from pxcap.store.query import Result
from pxcap.store.writer import StoreWriter

__all__ = ["ColumnInfo", "Result", "Store", "StoreWriter", "TableInfo", "open_store"]
