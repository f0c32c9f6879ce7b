"""What can be done to frames. Each function gives a new frame and leaves the old one as it is."""

from collections.abc import Callable, Sequence

from pxcap.scripts.functions import resolve_aggregate
from pxcap.scripts.language.builder import Builder
from pxcap.scripts.language.errors import ScriptError, unknown
from pxcap.scripts.language.expressions import require_truth
from pxcap.scripts.language.values import Frame
from pxcap.scripts.plan import Aggregation, Column, Expression, Literal, Operator, names
from pxcap.scripts.types import BOOLEAN, INT64, Data, Schema, Type

TIME = "time_"
HOW = ("inner", "left", "right", "outer")
MAX_COLUMNS = 500  # of a frame
MAX_NAME = 63  # bytes; what PostgreSQL keeps of a name
EVERYTHING = 100_000_000  # rows; scripts say head(1000000000) to mean all
_NOTHING: dict[Data, bool | int | float | str] = {
    Data.BOOLEAN: False,
    Data.INT64: 0,
    Data.FLOAT64: 0.0,
    Data.STRING: "",
    Data.TIME64NS: 0,
}
_ONE_KIND = ({Data.INT64, Data.TIME64NS},)  # data types that can be compared as they are


def settled(frame: Frame) -> Frame:
    """The frame, every column of which is there.

    Raises:
        ScriptError: One was chosen that is not.
    """
    for error in frame.absent.values():
        raise error
    return frame


def column(builder: Builder, frame: Frame, name: str) -> Column:
    """A column of the frame.

    Raises:
        ScriptError: It has none of that name.
    """
    if name in frame.absent:
        raise frame.absent[name]
    for field in frame.plan.schema:
        if field.name == name:
            return builder.column(name, field.type)
    raise unknown("column", name, names(frame.plan.schema))


def assign(builder: Builder, frame: Frame, name: str, value: Expression) -> Frame:
    """The frame with a column set; one that was there keeps its place."""
    _check_name(name)
    columns: dict[str, Expression] = {one.name: builder.column(one.name, one.type) for one in frame.plan.schema}
    columns[name] = builder.bound(value, frame.plan.schema)
    _check_count(len(columns))
    absent = {other: error for other, error in frame.absent.items() if other != name}
    return Frame(builder.project(frame.plan, columns), absent, frame.window)


def keep(builder: Builder, frame: Frame, wanted: Sequence[str], place: Callable[[ScriptError], ScriptError]) -> Frame:
    """The frame with these columns only, in this order.

    Pixie puts what is assigned next into the same step, so that a script may choose a column and then make it. Therefore one
    that is not there is an error only when something else is done first.
    """
    frame = settled(frame)
    columns: dict[str, Expression] = {}
    absent: dict[str, ScriptError] = {}
    for name in wanted:
        if name in columns or name in absent:
            raise ScriptError(f"the column {name!r} is chosen twice")
        try:
            columns[name] = column(builder, frame, name)
        except ScriptError as error:
            absent[name] = place(error)
    if not columns:
        raise next(iter(absent.values()), ScriptError("no column is chosen"))
    return Frame(builder.project(frame.plan, columns), absent, frame.window)


def drop(builder: Builder, frame: Frame, unwanted: Sequence[str]) -> Frame:
    """The frame without these columns."""
    frame = settled(frame)
    for name in unwanted:
        column(builder, frame, name)
    kept = {one.name: builder.column(one.name, one.type) for one in frame.plan.schema if one.name not in unwanted}
    if not kept:
        raise ScriptError("no column is left")
    return Frame(builder.project(frame.plan, kept), window=frame.window)


def where(builder: Builder, frame: Frame, condition: Expression) -> Frame:
    """The rows for which the condition holds."""
    frame = settled(frame)
    require_truth(condition, "a filter")
    if isinstance(condition, Literal) and condition.value is True:
        return frame
    condition = builder.bound(condition, frame.plan.schema)
    return Frame(builder.filter(frame.plan, condition), window=frame.window)


def head(builder: Builder, frame: Frame, rows: int) -> Frame:
    """At most so many rows."""
    frame = settled(frame)
    if rows < 0:
        raise ScriptError(f"head of {rows} rows, expected 0 or more")
    return frame if rows >= EVERYTHING else Frame(builder.limit(frame.plan, rows), window=frame.window)


def rolling(builder: Builder, frame: Frame, window: int, on: str) -> Frame:
    """The frame, whose groups are taken for each window of time apart."""
    frame = settled(frame)
    if on != TIME:
        raise ScriptError(f"windows are of {TIME!r}, found {on!r}")
    if window <= 0:
        raise ScriptError(f"a window of {window} ns, expected more than 0")
    column(builder, frame, TIME)
    return Frame(frame.plan, window=window)


def aggregation(builder: Builder, frame: Frame, name: str, of: str, function: str) -> Aggregation:
    """The column `name` of groups, made of the column `of`.

    Raises:
        UsageError: There is no such column or function, or they do not fit.
    """
    _check_name(name)
    return Aggregation(name, function, of, resolve_aggregate(function, column(builder, frame, of).type))


