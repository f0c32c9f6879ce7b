"""The methods of frames, as scripts call them."""

from collections.abc import Callable, Mapping
from functools import partial

from pxcap.scripts.language import frames, times
from pxcap.scripts.language.arguments import Arguments, Bound
from pxcap.scripts.language.errors import ScriptError
from pxcap.scripts.language.px import PxFunction
from pxcap.scripts.language.session import Session
from pxcap.scripts.language.values import Builtin, Frame, Grouped, Items, Value, described
from pxcap.scripts.plan import Literal

Method = Callable[[Session, Frame, Arguments], Value]


def method(session: Session, frame: Frame, name: str) -> Builtin | None:
    """A method of the frame; None when there is none of that name."""
    return Builtin(name, partial(METHODS[name], session, frame)) if name in METHODS else None


def grouped_method(session: Session, grouped: Grouped, name: str) -> Builtin:
    """`agg` of a grouped frame.

    Raises:
        ScriptError: Something else is asked for.
    """
    if name != "agg":
        raise ScriptError(f"a grouped frame has {name!r} only after .agg(...)")
    return Builtin(name, lambda arguments: _aggregated(session, grouped.frame, grouped.keys, arguments))


def _agg(session: Session, frame: Frame, arguments: Arguments) -> Value:
    return _aggregated(session, frame, (), arguments)


def _aggregated(session: Session, frame: Frame, keys: tuple[str, ...], arguments: Arguments) -> Frame:
    if arguments.positional:
        place = arguments.place(arguments.positional[0].node)
        raise ScriptError("agg takes name=('column', px.function) only", place=place)
    bound = arguments.bind("agg", tuple(arguments.named), ())
    made = []
    for name in bound:
        with bound.at(name):
            made.append(frames.aggregation(session.builder, frame, name, *_aggregation(bound, name)))
    return frames.aggregate(session.builder, frame, keys, made)


def _aggregation(bound: Bound, name: str) -> tuple[str, str]:
    match bound[name]:
        case Items(values=(Literal(value=str(source)), PxFunction(name=function))):
            return source, function
        case Items(values=(Literal(value=str()), other)):
            raise ScriptError(f"{name} is made by {described(other)}, expected a function such as px.sum")
    raise bound.wrong(name, "('column', px.function)")


def _groupby(session: Session, frame: Frame, arguments: Arguments) -> Value:
    bound = arguments.bind("groupby", ("by",), ())
    keys = bound.texts("by") if bound.get("by") is not None else ()
    for key in keys:
        with bound.at("by"):
            frames.column(session.builder, frame, key)
    return Grouped(frame, keys)


def _merge(session: Session, frame: Frame, arguments: Arguments) -> Value:
    parameters = ("right", "how", "left_on", "right_on", "suffixes")
    bound = arguments.bind("merge", parameters, parameters[:-1])
    suffixes = bound.texts("suffixes") if "suffixes" in bound else ("_x", "_y")
    if len(suffixes) != 2:
        raise bound.wrong("suffixes", "a list of two strings")
    right = bound.frame("right")
    for side, name in ((frame, "left_on"), (right, "right_on")):
        for key in bound.texts(name):
            with bound.at(name):
                frames.column(session.builder, side, key)
    on = bound.texts("left_on"), bound.texts("right_on")
    return frames.merge(session.builder, (frame, right), bound.text("how"), on, (suffixes[0], suffixes[1]))


def _append(session: Session, frame: Frame, arguments: Arguments) -> Value:
    bound = arguments.bind("append", ("objs",), ("objs",))
    given = bound["objs"]
    others = given.values if isinstance(given, Items) else (given,)
    found = [one for one in others if isinstance(one, Frame)]
    if len(found) != len(others) or not found:
        raise bound.wrong("objs", "a frame or a list of frames")
    return frames.append(session.builder, (frame, *found))


def _drop(session: Session, frame: Frame, arguments: Arguments) -> Value:
    parameters = ("columns", *(str(at) for at in range(1, len(arguments.positional))))  # drop('a', 'b') is taken, too
    bound = arguments.bind("drop", parameters, ("columns",))
    names = [name for one in bound for name in bound.texts(one)]
    return frames.drop(session.builder, frame, names)


def _head(session: Session, frame: Frame, arguments: Arguments) -> Value:
    bound = arguments.bind("head", ("n", "_pem_only"), ())
    return frames.head(session.builder, frame, bound.integer("n", 5))


def _rolling(session: Session, frame: Frame, arguments: Arguments) -> Value:
    bound = arguments.bind("rolling", ("window", "on"), ("window",))
    given = bound["window"]
    with bound.at("window"):
        is_text = isinstance(given, Literal) and isinstance(given.value, str)
        window = times.duration(bound.text("window")) if is_text else bound.integer("window")
    return frames.rolling(session.builder, frame, window, bound.text("on", frames.TIME))


def _stream(session: Session, frame: Frame, arguments: Arguments) -> Value:
    arguments.bind("stream", (), ())
    return frame  # what is stored does not go on coming


METHODS: Mapping[str, Method] = {
    "agg": _agg,
    "append": _append,
    "drop": _drop,
    "groupby": _groupby,
    "head": _head,
    "merge": _merge,
    "rolling": _rolling,
    "stream": _stream,
}
