"""What a script takes, read from its text without running it."""

import ast
import re
from dataclasses import dataclass

from pxcap.scripts.language.parsing import parse

_DESCRIBED = re.compile(r"^\s*@(\w+):?\s+(.+)$")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function.

    Attributes:
        name: Its name.
        type: As the script writes it: `str`, `int`, `px.Service`; empty when it does not say.
        default: As text that can be given for it; None when one must be given.
        doc: What the docstring's line `@name: ...` says.
    """

    name: str
    type: str
    default: str | None
    doc: str


@dataclass(frozen=True, slots=True)
class FunctionSignature:
    """A function at the top of a script.

    Attributes:
        name: Its name.
        doc: The first paragraph of its docstring.
        parameters: In order.
        helper: Whether another function of the script, or its top level, uses it; or it takes what nobody can give as text:
            a parameter has no type, while there are functions that tell the types of all of theirs.
    """

    name: str
    doc: str
    parameters: tuple[Parameter, ...]
    helper: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """A script as a whole.

    Attributes:
        doc: Its docstring.
        functions: In the order they stand.
        displays: Whether its top level shows frames itself.
    """

    doc: str
    functions: tuple[FunctionSignature, ...]
    displays: bool


def signature_of(text: str, name: str = "script") -> Signature:
    """What a script takes.

    Raises:
        ScriptError: It is not PxL.
    """
    tree = parse(text, name)
    defined = [one for one in tree.body if isinstance(one, ast.FunctionDef)]
    used = {
        node.id
        for statement in tree.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and not (isinstance(statement, ast.FunctionDef) and statement.name == node.id)
    }
    displays = any(
        isinstance(node, ast.Attribute) and node.attr == "display"
        for statement in tree.body
        if not isinstance(statement, ast.FunctionDef)
        for node in ast.walk(statement)
    )
    last = {one.name: one for one in defined}.values()
    typed = {one.name for one in last if one.name not in used and _is_typed(one)}
    functions = tuple(_function(one, one.name in used or (bool(typed) and one.name not in typed)) for one in last)
    return Signature((ast.get_docstring(tree) or "").strip(), functions, displays)


def _is_typed(node: ast.FunctionDef) -> bool:
    """Whether each parameter has a type or a default."""
    without = node.args.args[: len(node.args.args) - len(node.args.defaults)]
    return all(one.annotation is not None for one in without)


def _function(node: ast.FunctionDef, helper: bool) -> FunctionSignature:
    doc = ast.get_docstring(node) or ""
    described = {found[1]: found[2] for line in doc.splitlines() if (found := _DESCRIBED.match(line))}
    arguments = node.args.args
    defaults: dict[str, ast.expr] = {}
    if node.args.defaults:
        defaults = {
            one.arg: value for one, value in zip(arguments[-len(node.args.defaults) :], node.args.defaults, strict=True)
        }
    parameters = tuple(
        Parameter(
            one.arg,
            ast.unparse(one.annotation) if one.annotation else "",
            _text(defaults[one.arg]) if one.arg in defaults else None,
            described.get(one.arg, ""),
        )
        for one in arguments
    )
    return FunctionSignature(node.name, " ".join(doc.split("\n\n")[0].split()), parameters, helper)


def _text(node: ast.expr) -> str:
    """A default as somebody would give it."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.List | ast.Tuple):
        return ",".join(map(_text, node.elts))
    return ast.unparse(node)