def aggregate(builder: Builder, frame: Frame, keys: Sequence[str], made: Sequence[Aggregation]) -> Frame:
    """One row for each group: the keys, then what is made of its rows."""
    frame = settled(frame)
    plan, schema = frame.plan, frame.plan.schema
    if frame.window is not None:
        columns: dict[str, Expression] = {one.name: builder.column(one.name, one.type) for one in schema}
        columns[TIME] = builder.call("bin", (columns[TIME], builder.literal(frame.window, INT64)))
        plan = builder.project(plan, columns)
        keys = [TIME, *(key for key in keys if key != TIME)]
    taken: set[str] = set()
    for name in (*keys, *(one.name for one in made)):
        if name in taken:
            raise ScriptError(f"the groups would have two columns {name!r}")
        taken.add(name)
    _check_count(len(taken))
    if not taken:
        raise ScriptError("agg of nothing: expected groups, or name=('column', px.function)")
    return Frame(builder.aggregate(plan, tuple(keys), tuple(made)))


def merge(
    builder: Builder,
    sides: tuple[Frame, Frame],
    how: str,
    on: tuple[Sequence[str], Sequence[str]],
    suffixes: tuple[str, str],
) -> Frame:
    """Rows of both sides whose keys are equal; a name that both have gets each side's suffix."""
    left, right = (settled(side) for side in sides)
    if how not in HOW:
        raise ScriptError(f"a merge cannot be {how!r}, expected {', '.join(HOW[:-1])} or {HOW[-1]}")
    if len(on[0]) != len(on[1]):
        raise ScriptError(f"left_on has {len(on[0])} and right_on {len(on[1])} columns, expected as many")
    for first, second in zip(*on, strict=True):
        types = column(builder, left, first).type, column(builder, right, second).type
        if not _comparable(*types):
            problem = f"merged on {first!r} ({types[0].data}) and {second!r} ({types[1].data})"
            raise ScriptError(f"{problem}, expected one data type")
    both = {one.name for one in left.plan.schema} & {one.name for one in right.plan.schema}
    columns: list[tuple[str, int, str]] = []
    for side, frame in enumerate((left, right)):
        columns += [(one.name + suffixes[side] * (one.name in both), side, one.name) for one in frame.plan.schema]
    _check_count(len(columns))
    seen: set[str] = set()
    for name, _, _ in columns:
        _check_name(name)
        if name in seen:
            raise ScriptError(f"both sides give a column {name!r}", "choose other suffixes, or drop one of the columns")
        seen.add(name)
    return Frame(_joined(builder, (left.plan, right.plan), how, (tuple(on[0]), tuple(on[1])), columns))


def _joined(
    builder: Builder,
    plans: tuple[Operator, Operator],
    how: str,
    on: tuple[tuple[str, ...], tuple[str, ...]],
    columns: Sequence[tuple[str, int, str]],
) -> Operator:
    """The join, with '', 0 or false for what a row has no partner to give, as Pixie has it: its scripts ask for these.

    Who has a partner is told by a column that is true on each side. Where there are no keys it is the key: every row is the
    partner of all of the other side, and databases join on something.
    """
    may_miss = {"inner": (), "left": (1,), "right": (0,), "outer": (0, 1)}[how]
    if not may_miss and on[0]:
        return builder.join(plans, how, on, tuple(columns))
    taken = {one.name for plan in plans for one in plan.schema} | {name for name, _, _ in columns}
    marks = [_free(f"_{side}", taken) for side in ("left", "right")]
    true = builder.literal(True, BOOLEAN)
    sides = [
        builder.project(plan, {one.name: builder.column(one.name, one.type) for one in plan.schema} | {mark: true})
        for plan, mark in zip(plans, marks, strict=True)
    ]
    on = on if on[0] else ((marks[0],), (marks[1],))
    marked = (*columns, *((mark, side, mark) for side, mark in enumerate(marks)))
    joined = builder.join((sides[0], sides[1]), how, on, marked)
    types = {one.name: one.type for one in joined.schema}
    made: dict[str, Expression] = {}
    for name, side, _ in columns:
        made[name] = builder.column(name, types[name])
        if side in may_miss:
            missing = builder.literal(_NOTHING[types[name].data], types[name])
            made[name] = builder.call(
                "select", (builder.column(marks[side], BOOLEAN), made[name], missing), types[name]
            )
    return builder.project(joined, made)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def append(builder: Builder, frames: Sequence[Frame]) -> Frame:
    """The rows of all; columns are matched by their names."""
    first, *others = [settled(frame) for frame in frames]
    for other in others:
        have: dict[str, Type] = {one.name: one.type for one in other.plan.schema}
        for field in first.plan.schema:
            if field.name not in have:
                raise unknown("column", field.name, have)
            if not _comparable(field.type, have.pop(field.name)):
                raise ScriptError(f"{field.name!r} is {field.type.data} in the first frame, but not in the other")
        if have:
            raise ScriptError(f"the other frame has the column {next(iter(have))!r}, too", "choose the same columns")
    return Frame(builder.union([frame.plan for frame in (first, *others)]))


def source(builder: Builder, table: str, schema: Schema, start: int | None, stop: int | None) -> Frame:
    """The rows of a table."""
    if TIME not in names(schema) and (start is not None or stop is not None):
        raise ScriptError(f"the table {table!r} has no {TIME!r} to choose by")
    return Frame(builder.scan(table, schema, start, stop))


def _check_count(columns: int) -> None:
    if columns > MAX_COLUMNS:
        raise ScriptError(f"a frame of {columns} columns, at most {MAX_COLUMNS} are allowed")


def _check_name(name: str) -> None:
    """Refuse names that a database would refuse or cut."""
    if not name or len(name.encode(errors="replace")) > MAX_NAME:
        raise ScriptError(f"a column's name has 1 to {MAX_NAME} bytes, found {name[: MAX_NAME + 1]!r}")


def _comparable(one: Type, other: Type) -> bool:
    return one.data is other.data or any({one.data, other.data} <= kind for kind in _ONE_KIND)
