"""Runs the statements of a script's modules over its syntax tree; what comes of it are plans."""

import ast
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from importlib.resources import files

from pxcap.scripts.language import frames
from pxcap.scripts.language.arguments import Arguments, Given
from pxcap.scripts.language.errors import ScriptError, near, unknown
from pxcap.scripts.language.evaluation import Evaluator, no_part
from pxcap.scripts.language.parsing import parse
from pxcap.scripts.language.px import kind, px_module
from pxcap.scripts.language.scope import Scope
from pxcap.scripts.language.session import Session
from pxcap.scripts.language.tracing import pxtrace_module
from pxcap.scripts.language.values import (
    Callable_,
    Frame,
    Kind,
    Module,
    UserFunction,
    Value,
    Void,
    described,
    is_expression,
)
from pxcap.scripts.plan import Literal
from pxcap.scripts.types import BOOLEAN, FLOAT64, INT64, STRING

VIEWS = "pxviews"
_MODULES = ("px", "pxtrace", VIEWS)
_PLAIN = {"str": STRING, "int": INT64, "float": FLOAT64, "bool": BOOLEAN}
_NO_PART = {
    ast.AsyncFunctionDef: "async",
    ast.ClassDef: "class",
    ast.Delete: "del",
    ast.For: "for",
    ast.Global: "global",
    ast.If: "if",
    ast.Raise: "raise",
    ast.Try: "try",
    ast.While: "while",
    ast.With: "with",
}


class _Returned(Exception):
    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


