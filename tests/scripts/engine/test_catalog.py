from tests.scripts.conftest import CALLS, ROWS, START

from pxcap.core.columns import Column, ColumnType, Table
from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.types import BOOLEAN, INT64, STRING, TIME, Data, Semantic, Type
from pxcap.store import Store

EMPTY = Table("never_events", (Column("time_", ColumnType.INT64, "When.", "ns since epoch"),), "Nothing.", ("never",))


def test_types_say_what_columns_mean(store: Store) -> None:
    schema = StoreCatalog(store).schema("calls")
    assert schema is not None
    found = {field.name: field.type for field in schema}
    assert [field.name for field in schema] == [column.name for column in CALLS.columns]
    assert found["time_"] == TIME
    assert found["latency"] == Type(Data.INT64, Semantic.DURATION_NS)
    assert found["upid"] == Type(Data.STRING, Semantic.UPID)
    assert found["ok"] == BOOLEAN
    assert found["status"] == INT64
    assert found["method"] == STRING
    assert found["body"] == Type(Data.STRING, Semantic.JSON)


def test_aliases_and_tables_of_plugins_are_known(store: Store) -> None:
    catalog = StoreCatalog(store, [EMPTY])
    assert catalog.schema("calls.beta") == catalog.schema("calls")
    assert catalog.schema("never") == catalog.schema("never_events")
    assert catalog.schema("never") is not None
    assert catalog.schema("nothing") is None
    assert [catalog.is_stored(name) for name in ("calls", "calls.beta", "never_events")] == [True, True, False]
    (info,) = catalog.tables()
    assert (info.name, info.meaning, len(info.columns)) == ("calls", "Calls.", len(CALLS.columns))


def test_the_newest_record_is_now(store: Store) -> None:
    assert StoreCatalog(store).newest() == START + (len(ROWS) - 1) * 10**9
    (agent,) = StoreCatalog(store).agents()
    assert (agent.name, agent.first_time) == ("capture", START)
