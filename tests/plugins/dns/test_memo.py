from pxcap.plugins.dns.memo import MAX_REMEMBERED, remember


def test_a_full_table_begins_anew() -> None:
    table: dict[int, str] = {}
    for number in range(MAX_REMEMBERED):
        assert remember(table, number, "x") == "x"
    assert len(table) == MAX_REMEMBERED
    remember(table, -1, "y")
    assert table == {-1: "y"}
