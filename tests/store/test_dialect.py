"""What every dialect owes: here and not in its own module, so that a new one is held to it."""

import pytest

from pxcap.core.columns import ColumnType
from pxcap.store.dialect import Dialect
from pxcap.store.postgres import Postgres
from pxcap.store.sqlite import SQLite


@pytest.mark.parametrize("dialect", [SQLite, Postgres])
def test_every_column_type_has_an_sql_type(dialect: type[Dialect]) -> None:
    assert dialect.types().keys() == set(ColumnType)
