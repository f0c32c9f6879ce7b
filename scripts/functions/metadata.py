"""Functions that say who is behind a process or an address (see `scripts/names.py`); named as Pixie names them."""

import json
import os
import re
import socket
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pxcap.core.text import to_json
from pxcap.scripts.functions.arrays import over_distinct
from pxcap.scripts.functions.base import B, Function, I, Overload, S, T, Writing, quoted
from pxcap.scripts.types import Semantic

if TYPE_CHECKING:
    import pyarrow as pa

    from pxcap.scripts.names import Names

_ENDPOINT = r"^([0-9.]+|\[[0-9a-f:.]+\]):[0-9]+$"
_UPID = "^[^:]+:[0-9]{1,9}:[0-9]{1,18}$"
_BARE = rf"replace(replace(regexp_replace({{0}}, '{_ENDPOINT}', '\1'), '[', ''), ']', '')"
_ADDRESS = "^(([0-9]+[.]){3}[0-9]+|[0-9a-f]*:[0-9a-f]*:[0-9a-f.:]*)$"
_OTHERWISE = {  # SQL of what is said of a key of which the attribute is not known
    "service": "{0}",
    "pod": "{0}",
    "pod_id": "{0}",
    "container": "{0}",
    "name": "{0}",
    "namespace": "CASE WHEN {0} <> '' THEN 'default' ELSE {0} END",
    "node": rf"regexp_replace({{0}}, '{_ENDPOINT}', '\1')",
    "address": f"CASE WHEN regexp_replace({_BARE}, '{_ADDRESS.replace('{', '{{').replace('}', '}}')}', '') = '' THEN {_BARE} WHEN {{0}} IS NOT NULL THEN '' END",
}


def _mapped(attribute: str, *, at: int = 0) -> Callable[[Writing], str | None]:
    """SQL that looks a key up in a table of the run; None where that needs Python."""

    def write(call: Writing) -> str | None:
        key = call.args[at]
        otherwise = _OTHERWISE.get(attribute, "CASE WHEN {0} IS NOT NULL THEN '' END").format(key)
        if call.names.open:
            return None
        table = call.names.table(attribute)
        if not table:
            return f"({otherwise})"
        if call.dialect == "duckdb":
            return None
        return f"COALESCE({_value(call, attribute, at)}, {otherwise})"

    return write


def _value(call: Writing, attribute: str, at: int) -> str:
    """PostgreSQL's words for what the table of an attribute says of a key; joining it is faster than asking it row by row."""
    table, key = f"{quoted(json.dumps(call.names.table(attribute)))}::jsonb", call.args[at]
    if call.join is None or call.constant(at) is not None:
        return f"({table} ->> {key})"
    return call.join(table, key)


def _looked_up(attribute: str) -> Callable[..., "pa.Array"]:
    """The same over arrays."""

    def call(names: "Names", keys: "pa.Array", *_: "pa.Array") -> "pa.Array":
        def values(rows: Sequence[tuple[str | None]]) -> list[str | None]:
            wanted = [key for (key,) in rows if key is not None]
            found = dict(zip(wanted, names.look_up(attribute, wanted), strict=True))
            return [None if key is None else found[key] or _default(attribute, key) for (key,) in rows]

        return over_distinct([keys], values, S)

    return call


def _default(attribute: str, key: str) -> str:
    if attribute == "namespace":
        return "default" if key else ""
    if attribute == "node":
        host, _, port = key.rpartition(":")
        return host if port.isdigit() and (host.startswith("[") or host.replace(".", "").isdigit()) else key
    if attribute == "address":
        bare = re.sub(_ENDPOINT, r"\1", key).replace("[", "").replace("]", "")
        return bare if re.search(_ADDRESS, bare) else ""
    return key if attribute in _OTHERWISE else ""


_KINDS = {  # what follows "_to_": attribute and what it means
    "service_name": ("service", Semantic.SERVICE),
    "service_id": ("service", Semantic.NONE),
    "pod_name": ("pod", Semantic.POD),
    "pod_id": ("pod_id", Semantic.NONE),
    "namespace": ("namespace", Semantic.NAMESPACE),
    "node_name": ("node", Semantic.NODE),
    "hostname": ("node", Semantic.NONE),
    "container_name": ("container", Semantic.CONTAINER),
    "container_id": ("container_id", Semantic.NONE),
    "cmdline": ("cmdline", Semantic.NONE),
    "deployment_name": ("service", Semantic.NONE),
    "deployment_id": ("service", Semantic.NONE),
    "replicaset_name": ("service", Semantic.NONE),
    "replicaset_id": ("service", Semantic.NONE),
}


