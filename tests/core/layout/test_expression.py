from typing import Any

import pytest
from construct import abs_, len_, list_, max_, obj_, this

from pxcap.core.layout.errors import UnsupportedError
from pxcap.core.layout.expression import Context, Expressions, Scope

SIZE = 4


def expressions() -> Expressions:
    return Expressions(lambda value: f"<{getattr(value, '__name__', value)}>", {"o1": {"x": "v8"}})


def scope() -> Scope:
    outer = Scope()
    outer.names.update(n="v1", data="v2", head="o1", other="r1")
    inner = Scope(outer)
    inner.names.update(m="v3")
    return inner


SOURCES: dict[str, tuple[Any, str]] = {
    "constant": (7, "7"),
    "negative": (-7, "(-7)"),
    "bytes": (b"ab", "b'ab'"),
    "object": (SOURCE := ("x",), f"<{SOURCE}>"),
    "field": (this.m, "v3"),
    "outer field": (this._.n, "v1"),
    "root": (this._root.n, "v1"),
    "field of a known record": (this._.head.x, "v8"),
    "field of another": (this._.other.x, "r1.x"),
    "keyword": (this._.other["class"], "r1['class']"),
    "item": (this._.data[0], "v2[0]"),
    "arithmetic": (this.m * 2 - 1, "((v3 * 2) - 1)"),
    "reflected": (10 // this.m, "(10 // v3)"),
    "not": (~(this.m == 1), "(not (v3 == 1))"),
    "functions": (len_(this._.data) + abs_(this.m), "(<len>(v2) + <abs>(v3))"),
    "flag of the context": (this._parsing, "True"),
    "plain lambda": (lambda ctx: ctx.m - SIZE, "(v3 - 4)"),
    "lambda with a tuple": (lambda ctx: (ctx.m, ctx._.n), "(v3, v1, )"),
}


@pytest.mark.parametrize(("value", "source"), SOURCES.values(), ids=SOURCES.keys())
def test_source(value: Any, source: str) -> None:
    assert expressions().parameter(value, scope()) == source


CALLED: dict[str, Any] = {
    "and": lambda ctx: ctx.m and ctx._.n,
    "conditional": lambda ctx: 1 if ctx.m else 2,
    "is": lambda ctx: ctx.m is None,
    "in": lambda ctx: ctx.m in (1, 2),
    "call": lambda ctx: len(ctx._.data),
    "inverted": lambda ctx: ~ctx.m,
    "method of dict": lambda ctx: ctx.items,
    "default argument": lambda ctx, more=1: ctx.m + more,
    "builtin": max,
}


@pytest.mark.parametrize("function", CALLED.values(), ids=CALLED.keys())
def test_what_may_branch_is_called_at_parse_time(function: Any) -> None:
    source = expressions().parameter(function, scope())
    assert source.startswith("<")
    assert source.endswith("(Context({'m': v3, '_': Context({'n': v1, 'data': v2, 'head': o1, 'other': r1})}))")


UNKNOWN: dict[str, Any] = {
    "never parsed": this.missing,
    "beyond the root": this._._._.n,
    "parameters of parse": this._params.n,
    "whole context": this,
    "computed index": this._.data[this.m],
    "function of nothing": max_,
    "list": list_[0],
}


@pytest.mark.parametrize("value", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_is_not_known_is_unsupported(value: Any) -> None:
    with pytest.raises(UnsupportedError):
        expressions().parameter(value, scope())


def test_callable_without_fields_is_unsupported() -> None:
    with pytest.raises(UnsupportedError, match="outside of a Struct"):
        expressions().parameter(lambda ctx: ctx or 1, None)


def test_predicate_sees_the_item_under_any_name() -> None:
    assert expressions().predicate(obj_ == 1, scope(), "v9", "a1") == "(v9 == 1)"
    assert expressions().predicate(this.x == 1, scope(), "o1", "a1") == "(v8 == 1)"
    assert expressions().predicate(True, scope(), "v9", "a1") == "True"
    called = expressions().predicate(lambda item, items, ctx: item, scope(), "v9", "a1")
    assert called.startswith("<<lambda>>(v9, a1, Context(")


def test_context_answers_as_construct_does() -> None:
    context = Context({"a": 1, "_": Context({"b": 2})})
    assert (context.a, context["a"], context._.b, context._root.b) == (1, 1, 2, 2)
    assert (context._parsing, context._building, context._sizing) == (True, False, False)
    with pytest.raises(KeyError):
        _ = context.missing
