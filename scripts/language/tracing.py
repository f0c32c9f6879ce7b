"""The module `pxtrace`: recognised, so that a script that has tracepoints says what is missing and shows its other outputs."""

from pxcap.scripts.language.arguments import Arguments
from pxcap.scripts.language.errors import NotFilled
from pxcap.scripts.language.session import Session
from pxcap.scripts.language.values import Builtin, Module, Value, Void

_UPSERT = ("name", "table_name", "probe_fn", "target", "ttl")


def pxtrace_module(session: Session) -> Module:
    """`pxtrace`: what it gives stands for nothing, except that tables of tracepoints are noted."""

    def upsert(arguments: Arguments) -> Value:
        bound = arguments.bind("pxtrace.UpsertTracepoint", _UPSERT, _UPSERT[:2])
        session.traced[bound.text("table_name")] = bound.text("name")
        return None

    def find(name: str) -> Value:
        if name == "UpsertTracepoint":
            return Builtin("pxtrace.UpsertTracepoint", upsert, takes_void=True)
        return Void(NotFilled(f"pxtrace.{name}", f"pxtrace.{name}: pxcap has no tracepoints yet"))

    return Module("pxtrace", find, lambda: ["UpsertTracepoint"])
