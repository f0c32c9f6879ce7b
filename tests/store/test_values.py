import pytest

from pxcap.core.columns import Column, ColumnType
from pxcap.store.values import complaint

COLUMNS = tuple(Column(kind.value.lower(), kind, "") for kind in ColumnType)  # int64, int, text, json, bool
FITTING = (2**63 - 1, -(2**31), "é", '{"a": 1}', True)
CASES = {
    ".int64: integer does not fit 64 bits": (2**63, 0, "", "1", True),
    ".int64: float where an integer belongs": (1.0, 0, "", "1", True),
    ".int: integer does not fit 32 bits": (0, -(2**31) - 1, "", "1", True),
    ".text: bytes where text belongs": (0, 0, b"", "1", True),
    ".text: text with a NUL character": (0, 0, "\0", "1", True),
    ".text: text with a lone surrogate": (0, 0, "\udcff", "1", True),
    ".json: not valid JSON": (0, 0, "", "", True),
    ".bool: int where a boolean belongs": (0, 0, "", "1", 2),
    ": a row of 4 values, the table has 5 columns": (0, 0, "", "1"),
}


@pytest.mark.parametrize(("words", "row"), CASES.items())
def test_the_value_that_does_not_fit(words: str, row: tuple[object, ...]) -> None:
    assert complaint(COLUMNS, row) == words


@pytest.mark.parametrize("row", [FITTING, (None,) * 5])
def test_a_row_that_fits(row: tuple[object, ...]) -> None:
    assert complaint(COLUMNS, row) == ""
