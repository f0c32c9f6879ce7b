"""Arguments as people give them, as text, made into what a function's annotation says."""

from pxcap.scripts.language import times
from pxcap.scripts.language.errors import ScriptError
from pxcap.scripts.language.session import Session
from pxcap.scripts.language.values import Items, Kind, UserFunction, Value
from pxcap.scripts.plan import Literal
from pxcap.scripts.types import STRING, Data, Type

_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def argument(session: Session, function: UserFunction, name: str, text: str) -> Value:
    """The value of a parameter; its type is that of its annotation or of its default, else a string.

    Raises:
        ScriptError: The text is no such value.
    """
    kind = function.annotations.get(name)
    default = function.defaults.get(name)
    if isinstance(kind, Kind) and kind.type is None:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return Items(tuple(session.builder.literal(part, STRING) for part in parts))
    if isinstance(kind, Kind) and kind.type is not None:
        type_ = kind.type
    else:
        type_ = default.type if isinstance(default, Literal) else STRING
    try:
        return session.builder.literal(_converted(text, type_, session), type_)
    except ValueError:
        expected = {Data.INT64: "a whole number", Data.FLOAT64: "a number"}.get(type_.data, "true or false")
        raise ScriptError(f"argument {name!r} of {function.name} is {text!r}, expected {expected}") from None


def _converted(text: str, type_: Type, session: Session) -> bool | int | float | str:
    match type_.data:
        case Data.INT64:
            return int(text)
        case Data.FLOAT64:
            return float(text)
        case Data.BOOLEAN:
            if text.strip().lower() not in _TRUTHS:
                raise ValueError
            return _TRUTHS[text.strip().lower()]
        case Data.TIME64NS:
            return times.moment(text, session.now)
    return text