class Interpreter:
    """Runs one module of a script.

    Args:
        name: The script's, for errors; "" for a module of pxcap's own: errors in it stand where the script calls it.
        session: What all modules share.
    """

    def __init__(self, name: str, session: Session) -> None:
        self._session = session
        self._evaluator = Evaluator(name, session)
        self._imported: dict[str, Module] = {}
        plain: dict[str, Value] = {one: kind(session, one, type_) for one, type_ in _PLAIN.items()}
        plain["list"] = Kind("list", None, _no_cast)
        self.globals = Scope(Scope(names=plain))

    def run(self, tree: ast.Module) -> None:
        """Run the statements of the module.

        Raises:
            ScriptError: Something in it is wrong.
        """
        self._block(tree.body, self.globals, inside=False)

    def at(self, node: ast.AST) -> AbstractContextManager[None]:
        """Errors from inside stand where the node does, unless they know better."""
        return self._evaluator.at(node)

    def call(self, function: UserFunction, named: Mapping[str, Value]) -> Value:
        """Call a function with values that do not stand in the script.

        Raises:
            ScriptError: Something is wrong with them, or in the function.
        """
        given = {name: Given(function.node, value) for name, value in named.items()}
        return function.call(Arguments((), given, function.node, self._evaluator.place))

    def _block(self, statements: Sequence[ast.stmt], scope: Scope, inside: bool) -> None:
        for statement in statements:
            with self._evaluator.at(statement):
                self._statement(statement, scope, inside)

    def _statement(self, node: ast.stmt, scope: Scope, inside: bool) -> None:
        evaluate = self._evaluator.evaluate
        match node:
            case ast.Expr(value=value):
                evaluate(value, scope)
            case ast.Assign(targets=[target], value=value):
                self._assign(target, evaluate(value, scope), scope)
            case ast.AugAssign(target=target, op=operator, value=value):
                old = evaluate(target, scope)
                self._assign(target, self._evaluator.operate(operator, old, evaluate(value, scope)), scope)
            case ast.FunctionDef():
                scope.names[node.name] = self._define(node, scope)
            case ast.Return(value=value):
                if not inside:
                    raise ScriptError("return outside a function")
                raise _Returned(None if value is None else evaluate(value, scope))
            case ast.Import(names=aliases):
                for alias in aliases:
                    scope.names[alias.asname or alias.name] = self._module(alias.name)
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                for alias in aliases:
                    scope.names[alias.asname or alias.name] = self._part(self._module(module), alias.name)
            case ast.Pass():
                pass
            case ast.Assign():
                raise ScriptError("one assignment has one target in PxL")
            case _:
                name = _NO_PART.get(type(node))
                raise ScriptError(f"{name!r} is not part of PxL") if name else no_part(node)

    def _assign(self, target: ast.expr, value: Value, scope: Scope) -> None:
        match target:
            case ast.Name(id=name):
                scope.names[name] = value
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                self._set(owner, name, value, scope)
            case ast.Subscript(value=ast.Name(id=owner), slice=key_node):
                key = self._evaluator.evaluate(key_node, scope)
                if not (isinstance(key, Literal) and isinstance(key.value, str)):
                    raise ScriptError(f"a column is set by its name, found {described(key)}")
                self._set(owner, key.value, value, scope)
            case _:
                raise ScriptError("only a name, or a column of a frame that has a name, can be assigned to")

    def _set(self, owner: str, name: str, value: Value, scope: Scope) -> None:
        """Set a column of a frame, or a name of a module. The frame becomes another, under its name in this scope."""
        found = scope.find(owner)
        if isinstance(found, Module):
            found.replaced[name] = value
        elif isinstance(found, Void):
            scope.names[owner] = found
        elif not isinstance(found, Frame):
            raise ScriptError(f"{owner!r} is {described(found)}: nothing in it can be assigned to")
        elif isinstance(value, Void):
            scope.names[owner] = value
        elif is_expression(value):
            scope.names[owner] = frames.assign(self._session.builder, found, name, value)
        else:
            raise ScriptError(f"the column {name!r} is set to {described(value)}, expected an expression")

    def _define(self, node: ast.FunctionDef, scope: Scope) -> Value:
        parameters = node.args
        if parameters.vararg or parameters.kwarg or parameters.kwonlyargs or parameters.posonlyargs:
            raise ScriptError(f"{node.name}: parameters have names, types and defaults in PxL, nothing else")
        evaluate = self._evaluator.evaluate
        with_default = parameters.args[len(parameters.args) - len(parameters.defaults) :]
        defaults = {
            one.arg: evaluate(value, scope) for one, value in zip(with_default, parameters.defaults, strict=True)
        }
        annotations = {one.arg: evaluate(one.annotation, scope) for one in parameters.args if one.annotation}
        made: Value = UserFunction(node.name, node, defaults, annotations, self._runner(scope))
        for decorator in reversed(node.decorator_list):
            found = evaluate(decorator, scope)
            if isinstance(found, Callable_):
                found = found.call(Arguments((Given(node, made),), {}, decorator, self._evaluator.place))
            elif not isinstance(found, Void):
                raise ScriptError(f"{described(found)} is no decorator")
            made = found
        return made

    def _runner(self, scope: Scope) -> Callable[[UserFunction, Mapping[str, Value]], Value]:
        def run(function: UserFunction, bound: Mapping[str, Value]) -> Value:
            try:
                self._block(function.node.body, Scope(scope, dict(bound)), inside=True)
            except _Returned as returned:
                return returned.value
            return None

        return run

    def _module(self, name: str) -> Module:
        if name not in _MODULES:
            raise unknown("module", name, _MODULES)
        if name not in self._imported:
            makers = {"px": px_module, "pxtrace": pxtrace_module, VIEWS: views_module}
            self._imported[name] = makers[name](self._session)
        return self._imported[name]

    def _part(self, module: Module, name: str) -> Value:
        found = module.attribute(name)
        if found is None:
            raise ScriptError(f"{module.name} has no {name!r}{near(name, module.known())}")
        return found


def views_module(session: Session) -> Module:
    """`pxviews`: functions that are written in PxL themselves, in several files that know each other's names.

    Those of Pixie's names have its columns, and times are as in px.DataFrame.
    """
    names: dict[str, Value] = {}
    for part in sorted(files("pxcap.scripts.language").joinpath(VIEWS).iterdir(), key=lambda part: part.name):
        name = f"{VIEWS}/{part.name.removesuffix('.pxl')}"
        views = Interpreter("", session)
        views.globals.names = names
        views.run(parse(part.read_text(encoding="utf-8"), name))
    found = {name: one for name, one in names.items() if isinstance(one, UserFunction)}
    return Module(VIEWS, found.get, lambda: list(found))


def _no_cast(_: Arguments) -> Value:
    raise ScriptError("list is a type of arguments only")
