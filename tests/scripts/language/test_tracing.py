"""Tracepoints are recognised and not there."""

from tests.scripts.language.conftest import Compile, Tables

from pxcap.scripts.language import Invocation
from pxcap.scripts.language.session import Session
from pxcap.scripts.language.tracing import pxtrace_module
from pxcap.scripts.language.values import Builtin, Void


def test_outputs_of_tracepoints_say_so(compiled: Compile) -> None:
    text = """
import pxtrace

@pxtrace.goprobe('main.Sum')
def probe():
    return [{'l': pxtrace.ArgExpr('l'), 'took': pxtrace.FunctionLatency()}]

def trace():
    table = 'sums'
    pxtrace.UpsertTracepoint('sum', table, probe, pxtrace.PodProcess('x'), '10m')
    df = px.DataFrame(table=table, select=['l', 'took'])
    df.l2 = px.nslookup(df.l)
    return df.groupby(['l2']).agg(n=('l', px.count))

def other():
    return px.DataFrame('http_events')
"""
    found = compiled(text, {}, [Invocation("trace", "t"), Invocation("other", "o")])
    assert [one.name for one in found.outputs] == ["o"]
    assert [(one.name, str(one.error)) for one in found.refused] == [
        ("t", "test:12:10: pxcap has no tracepoints yet, so nothing fills 'sums' ('sum')")
    ]


def test_everything_else_stands_for_nothing(catalog: Tables) -> None:
    module = pxtrace_module(Session(catalog))
    assert isinstance(module.attribute("UpsertTracepoint"), Builtin)
    assert isinstance(module.attribute("kprobe"), Void)
