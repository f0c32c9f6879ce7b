"""A script's text to the plans of what it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pxcap.scripts.language.catalog import Catalog
from pxcap.scripts.language.errors import NotFilled, ScriptError, unknown
from pxcap.scripts.language.given import argument
from pxcap.scripts.language.interpreter import Interpreter
from pxcap.scripts.language.parsing import parse
from pxcap.scripts.language.session import Refused, Session
from pxcap.scripts.language.signature import Signature, signature_of
from pxcap.scripts.language.values import UserFunction
from pxcap.scripts.plan import Output


@dataclass(frozen=True, slots=True)
class Invocation:
    """A function to call, and under which name what it gives is shown; `arguments` are text."""

    function: str
    output: str
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a script shows, and what of it cannot be shown, each with its reason."""

    outputs: tuple[Output, ...]
    refused: tuple[Refused, ...]


def compile_script(
    text: str,
    name: str,
    arguments: Mapping[str, str],
    catalog: Catalog,
    invocations: Sequence[Invocation] = (),
    now: int | None = None,
) -> Compiled:
    """The plans of a script's outputs.

    With invocations, these functions are called and `px.display` shows nothing, as Pixie does with a vis spec; one that fails
    leaves the others. Without, what the top level displays is shown; when it displays nothing, every function that no other
    uses is called.

    Args:
        text: The script.
        name: Its name, for errors.
        arguments: By parameter, as text: for every function called that has one of that name and was given none.
        catalog: What the store has.
        invocations: What to call.
        now: What relative times count from, ns since the epoch; None for the newest record.

    Raises:
        ScriptError: The script is wrong; or nothing of it can be shown, for another reason than rows pxcap does not have.
    """
    try:
        session = Session(catalog, displays=not invocations, at=now)
        return _compiled(text, name, arguments, session, invocations)
    except RecursionError:
        raise ScriptError(f"{name}: calls and expressions are nested too deep") from None


def _compiled(
    text: str, name: str, arguments: Mapping[str, str], session: Session, invocations: Sequence[Invocation]
) -> Compiled:
    tree, signature = parse(text, name), signature_of(text, name)
    interpreter = Interpreter(name, session)
    interpreter.run(tree)
    wanted = invocations
    if not invocations and not session.outputs and not session.refused:
        wanted = [Invocation(one.name, one.name) for one in signature.functions if not one.helper]
        session.displays = False
    _check_arguments(name, arguments, signature, wanted)
    for one in wanted:
        _invoke(interpreter, session, one, arguments)
    failed = [one.error for one in session.refused if not isinstance(one.error, NotFilled)]
    if not session.outputs and failed:
        raise failed[0]
    if not session.outputs and not session.refused:
        raise ScriptError(
            f"{name} shows nothing", "end it with px.display(df), or define a function that returns a frame"
        )
    return Compiled(tuple(session.outputs), tuple(session.refused))


def _check_arguments(
    name: str, arguments: Mapping[str, str], signature: Signature, wanted: Sequence[Invocation]
) -> None:
    called = {one.function for one in wanted}
    known = {one.name for function in signature.functions if function.name in called for one in function.parameters}
    for one in arguments:
        if one not in known:
            error = unknown("argument", one, sorted(known))
            raise ScriptError(f"{name}: {error}", error.hint)


def _invoke(interpreter: Interpreter, session: Session, wanted: Invocation, arguments: Mapping[str, str]) -> None:
    try:
        function = interpreter.globals.names.get(wanted.function)
        if not isinstance(function, UserFunction):
            functions = [one for one, value in interpreter.globals.names.items() if isinstance(value, UserFunction)]
            raise unknown("function", wanted.function, functions)
        with interpreter.at(function.node):
            _call(interpreter, session, function, wanted, arguments)
    except ScriptError as error:
        session.refuse(wanted.output, error)


def _call(
    interpreter: Interpreter,
    session: Session,
    function: UserFunction,
    wanted: Invocation,
    arguments: Mapping[str, str],
) -> None:
    for one in wanted.arguments:
        if one not in function.parameters:
            raise unknown(f"argument of {function.name}", one, function.parameters)
    texts = {one: arguments[one] for one in function.parameters if one in arguments} | dict(wanted.arguments)
    values = {one: argument(session, function, one, text) for one, text in texts.items()}
    session.show(wanted.output, interpreter.call(function, values))
