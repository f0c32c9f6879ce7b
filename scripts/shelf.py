"""Where scripts are found: built in, given by a plugin, made for a plugin's protocol, or a file of the person's.

A built-in script is a folder under `library`, as Pixie lays its own out: NAME.pxl, vis.json where functions are to be called,
manifest.yaml with what it is for in words. Plugins give such folders, too.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from pxcap.core.errors import UsageError
from pxcap.core.protocol import ProtocolSpec
from pxcap.core.registry import Registry
from pxcap.scripts.language import signature_of
from pxcap.scripts.vis import FunctionCall, Variable, Vis, Widget, parse

MAX_BYTES = 1 << 20  # of a script; Pixie's longest has 30 KiB
# Scripts call the same thing by one name or the other: whichever is given, the script's own is meant.
_SAME = (("start_time", "start"), ("max_num_records", "num_head"))
_KINDS = {"int": "PX_INT64", "float": "PX_FLOAT64", "bool": "PX_BOOLEAN", "px.Service": "PX_SERVICE"}
_KINDS |= {"px.Pod": "PX_POD", "px.Namespace": "PX_NAMESPACE", "px.Node": "PX_NODE"}
_DATA = '''""" {summary} """

import px


def {name}_data(start_time: str, source_filter: str, destination_filter: str, num_head: int):
    df = px.DataFrame(table='{table}', start_time=start_time)
    df.is_client = df.trace_role == 1
    df.source = px.select(df.is_client, df.local_addr, df.remote_addr)
    df.destination = px.select(df.is_client, df.remote_addr, df.local_addr)
    df = df[px.contains(df.source, source_filter)]
    df = df[px.contains(df.destination, destination_filter)]
    return df[['time_', 'source', 'destination', 'latency', {columns}, 'note']].head(num_head)
'''
_ARGUMENTS = (
    Variable("start_time", default="", meaning="Where to start, such as -5m; empty for everything."),
    Variable("source_filter", default="", meaning="Part of the 'source' column."),
    Variable("destination_filter", default="", meaning="Part of the 'destination' column."),
    Variable("num_head", "PX_INT64", "1000", "Show at most so many, the newest."),
)


@dataclass(frozen=True, slots=True)
class Script:
    """A script that can be run.

    Attributes:
        name: Such as `px/http_data`, or a file's.
        text: In PxL.
        vis: Which functions to call and how to draw them; None without a vis spec.
        summary: A sentence.
        plugin: Who gave it, where that was not pxcap.
    """

    name: str
    text: str
    vis: Vis | None = None
    summary: str = ""
    plugin: str = ""

    def variables(self) -> tuple[Variable, ...]:
        """Its arguments: those of the vis spec, or the parameters of the functions that are called without one.

        Raises:
            UsageError: It is not PxL.
        """
        if self.vis is not None and (self.vis.variables or self.vis.calls):
            return self.vis.variables
        signature = signature_of(self.text, self.name)
        if signature.displays:
            return ()
        found: dict[str, Variable] = {}
        for function in signature.functions:
            for one in () if function.helper else function.parameters:
                kind = _KINDS.get(one.type, "PX_STRING")
                found.setdefault(one.name, Variable(one.name, kind, one.default, one.doc))
        return tuple(found.values())

    def accepts(self) -> dict[str, str]:
        """Every name by which an argument may be given, with the script's own name of it.

        Raises:
            UsageError: It is not PxL.
        """
        names = {one.name: one.name for one in self.variables()}
        for one, other in (*_SAME, *(pair[::-1] for pair in _SAME)):
            if one in names:
                names.setdefault(other, one)
        return names


def built_in() -> dict[str, Traversable]:
    """The folders of the built-in scripts, by name."""
    return dict(sorted(_folders(files("pxcap.scripts") / "library")))


def given(registry: Registry) -> tuple[dict[str, Script], list[str]]:
    """The scripts that plugins give, by name, and why others are left out, a line each."""
    roots, faults = registry.scripts()
    found: dict[str, Script] = {}
    own = built_in()
    for plugin, root in roots:
        try:
            folders = sorted(_folders(root))
        except OSError as error:
            faults.append(f"plugin {plugin}: {error}")
            continue
        for name, folder in folders:
            try:
                if name in own or name in found:
                    owner = "pxcap" if name in own else f"plugin {found[name].plugin}"
                    raise UsageError(f"there is already one of {owner}")
                script = _from_folder(name, folder, plugin)
                script.variables()
                found[name] = script
            except (OSError, UnicodeDecodeError, UsageError) as error:
                faults.append(f"plugin {plugin}: script {name}: {error}")
    return found, faults


def listed(protocols: Iterable[ProtocolSpec], more: Mapping[str, Script] | None = None) -> dict[str, Script]:
    """Every script by name: the built-in ones, those in `more`, and one for each protocol that has none of its own."""
    found = {name: _from_folder(name, folder) for name, folder in built_in().items()} | {**(more or {})}
    for spec in protocols:
        made = data_script(spec)
        found.setdefault(made.name, made)
    return dict(sorted(found.items()))


def find(name: str, protocols: Iterable[ProtocolSpec], more: Mapping[str, Script] | None = None) -> Script:
    """The script of that name, of those that `listed` gives.

    Raises:
        UsageError: There is none; the hint names what comes near.
    """
    folders = built_in()
    if name in folders:
        return _from_folder(name, folders[name])
    made = {script.name: script for script in map(data_script, protocols)} | {**(more or {})}
    if name in made:
        return made[name]
    known = list(dict.fromkeys((*folders, *made)))
    short = {one.rpartition("/")[2]: one for one in known}
    near = get_close_matches(name, known, cutoff=0.5) or [short[match] for match in get_close_matches(name, short)]
    hint = f"did you mean {' or '.join(near)}?" if near else "pxcap script list names them all"
    raise UsageError(f"no script is named {name!r}", hint)


def from_file(path: str) -> Script:
    """A script from a file (`-` is standard input), with the vis.json beside it where there is one.

    Raises:
        UsageError: It cannot be read, or is no text.
    """
    if path == "-":
        return Script("-", _checked(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input"))
    file = Path(path)
    try:
        with file.open("rb") as opened:
            text = _checked(opened.read(MAX_BYTES + 1), path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", "name a file that holds a script") from error
    vis = file.with_name("vis.json")
    return Script(path, text, parse(vis.read_text(), str(vis)) if vis.is_file() else None)


@cache
def data_script(spec: ProtocolSpec) -> Script:
    """The script that shows a protocol's records with all its columns."""
    columns = ", ".join(repr(column.name) for column in spec.columns)
    text = _DATA.format(summary=spec.summary, name=spec.name, table=spec.table, columns=columns)
    call = FunctionCall(f"{spec.name}_data", {one.name: one.name for one in _ARGUMENTS})
    vis = Vis(_ARGUMENTS, {spec.table: call}, (Widget(spec.table, spec.table),))
    return Script(f"px/{spec.name}_data", text, vis, f"{spec.summary.rstrip('.')}.")


