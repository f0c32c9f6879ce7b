"""Handlers of what decides, by a value or by trying, which construct comes next."""

from typing import Any

import construct as c

from pxcap.core.layout.expression import Scope
from pxcap.core.layout.generator import Generator, Handler

_CHAIN = 3  # up to so many cases are compared one after the other


def _if_then_else(g: Generator, con: Any, scope: Scope | None) -> str:
    out = g.out
    condition = g.parameter(con.condfunc, scope)
    out.flush()
    result = out.new()
    _branch(g, f"if {condition}:", con.thensubcon, scope, result)
    _branch(g, "else:", con.elsesubcon, scope, result)
    return result


def _branch(g: Generator, head: str, con: Any, scope: Scope | None, result: str) -> None:
    with g.out.block(head):
        value = g.value(con, scope)
        g.out.flush()
        g.out.write(f"{result} = {value}")


def _switch(g: Generator, con: Any, scope: Scope | None) -> str:
    out = g.out
    source = g.parameter(con.keyfunc, scope)
    out.flush()
    result, key = out.new(), out.new("k")
    if source in out.unsigned and len(con.cases) <= _CHAIN and all(type(case) is int for case in con.cases):
        word = "if"
        for case, sub in con.cases.items():
            _branch(g, f"{word} {source} == {case}:", sub, scope, result)
            word = "elif"
        _branch(g, "else:" if con.cases else "if True:", con.default, scope, result)
        return result
    branches: list[Any] = [con.default]
    numbers: dict[Any, int] = {}
    for case, sub in con.cases.items():  # keys that share a construct share its code
        if not any(sub is branch for branch in branches):
            branches.append(sub)
        numbers[case] = next(at for at, branch in enumerate(branches) if branch is sub)
    out.write(f"{key} = {out.constant(numbers)}.get({source}, 0)")
    _tree(g, key, branches, 0, scope, result)
    return result


def _tree(g: Generator, key: str, branches: list[Any], first: int, scope: Scope | None, result: str) -> None:
    """Find the branch of a number by halving."""
    if len(branches) == 1:
        _branch(g, "if True:", branches[0], scope, result)
        return
    half = len(branches) // 2
    for head, some, at in (
        (f"if {key} < {first + half}:", branches[:half], first),
        ("else:", branches[half:], first + half),
    ):
        if len(some) == 1:
            _branch(g, head, some[0], scope, result)
        else:
            with g.out.block(head):
                _tree(g, key, some, at, scope, result)


def _select(g: Generator, con: Any, scope: Scope | None) -> str:
    out = g.out
    out.flush()
    result, start, seeking = out.new(), out.new("p"), out.new("s")
    out.write(f"{start} = pos", f"{seeking} = True")
    for sub in con.subcons:
        with out.block(f"if {seeking}:"):
            if sub is c.Pass:
                out.write(f"{result} = None")
                return result
            out.swallows |= out.outer
            with out.block("try:"):
                value = g.value(sub, scope)
                out.flush()
                out.write(f"{result} = {value}", f"{seeking} = False")
            out.write("except Explicit: raise")
            if out.outer:
                out.write(f"except Partial: short = True; pos = {start}")
            out.write(f"except Exception: pos = {start}")
    out.write(f"if {seeking}: {out.fail('no alternative fits')}")
    return result


def _peek(g: Generator, con: Any, scope: Scope | None) -> str:
    out = g.out
    out.flush()
    result, start = out.new(), out.new("p")
    out.swallows |= out.outer
    out.write(f"{start} = pos")
    with out.block("try:"):
        value = g.value(con.subcon, scope)
        out.flush()
        out.write(f"{result} = {value}")
    out.write("except Explicit: raise")
    if out.outer:
        out.write(f"except Partial: short = True; {result} = None")
    out.write(f"except Invalid: {result} = None", f"pos = {start}")
    return result


HANDLERS: dict[type, Handler] = {
    c.IfThenElse: _if_then_else,
    c.Switch: _switch,
    c.Select: _select,
    c.Peek: _peek,
}
