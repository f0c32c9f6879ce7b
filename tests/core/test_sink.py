"""The sink that keeps rows in memory."""

from pxcap.core.sink import MemorySink


def test_rows_are_kept_by_table_in_order() -> None:
    sink = MemorySink()
    sink.write("a", [(1,), (2,)])
    sink.write("b", [(3,)])
    sink.write("a", ((4,),))
    assert sink.tables == {"a": [(1,), (2,), (4,)], "b": [(3,)]}