def _attribute(name: str, doc: str, kind: str, more: tuple[Overload, ...] = ()) -> Function:
    attribute, semantic = _KINDS[kind]
    overloads = (Overload((S,), S), *more)
    looked_up = _looked_up(attribute)
    return Function(
        name, doc, overloads, lambda _: semantic, _mapped(attribute), looked_up, named=True, shared=attribute
    )


def _process(call: Writing) -> str:
    """In words that SQLite knows, too."""
    upid, address, port = call.args
    whole = f"{address} || ':' || CAST({port} AS TEXT)"
    known = ", ".join(quoted(one) for one in sorted(call.names.ports))
    mapped = f" WHEN {whole} IN ({known}) THEN {whole}" if known else ""
    return (
        f"(CASE WHEN {upid} <> '' THEN {upid} WHEN substr({address}, 1, 4) = '127.' THEN {whole}"
        f" WHEN {address} = '::1' THEN '[::1]:' || CAST({port} AS TEXT){mapped} ELSE {address} END)"
    )


def _part(at: int) -> Callable[[Writing], str]:
    def write(call: Writing) -> str:
        (key,) = call.args
        return call.choose(
            f"(CASE WHEN regexp_matches({key}, '{_UPID}') THEN TRY_CAST(split_part({key}, ':', {at}) AS BIGINT) WHEN {key} IS NOT NULL THEN 0 END)",
            f"(CASE WHEN {key} ~ '{_UPID}' THEN split_part({key}, ':', {at})::bigint WHEN {key} IS NOT NULL THEN 0 END)",
        )

    return write


def _start(call: Writing) -> str | None:
    """NULL where it is not known when it began."""
    table = call.names.table("start")
    if not table:
        return "NULL::BIGINT"
    if call.dialect == "duckdb":
        return None
    return f"({_value(call, 'start', 0)})::bigint"


def _started(names: "Names", keys: "pa.Array") -> "pa.Array":
    table = names.table("start")
    return over_distinct([keys], lambda rows: [int(table[key]) if key in table else None for (key,) in rows], T)


def _constant(make: Callable[["Names"], str]) -> Callable[[Writing], str]:
    return lambda call: f"{quoted(make(call.names))}::TEXT"


def _empty(call: Writing) -> str:
    return f"(CASE WHEN {call.args[0]} IS NOT NULL THEN '' END)"


def _either(call: Writing) -> str:
    """A list of names is JSON, told by its bracket; names may stand with their namespace before a slash."""
    text, wanted = call.args
    quotes = f"'\"' || {wanted} || '\"'"
    return (
        f"COALESCE({text} = {wanted} OR split_part({text}, '/', 2) = {wanted}"
        f" OR (starts_with({text}, '[') AND strpos({text}, {quotes}) > 0), FALSE)"
    )


_LABELS = ("status", "labels", "qos", "owner_references")
_OF_POD = ("service_name", "service_id", "namespace", "node_name", "deployment_name", "deployment_id",
           "replicaset_name", "replicaset_id")  # fmt: skip
_HAS = (Overload((S, S), B),)
_TIMED = (Overload((S, T), S),)


def _families() -> list[Function]:
    """Functions that differ in what they are given and what of it they tell."""
    made = []
    for suffix in _KINDS:
        what = suffix.replace("_", " ")
        made.append(_attribute(f"upid_to_{suffix}", f"The {what} of a process.", suffix))
    for source in ("pod_id", "pod_name", "service_id", "service_name", "deployment_id", "deployment_name",
                   "replicaset_id", "replicaset_name"):  # fmt: skip
        told = (*_OF_POD, "pod_name", "pod_id") if source.startswith("pod") else _OF_POD
        made += [
            _attribute(
                f"{source}_to_{suffix}", f"The {suffix.replace('_', ' ')} of a {source.replace('_', ' ')}.", suffix
            )
            for suffix in told
            if suffix != source
        ]
        made += [
            Function(f"{source}_to_{end}", "Empty: only Kubernetes knows it.", (Overload((S,), S),), write=_empty)
            for end in _LABELS
        ]
        made += _times(source)
    made.append(_attribute("_ip_to_service_name", "The service name of an address, inside or not.", "service_name"))
    for source in ("container_id", "container_name"):
        made += _times(source)
        made.append(
            Function(f"{source}_to_status", "Empty: only Kubernetes knows it.", (Overload((S,), S),), write=_empty)
        )
    made.append(_attribute("container_name_to_container_id", "The container id of a container name.", "container_id"))
    made += [
        Function(name, "Empty: only Kubernetes knows it.", (Overload((S,), S),), write=_empty)
        for name in ("upid_to_pod_status", "upid_to_pod_qos", "pod_id_to_pod_labels", "pod_name_to_status_message",
                     "pod_name_to_status_reason")
    ]  # fmt: skip
    return made


