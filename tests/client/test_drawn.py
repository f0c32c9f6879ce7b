"""Tables of text and of HTML."""

from pxcap.client.drawn import ROWS, html, text

COLUMNS = ("path", "latency")
DATA = [("/a<b>\x1b", 1_800_000), ("x" * 300, None)]
UNITS = {"latency": "ns"}


def first(count: int) -> list[tuple[object, ...]]:
    return DATA[:count]  # type: ignore[return-value]


def test_text_has_units_and_is_cut() -> None:
    assert text(COLUMNS, first, UNITS, 2).splitlines() == [
        f"{'path':<40}  latency",
        f"{'/a<b>' + chr(92) + 'x1b':<40}   1.8 ms",
        "x" * 39 + "…",
    ]


def test_html_takes_nothing_for_html() -> None:
    page = html(COLUMNS, first, UNITS, 2)
    assert '<td style="text-align: left">/a&lt;b&gt;\\x1b</td><td style="text-align: right">1.8 ms</td>' in page
    assert "<th>path</th><th>latency</th>" in page
    assert "x" * 199 + "…" in page


def test_what_is_not_shown_is_counted() -> None:
    assert text(COLUMNS, first, UNITS, 99).splitlines()[-1] == f"the first {ROWS} of 99 rows"
    assert html(COLUMNS, first, UNITS, 99).endswith(f"<p>the first {ROWS} of 99 rows</p>")


def test_no_rows() -> None:
    assert text(COLUMNS, lambda _: [], UNITS, 0) == "path  latency"
    assert "<tbody></tbody>" in html(COLUMNS, lambda _: [], UNITS, 0)
