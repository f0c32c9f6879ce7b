"""Time series as plots: where the dots are, the axes, the legend."""

from pxcap.cli.drawing.series import HEIGHT, MOST_LINES, Line, lines_of, plot

SECOND = 10**9
NAMES = ("time_", "service", "latency", "errors")
ROWS = [
    (2 * SECOND, "cart", 30.0, 1),
    (SECOND, "cart", 10.0, 0),
    (SECOND, "web\n", None, 5),
    (None, "web\n", 9.0, 5),
    (2 * SECOND, "web\n", float("nan"), 7),
]


def test_lines_are_told_apart_by_a_column_and_are_in_order_of_time() -> None:
    assert lines_of(NAMES, ROWS, [("latency", "service")], "time_") == [
        Line("cart", [(SECOND, 10.0), (2 * SECOND, 30.0)]),
        Line("web\\n", [(SECOND, None), (2 * SECOND, None)]),
    ]


def test_a_line_of_nobody_has_a_name() -> None:
    rows = [(SECOND, None, 1.0, 0), (2 * SECOND, "", 2.0, 0), (SECOND, 0, 0.5, 0)]
    nobody, zero = lines_of(NAMES, rows, [("latency", "service")], "time_")
    assert (nobody, zero.name) == (Line("(unknown)", [(SECOND, 1.0), (2 * SECOND, 2.0)]), "0")


def test_several_columns_are_several_lines_the_greatest_first() -> None:
    lines = lines_of(NAMES, ROWS[:2], [("errors", ""), ("latency", ""), ("gone", "")], "time_")
    assert [line.name for line in lines] == ["latency", "errors"]
    both = lines_of(NAMES, ROWS[:1], [("errors", "service"), ("latency", "service")], "time_")
    assert [line.name for line in both] == ["latency cart", "errors cart"]


def test_a_line_goes_from_one_corner_to_the_other() -> None:
    made = [text.plain for text in plot([Line("a", [(0, 0.0), (SECOND, 1_000_000.0)])], 40, "ns")]
    assert len(made) == HEIGHT + 1
    assert made[0].startswith("1.0 ms ")
    assert made[HEIGHT - 1].startswith("  0 ns ")
    assert made[0][-1] not in (" ", "\u2800")
    assert made[HEIGHT - 1][7] not in (" ", "\u2800")
    assert made[0][7] == " "
    assert made[HEIGHT].split() == ["1970-01-01", "00:00:00.000", "1970-01-01", "00:00:01.000"]
    assert all(len(line) <= 40 or line == made[HEIGHT] for line in made)


def test_a_hole_is_not_bridged() -> None:
    whole = plot([Line("a", [(0, 1.0), (1, 1.0), (2, 1.0)])], 20)[0].plain
    broken = plot([Line("a", [(0, 1.0), (1, None), (2, 1.0)])], 20)[0].plain
    assert whole.count("\u2809") > broken.count("\u2809")
    assert broken.strip() != ""


def test_negative_values_are_below_zero_and_constant_ones_are_drawn() -> None:
    made = plot([Line("a", [(0, -5.0), (1, 5.0)])], 30)
    assert (made[0].plain.split()[0], made[HEIGHT - 1].plain.split()[0]) == ("5", "-5")
    assert plot([Line("a", [(0, 0.0), (1, 0.0)])], 30)[HEIGHT - 1].plain.startswith("0 ")


def test_one_moment_is_told_in_words() -> None:
    made = plot([Line("p50", [(0, 1500.0)]), Line("p90", [(0, None)]), Line("p99", [(0, 2e6)])], 80, "ns")
    assert [text.plain for text in made] == ["p50  1.5 µs", "p90  ", "p99  2.0 ms", "all at 1970-01-01 00:00:00.000"]


def test_several_lines_have_a_legend_and_the_rest_is_counted() -> None:
    legend = plot([Line(f"line{at}", [(0, 1.0), (1, 1.0)]) for at in range(MOST_LINES + 3)], 200)[-1].plain
    assert legend.startswith("● line0  ● line1  ")
    assert legend.endswith("and 3 more")
    assert len(plot([Line("x" * 50, [(0, 1.0), (1, 1.0)]), Line("y", [(0, 1.0)])], 30)[-1].plain) <= 30


def test_nothing_to_draw() -> None:
    assert [text.plain for text in plot([], 80)] == ["nothing to draw"]
    assert [text.plain for text in plot([Line("a", [(0, None)])], 80)] == ["nothing to draw"]