def _times(source: str) -> list[Function]:
    what = source.replace("_", " ")
    return [
        Function(
            f"{source}_to_start_time", f"When the first process of a {what} seen here began; NULL when not known.",
            (Overload((S,), T),), write=_start, arrow=_started, named=True, shared="start",
        ),
        Function(f"{source}_to_stop_time", "NULL: only Kubernetes knows it.", (Overload((S,), T),), write=lambda _: "NULL::BIGINT"),
    ]  # fmt: skip


FUNCTIONS = (
    *_families(),
    Function("_process", "The upid, or the address of this side for rows that have none.", (Overload((S, S, I), S),),
             lambda _: Semantic.UPID, _process, named=True),
    Function("upid_to_pid", "The process number.", (Overload((S,), I),), write=_part(2)),
    Function("upid_to_start_ts", "When the process began, in clock ticks since the machine did.", (Overload((S,), I),), write=_part(3)),
    Function("upid_to_asid", "0: the number of an agent, of which there are none here.", (Overload((S,), I),),
             write=lambda call: f"(CASE WHEN {call.args[0]} IS NOT NULL THEN 0 END)::BIGINT"),
    Function("upid_to_string", "The upid as text.", (Overload((S,), S),), write=lambda call: call.args[0]),
    Function("ip_to_pod_id", "The pod at an address; empty for one that is not inside.", (Overload((S,), S), *_TIMED),
             write=_mapped("inside"), arrow=_looked_up("inside"), named=True, shared="inside"),
    Function("ip_to_service_id", "The service at an address; empty for one that is not inside.", (Overload((S,), S), *_TIMED),
             write=_mapped("inside"), arrow=_looked_up("inside"), named=True, shared="inside"),
    Function("service_id_to_cluster_ip", "Empty: only Kubernetes knows it.", (Overload((S,), S),), write=_empty),
    Function("service_id_to_external_ips", "Empty: only Kubernetes knows it.", (Overload((S,), S),), write=_empty),
    Function("pod_name_to_pod_ip", "Where a pod is; empty when not known.", (Overload((S,), S),), lambda _: Semantic.IP_ADDRESS,
             _mapped("address"), _looked_up("address"), named=True, shared="address"),
    Function("pod_name_to_ready", "False: only Kubernetes knows it.", (Overload((S,), B),),
             write=lambda call: f"(CASE WHEN {call.args[0]} IS NOT NULL THEN FALSE END)"),
    Function("namespace_name_to_namespace_id", "The name: there are no others.", (Overload((S,), S),), write=lambda call: call.args[0]),
    Function("nslookup", "The name of an address, or the address.", (Overload((S,), S),),
             write=_mapped("name"), arrow=_looked_up("name"), named=True),
    Function("has_service_name", "Whether a service is, or is among, the first.", _HAS, write=_either),
    Function("has_service_id", "Whether a service's id is, or is among, the first.", _HAS, write=_either),
    Function("has_value", "Whether a value is, or is among, the first.", _HAS, write=_either),
    Function("get_cidrs", "Networks that count as inside, as JSON.", (Overload((), S),), write=_constant(lambda names: to_json(names.cidrs)), named=True),
    Function("_exec_hostname", "The machine the store is of, or this one.", (Overload((), S),), lambda _: Semantic.NODE,
             _constant(lambda names: names.node or socket.gethostname()), named=True),
    Function("_exec_host_num_cpus", "Processors of this machine.", (Overload((), I),), write=lambda _: f"({os.cpu_count() or 1})::BIGINT"),
    Function("asid", "0: the number of an agent, of which there are none here.", (Overload((), I),), write=lambda _: "0::BIGINT"),
    Function("vizier_id", "Empty: there is no cluster agent here.", (Overload((), S),), write=_constant(lambda _: "")),
    Function("vizier_name", "pxcap.", (Overload((), S),), write=_constant(lambda _: "pxcap")),
    Function("vizier_namespace", "Empty: there is no cluster agent here.", (Overload((), S),), write=_constant(lambda _: "")),
)  # fmt: skip
