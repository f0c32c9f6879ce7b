"""construct's expressions as Python source.

`this.size - 4` is an object that construct evaluates by walking it for every message; here it is written out once, with
the fields it names replaced by the local variables that hold them. A lambda whose code cannot branch or call is run once
on `this` and gives such an object; any other callable is called at parse time with a dict of the fields, as construct does.
"""

import dis
import keyword
import math
from collections.abc import Callable
from typing import Any

from construct import expr, this

from pxcap.core.layout.errors import UnsupportedError

e: Any = expr  # its stubs hide what is needed here

_OPERATORS = {function: symbol for function, symbol in e.opnames.items() if symbol not in ("not", "in")}
_STRAIGHT = {"RESUME", "CACHE", "COPY_FREE_VARS", "LOAD_FAST", "LOAD_FAST_BORROW", "LOAD_CONST", "LOAD_SMALL_INT"}
_STRAIGHT |= {"LOAD_GLOBAL", "LOAD_DEREF", "LOAD_ATTR", "BINARY_OP", "BINARY_SUBSCR", "COMPARE_OP", "UNARY_NEGATIVE"}
_STRAIGHT |= {"BUILD_TUPLE", "RETURN_VALUE", "RETURN_CONST"}
_CONTEXT_FLAGS = {"_parsing": "True", "_building": "False", "_sizing": "False"}


class Context(dict[str, Any]):
    """What a callable that could not be compiled gets for construct's context."""

    def __getattr__(self, name: str) -> Any:
        return self[name]

    def __missing__(self, name: str) -> Any:
        if name == "_root":
            context: Context = self
            while "_" in context:
                context = context["_"]
            return context
        if name in _CONTEXT_FLAGS:
            return name == "_parsing"
        raise KeyError(name)


class Scope:
    """The fields one Struct, Sequence or FocusedSeq has parsed so far: their names and the source of their values."""

    def __init__(self, parent: "Scope | None" = None) -> None:
        self.parent = parent
        self.names: dict[str, str] = {}

    def root(self) -> "Scope":
        """The outermost scope."""
        return self.parent.root() if self.parent else self

    def context(self) -> str:
        """Source that makes the Context of this scope."""
        items = [f"{name!r}: {value}" for name, value in self.names.items()]
        if self.parent:
            items.append(f"'_': {self.parent.context()}")
        return f"Context({{{', '.join(items)}}})"


class Expressions:
    """Writes expressions as source.

    Args:
        constant: Gives the name under which the generated code finds an object.
        records: For variables that hold a Record: the sources of its fields.
    """

    def __init__(self, constant: Callable[[Any], str], records: dict[str, dict[str, str]]) -> None:
        self._constant = constant
        self._records = records

    def literal(self, value: object) -> str:
        """Source of a constant: itself where Python can write it, else a name."""
        if value is None or (isinstance(value, float) and math.isfinite(value)):
            return repr(value)
        if type(value) in (int, bool, str, bytes):
            return f"({value!r})" if isinstance(value, int) and value < 0 else repr(value)
        return self._constant(value)

    def parameter(self, value: Any, scope: Scope | None) -> str:
        """Source of a parameter that construct would pass through `evaluate`: a constant, an expression or a callable.

        Raises:
            UnsupportedError: It names something that is not known here.
        """
        return self._callable(value, scope, None) if callable(value) else self.literal(value)

    def predicate(self, value: Any, scope: Scope | None, *arguments: str) -> str:
        """Source of a callable that gets `arguments` before the context, such as the predicate of RepeatUntil."""
        return self._callable(value, scope, arguments) if callable(value) else self.literal(value)

    def _callable(self, function: Any, scope: Scope | None, arguments: tuple[str, ...] | None) -> str:
        if isinstance(function, e.ExprMixin):
            return self._expression(function, scope, arguments)
        if arguments is None and _cannot_branch(function):
            traced = _trace(function)
            if traced is not None:
                return self._expression(traced, scope, None)
        if scope is None:
            raise UnsupportedError(f"{function!r} outside of a Struct")
        return f"{self._constant(function)}({', '.join((*(arguments or ()), scope.context()))})"

    def _expression(self, value: Any, scope: Scope | None, arguments: tuple[str, ...] | None) -> str:
        if isinstance(value, tuple):
            return f"({''.join(self._expression(item, scope, arguments) + ', ' for item in value)})"
        if not isinstance(value, e.ExprMixin):
            return self.parameter(value, scope)
        inner = vars(value)
        if isinstance(value, e.Path):
            return self._path(value, scope, arguments)
        if isinstance(value, e.BinExpr) and value.op in _OPERATORS:
            left = self._expression(value.lhs, scope, arguments)
            return f"({left} {_OPERATORS[value.op]} {self._expression(value.rhs, scope, arguments)})"
        if isinstance(value, e.UniExpr):
            return f"({e.opnames[value.op]} {self._expression(value.operand, scope, arguments)})"
        if isinstance(value, e.FuncPath) and inner["_FuncPath__operand"] is not None:
            operand = self._expression(inner["_FuncPath__operand"], scope, arguments)
            return f"{self._constant(inner['_FuncPath__func'])}({operand})"
        raise UnsupportedError(f"expression {value!r}")

    def _path(self, path: Any, scope: Scope | None, arguments: tuple[str, ...] | None) -> str:
        parts: list[Any] = []
        inner = vars(path)
        while inner["_Path__parent"] is not None:
            parts.insert(0, inner["_Path__field"])
            inner = vars(inner["_Path__parent"])
        if arguments:  # in a predicate the root is the first argument, whatever its name
            return self._steps(arguments[0], parts)
        here = scope
        while parts and here:
            if parts[0] == "_":
                here = here.parent
            elif parts[0] == "_root":
                here = here.root()
            else:
                break
            del parts[0]
        if here and parts and isinstance(parts[0], str):
            if parts[0] in here.names:
                return self._steps(here.names[parts[0]], parts[1:])
            if parts[0] in _CONTEXT_FLAGS and len(parts) == 1:
                return _CONTEXT_FLAGS[parts[0]]
        raise UnsupportedError(f"{path!r} is not parsed before it is used")

    def _steps(self, source: str, parts: list[Any]) -> str:
        for part in parts:
            if source in self._records and part in self._records[source]:
                source = self._records[source][part]
            elif isinstance(part, str) and part.isidentifier() and not keyword.iskeyword(part):
                source += f".{part}"
            elif isinstance(part, str | int):
                source += f"[{part!r}]"
            else:  # construct does not evaluate an expression used as an index
                raise UnsupportedError(f"index {part!r}")
        return source


def _cannot_branch(function: Any) -> bool:
    code = getattr(function, "__code__", None)
    if code is None or code.co_argcount != 1 or code.co_kwonlyargcount or code.co_flags & 0x0C:
        return False
    if any(hasattr(dict, name) for name in code.co_names):  # ctx.items is a method in construct
        return False
    return all(step.opname in _STRAIGHT for step in dis.get_instructions(code))


def _trace(function: Callable[[Any], Any]) -> Any:
    """Run on `this`: sound only where no step can ask the expression for its truth or identity."""
    try:
        traced = function(this)
    except Exception:  # noqa: BLE001  such code is left to parse time
        return None
    parts = traced if isinstance(traced, tuple) else (traced,)
    return traced if any(isinstance(part, e.ExprMixin) for part in parts) else None
