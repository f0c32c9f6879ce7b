"""What is given to a script on the command line, behind `--`, and what it takes in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pxcap.core.errors import UsageError

if TYPE_CHECKING:
    from pxcap.core.registry import Registry
    from pxcap.scripts.shelf import Script
    from pxcap.scripts.vis import Variable

_KINDS = {
    "PX_INT64": "integer",
    "PX_FLOAT64": "number",
    "PX_BOOLEAN": "true or false",
    "PX_LIST": "list",
    "PX_STRING_LIST": "list",
}
_ENTITIES = ("PX_SERVICE", "PX_POD", "PX_NAMESPACE", "PX_NODE")  # found in the store when not given


def chosen(name: str | None, words: Sequence[str], file: str, registry: "Registry") -> "tuple[Script, Sequence[str]]":
    """The script that NAME or --file names, and the words that are for it.

    Raises:
        UsageError: Neither or both are given, or there is no such script.
    """
    from pxcap.scripts import shelf

    if not file:
        if name is None:
            raise UsageError("no script is named", "pxcap script list names them all; -f FILE runs your own")
        return shelf.find(name, registry.protocols, shelf.given(registry)[0]), words
    if name is not None and not name.startswith("--"):
        raise UsageError(f"{name} and --file {file} both name a script", "leave out one of them")
    return shelf.from_file(file), [name, *words] if name is not None else words


def given(script: "Script", words: Sequence[str]) -> dict[str, str]:
    """The arguments of a script from `--name value` and `--name=value`, as text.

    Raises:
        UsageError: An argument that the script does not have, or one without a value.
    """
    names = script.accepts()
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        meant = names.get(name.replace("-", "_")) if word.startswith("--") else None
        if meant is None:
            takes = ", ".join(f"--{one.name}" for one in script.variables()) or "no arguments"
            raise UsageError(f"{script.name} has no argument {word!r}", f"it takes {takes}")
        if not equals:
            if not rest:
                raise UsageError(f"{word} needs a value", f"pxcap run {script.name} --help describes it")
            value = rest.pop(0)
        found[meant] = value
    return found


def kind(variable: "Variable") -> str:
    """What a value of it is, in a word."""
    return _KINDS.get(variable.type) or variable.type.removeprefix("PX_").lower().replace("string", "text")


def meaning(variable: "Variable") -> str:
    """What it is for, which values it may have, and what stands for it when it is not given."""
    parts = [variable.meaning.strip().rstrip(".")]
    if variable.allowed:
        parts.append(f"one of {', '.join(variable.allowed)}")
    if variable.default is None:
        parts.append("when not given, the busiest of the store" if variable.type in _ENTITIES else "must be given")
    return "; ".join(part for part in parts if part)


def help_text(script: "Script") -> str:
    """What `pxcap run NAME --help` shows."""
    variables = script.variables()
    call = f"-f {script.name}" if script.name.endswith(".pxl") or script.name == "-" else script.name
    lines = [f"Usage: pxcap run {call} [OPTIONS]" + (" [-- --ARGUMENT VALUE...]" if variables else ""), ""]
    if script.summary:
        lines += [f"  {script.summary}", ""]
    lines.append("Arguments of the script:" if variables else "It takes no arguments.")
    names = [f"--{one.name}" for one in variables]
    kinds = [kind(one) for one in variables]
    for name, of, one in zip(names, kinds, variables, strict=True):
        default = f"  [default: {one.default or 'empty'}]" if one.default is not None else ""
        lines.append(f"  {name:<{max(map(len, names))}}  {of:<{max(map(len, kinds))}}  {meaning(one)}{default}")
    return "\n".join([*lines, "", "pxcap run --help shows the options."]) + "\n"
