"""PxL, Pixie's language of scripts: text in, plans out. Nothing of a script is ever executed by Python.

    compile_script(text, name, arguments, catalog, invocations=(), now=None) -> Compiled(outputs, refused)
    signature_of(text) -> Signature(doc, functions, displays)

A frame is a plan that does not change: `df.x = ...` makes another and binds the name to it. Types are known while the script
is read, so everything that does not fit is found here, with script, line and column. Rows that pxcap does not have (see
`catalog.NOT_FILLED`) stand for nothing, and so does everything made of them, until it is to be shown: then that output says so.
"""

from pxcap.scripts.language.catalog import NOT_FILLED, Agent, Catalog, TableInfo, field_of
from pxcap.scripts.language.compiler import Compiled, Invocation, compile_script
from pxcap.scripts.language.errors import NotFilled, Place, ScriptError
from pxcap.scripts.language.session import Refused
from pxcap.scripts.language.signature import FunctionSignature, Parameter, Signature, signature_of

__all__ = [
    "NOT_FILLED",
    "Agent",
    "Catalog",
    "Compiled",
    "FunctionSignature",
    "Invocation",
    "NotFilled",
    "Parameter",
    "Place",
    "Refused",
    "ScriptError",
    "Signature",
    "TableInfo",
    "compile_script",
    "field_of",
    "signature_of",
]