def _folders(root: Traversable) -> Iterator[tuple[str, Traversable]]:
    """Names and folders of the scripts below a folder."""
    for group in root.iterdir():
        for folder in group.iterdir() if group.is_dir() else ():
            if folder.is_dir() and ((folder / "vis.json").is_file() or _pxl(folder) is not None):
                yield f"{group.name}/{folder.name}", folder


def _pxl(folder: Traversable) -> Traversable | None:
    return min((one for one in folder.iterdir() if one.name.endswith(".pxl")), key=lambda one: one.name, default=None)


def _from_folder(name: str, folder: Traversable, plugin: str = "") -> Script:
    source = _pxl(folder)
    text = _checked(source.read_bytes(), source.name) if source else ""
    vis = folder / "vis.json"
    spec = parse(vis.read_text(encoding="utf-8"), f"{name}/vis.json") if vis.is_file() else None
    manifest = folder / "manifest.yaml"
    summary = _short(manifest.read_text(encoding="utf-8")) if manifest.is_file() else ""
    return Script(name, text, spec, summary, plugin)


def _short(manifest: str) -> str:
    """The manifest's line `short: ...`; its other keys are Pixie's."""
    found = re.search(r"^short:\s*(.+)$", manifest, re.MULTILINE)
    return found[1].strip().strip("'\"") if found else ""


def _checked(raw: bytes, what: str) -> str:
    if len(raw) > MAX_BYTES:
        raise UsageError(f"{what}: larger than {MAX_BYTES >> 20} MiB, which no script is")
    try:
        return raw.decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        raise UsageError(f"{what}: not text in UTF-8 (byte {error.start})") from error
