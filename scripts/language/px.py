"""The module `px`: tables, times, types, what shows frames, and every function there is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pxcap.scripts import names
from pxcap.scripts.functions import aggregate_exists, aggregates, exists, functions
from pxcap.scripts.language import frames, introspection, times
from pxcap.scripts.language.arguments import Arguments, Bound
from pxcap.scripts.language.catalog import NOT_FILLED, PRESENCE
from pxcap.scripts.language.errors import NotFilled, ScriptError, unknown
from pxcap.scripts.language.expressions import called
from pxcap.scripts.language.session import Session
from pxcap.scripts.language.values import (
    Builtin,
    Callable_,
    Dictionary,
    Frame,
    Items,
    Kind,
    Module,
    Value,
    Void,
    described,
    is_expression,
)
from pxcap.scripts.plan import Expression, Literal
from pxcap.scripts.types import STRING, TIME, Data, Semantic, Type

_TYPES: Mapping[str, Type] = {
    "Service": Type(Data.STRING, Semantic.SERVICE),
    "Pod": Type(Data.STRING, Semantic.POD),
    "Node": Type(Data.STRING, Semantic.NODE),
    "Namespace": Type(Data.STRING, Semantic.NAMESPACE),
    "Container": Type(Data.STRING, Semantic.CONTAINER),
    "UPID": Type(Data.STRING, Semantic.UPID),
    "Bytes": Type(Data.INT64, Semantic.BYTES),
    "DurationNanos": Type(Data.INT64, Semantic.DURATION_NS),
    "Percent": Type(Data.FLOAT64, Semantic.PERCENT),
    "Time": TIME,
}
_DURATIONS = {
    "nanoseconds": "ns",
    "microseconds": "us",
    "milliseconds": "ms",
    "seconds": "s",
    "minutes": "m",
    "hours": "h",
    "days": "d",
}
DEBUGGED = 10_000  # rows of a frame shown beside what a script is for; more would keep that from being shown
_BETA = ".beta"  # what Pixie puts behind the names of new tables, and takes away later
_NUMBERS = (Data.INT64, Data.FLOAT64, Data.TIME64NS, Data.BOOLEAN)


@dataclass(frozen=True)
class PxFunction(Callable_):
    """A function of a row or of a group, under its name in `px`."""

    name: str
    session: Session
    takes_void: bool = False

    def call(self, arguments: Arguments) -> Value:
        """The expression it makes of its arguments."""
        if not exists(self.name):
            raise ScriptError(f"px.{self.name} is of groups: agg(name=('column', px.{self.name}))")
        parameters = [str(at) for at in range(1, len(arguments.positional) + 1)]
        bound = arguments.bind(f"px.{self.name}", parameters, ())
        return called(self.session.builder, self.name, [bound.expression(one) for one in parameters])


def px_module(session: Session) -> Module:
    """`px` for one module of a script."""
    own = _Px(session).names()

    def find(name: str) -> Value:
        if name in own:
            return own[name]
        return PxFunction(name, session) if exists(name) or aggregate_exists(name) else None

    return Module("px", find, lambda: [*own, *functions(), *aggregates()])


def kind(session: Session, name: str, type_: Type) -> Kind:
    """A type that scripts use as annotation and as cast: the value stays, what it means changes."""

    def cast(arguments: Arguments) -> Value:
        bound = arguments.bind(name, ("expr",), ("expr",))
        one = bound.expression("expr")
        if (type_.data in _NUMBERS) != (one.type.data in _NUMBERS):
            raise bound.wrong("expr", str(type_.data))
        return session.builder.typed(one, Type(one.type.data, type_.semantic))

    return Kind(name, type_, cast)


class _Px:
    """What `px` has beside the functions of rows and groups."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def names(self) -> dict[str, Value]:
        found: dict[str, Value] = {
            "DataFrame": Kind("px.DataFrame", None, self._table),
            "vis": Module("px.vis", lambda name: Builtin(f"px.vis.{name}", _same_function), list),
        }
        shown: dict[str, Callable[[Arguments], Value]] = {
            "display": self._display,
            "debug": self._debug,
            "export": self._export,
        }
        found |= {name: Builtin(f"px.{name}", function, takes_void=True) for name, function in shown.items()}
        made: dict[str, Callable[[Arguments], Value]] = {
            "now": self._now,
            "parse_duration": self._parse_duration,
            "format_duration": self._format_duration,
            "parse_time": self._parse_time,
            "uint128": self._uint128,
            "make_upid": self._make_upid,
            "equals_any": self._equals_any,
            "script_reference": self._script_reference,
        }
        found |= {name: Builtin(f"px.{name}", function) for name, function in made.items()}
        found |= {name: kind(self._session, f"px.{name}", type_) for name, type_ in _TYPES.items()}
        found |= {name: self._unit(name, unit) for name, unit in _DURATIONS.items()}
        found |= {name: self._introspection(name) for name in introspection.SCHEMAS}
        found |= {name: self._missing(name, what) for name, what in introspection.NOT_OFFERED.items()}
        found["GetTableSchemas"] = found["GetSchemas"]
        found["strptime"] = found["parse_time"]
        found["otel"] = Void(NotFilled("px.otel", "px.otel: pxcap has no exports from scripts yet"))
        return found

    def _table(self, arguments: Arguments) -> Value:
        bound = arguments.bind("px.DataFrame", ("table", "select", "start_time", "end_time"), ("table",))
        table, builder, catalog = bound.text("table"), self._session.builder, self._session.catalog
        if catalog.schema(table) is None and catalog.schema(table.removesuffix(_BETA)) is not None:
            table = table.removesuffix(_BETA)
        schema = None if table in self._session.traced else catalog.schema(table)
        if schema is None:
            with bound.at("table"):
                missing = self._without(table, arguments)
            schema = None if table in self._session.traced else PRESENCE.get(table)
            if schema is None:
                return missing
            self._session.unfilled[table] = missing.reason
        start, stop = self._moment(bound, "start_time"), self._moment(bound, "end_time")
        if stop == self._session.now:
            stop += 1  # now is when the newest record was seen, and nothing is later
        frame = frames.source(builder, table, schema, start, stop)
        process = names.process(schema)
        if process is not None:
            frame = frames.assign(builder, frame, "upid", process)
        select = bound.texts("select") if bound.get("select") is not None else ()
        if not select:
            return frame
        with bound.at("select"):
            return frames.settled(frames.keep(builder, frame, select, lambda error: error))

    def _without(self, table: str, arguments: Arguments) -> Void:
        if table in self._session.traced:
            problem = f"pxcap has no tracepoints yet, so nothing fills {table!r} ({self._session.traced[table]!r})"
        elif table in NOT_FILLED:
            problem = f"pxcap does not fill the table {table!r} ({NOT_FILLED[table]}) yet"
        else:
            raise unknown("table", table, [one.name for one in self._session.catalog.tables()])
        return Void(NotFilled(table, problem, arguments.place(arguments.node)))

    def _moment(self, bound: Bound, name: str) -> int | None:
        given = bound.get(name)
        if given is None or (isinstance(given, Literal) and given.value == ""):  # an argument left empty: no bound
            return None
        with bound.at(name):
            return self._time(bound, name)

    def _time(self, bound: Bound, name: str) -> int:
        given, now = bound[name], self._session.now
        if isinstance(given, Literal) and isinstance(given.value, str):
            return times.moment(given.value, now)
        if isinstance(given, Literal) and type(given.value) is int:
            return times.absolute(given.value, now)
        raise bound.wrong(name, "a time such as '-5m'")

    def _display(self, arguments: Arguments) -> Value:
        bound = arguments.bind("px.display", ("out", "name", "cols"), ("out",))
        if self._session.displays:
            self._session.show(bound.text("name", "output"), bound["out"])
        return None

    def _debug(self, arguments: Arguments) -> Value:
        bound = arguments.bind("px.debug", ("out", "name", "cols"), ("out",))
        given = bound["out"]
        shown = frames.head(self._session.builder, given, DEBUGGED) if isinstance(given, Frame) else given
        self._session.show("_" + bound.text("name", "output"), shown)
        return None

    def _export(self, arguments: Arguments) -> Value:
        problem = "px.export: pxcap has no exports from scripts yet"
        self._session.refuse("export", NotFilled("px.export", problem, arguments.place(arguments.node)))
        return None

    def _now(self, arguments: Arguments) -> Value:
        arguments.bind("px.now", (), ())
        return self._session.builder.literal(self._session.now, TIME)

    def _unit(self, name: str, unit: str) -> Builtin:
        def made(arguments: Arguments) -> Value:
            bound = arguments.bind(f"px.{name}", ("unit",), ("unit",))
            return self._session.builder.literal(bound.integer("unit") * times.UNITS[unit], _TYPES["DurationNanos"])

        return Builtin(f"px.{name}", made)

    def _parse_duration(self, arguments: Arguments) -> Value:
        bound = arguments.bind("px.parse_duration", ("duration",), ("duration",))
        given = bound["duration"]
        if is_expression(given) and not isinstance(given, Literal):
            return called(self._session.builder, "parse_duration", [bound.expression("duration")])
        with bound.at("duration"):
            text = bound.text("duration")
            back = times.duration(text) if text else -self._session.now  # left empty: to before all records
            return self._session.builder.literal(back, _TYPES["DurationNanos"])

    def _format_duration(self, arguments: Arguments) -> Value:
        bound = arguments.bind("px.format_duration", ("duration",), ("duration",))
        given = bound["duration"]
        if is_expression(given) and not isinstance(given, Literal):
            return called(self._session.builder, "format_duration", [bound.expression("duration")])
        return self._session.builder.literal(times.shown(bound.integer("duration")), STRING)

    def _parse_time(self, arguments: Arguments) -> Value:
        bound = arguments.bind("px.parse_time", ("time", "format"), ("time",))
        return self._session.builder.literal(self._moment(bound, "time") or 0, TIME)  # no time is before all records

    def _uint128(self, arguments: Arguments) -> Value:
        bound = arguments.bind("px.uint128", ("uuid",), ("uuid",))
        return self._session.builder.literal(bound.text("uuid"), _TYPES["UPID"])

    def _make_upid(self, arguments: Arguments) -> Value:
        parameters = ("asid", "pid", "ts_ns")
        bound = arguments.bind("px.make_upid", parameters, parameters)
        return self._session.builder.literal(":".join(str(bound.integer(one)) for one in parameters), _TYPES["UPID"])

    def _equals_any(self, arguments: Arguments) -> Value:
        bound = arguments.bind("px.equals_any", ("value", "comparisons"), ("value", "comparisons"))
        value, given = bound.expression("value"), bound["comparisons"]
        if not isinstance(given, Items) or not given.values:
            raise bound.wrong("comparisons", "a list with something in it")
        found: Expression | None = None
        for one in given.values:
            if not is_expression(one):
                raise bound.wrong("comparisons", "a list of expressions")
            equal = called(self._session.builder, "equal", [value, one])
            found = equal if found is None else called(self._session.builder, "logicalOr", [found, equal])
        return found

    def _script_reference(self, arguments: Arguments) -> Value:
        bound = arguments.bind("px.script_reference", ("label", "script", "args"), ("label", "script"))
        parts = [bound.expression("label"), bound.expression("script")]
        given = bound.get("args")
        if given is not None and not isinstance(given, Dictionary):
            raise bound.wrong("args", "a dictionary")
        for key, value in given.values.items() if given is not None else ():
            if not is_expression(value):
                raise ScriptError(f"the argument {key!r} of a script is {described(value)}, expected an expression")
            parts += [self._session.builder.literal(key, STRING), value]
        return called(self._session.builder, "script_reference", parts)

    def _introspection(self, name: str) -> Builtin:
        def made(arguments: Arguments) -> Value:
            arguments.bind(f"px.{name}", introspection.ARGUMENTS.get(name, ()), ())
            rows = introspection.rows_of(name, self._session.catalog)
            return Frame(self._session.builder.rows(introspection.SCHEMAS[name], rows))

        return Builtin(f"px.{name}", made)

    def _missing(self, name: str, what: str) -> Builtin:
        def made(arguments: Arguments) -> Value:
            place = arguments.place(arguments.node)
            return Void(NotFilled(name, f"px.{name}: pxcap has no {what} yet", place))

        return Builtin(f"px.{name}", made)


def _same_function(_: Arguments) -> Value:
    """What decorates a function for Pixie's pages: it stays what it is."""
    return Builtin("px.vis", lambda arguments: arguments.positional[0].value if arguments.positional else None)
