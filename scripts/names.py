"""Who is behind a process or an address: what `df.ctx[...]`, `upid_to_*`, `ip_to_*`, `pod_id_to_*` and `nslookup` give.

A key is a upid, an address, an `address:port`, a pod's or a container's id. What is known of keys is a small table for each
attribute, made once for a run; the chain is: the static map, the container, the process, the hosts file, reverse DNS (only
when asked), the address itself. So `service` and `pod` of anything seen are never empty.

Rows read from packets have no process: `process` puts the row's own address in place of the empty upid, with the port
where the address alone tells nothing (loopback) or the static map knows the port. Everything made of a upid works with it.

An address is inside, so that `ip_to_pod_id` gives something, when traffic was captured at it or the static map has it; of
others it gives "", as of an address outside a cluster. Packets tell of servers: of one on the Internet that only nodes of
private networks asked, it is these nodes that are inside.
"""

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property

from pxcap.core.errors import UsageError
from pxcap.scripts.plan import Call, Column, Expression
from pxcap.scripts.types import Data, Schema, Semantic, Type

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

INSIDE = (  # networks that are nobody's on the Internet: what is in them counts as one's own
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
    "::1/128", "fc00::/7", "fe80::/10",
)  # fmt: skip
_STRING = Type(Data.STRING)
CONTEXT: dict[str, tuple[str, Type]] = {  # key: what follows upid_to_ or pod_id_to_, and what that is
    "service": ("service_name", Type(Data.STRING, Semantic.SERVICE)),
    "service_name": ("service_name", Type(Data.STRING, Semantic.SERVICE)),
    "service_id": ("service_id", _STRING),
    "pod": ("pod_name", Type(Data.STRING, Semantic.POD)),
    "pod_name": ("pod_name", Type(Data.STRING, Semantic.POD)),
    "pod_id": ("pod_id", _STRING),
    "namespace": ("namespace", Type(Data.STRING, Semantic.NAMESPACE)),
    "node": ("node_name", Type(Data.STRING, Semantic.NODE)),
    "node_name": ("node_name", Type(Data.STRING, Semantic.NODE)),
    "hostname": ("hostname", _STRING),
    "host": ("hostname", _STRING),
    "container": ("container_name", Type(Data.STRING, Semantic.CONTAINER)),
    "container_name": ("container_name", Type(Data.STRING, Semantic.CONTAINER)),
    "container_id": ("container_id", _STRING),
    "deployment": ("deployment_name", _STRING),
    "deployment_name": ("deployment_name", _STRING),
    "deployment_id": ("deployment_id", _STRING),
    "replicaset": ("replicaset_name", _STRING),
    "replica_set": ("replicaset_name", _STRING),
    "replicaset_name": ("replicaset_name", _STRING),
    "replicaset_id": ("replicaset_id", _STRING),
    "cmdline": ("cmdline", _STRING),
    "cmd": ("cmdline", _STRING),
    "pid": ("pid", Type(Data.INT64)),
    "asid": ("asid", Type(Data.INT64)),
}


def context(key: str, schema: Schema) -> Expression:
    """What `df.ctx[key]` is for a frame with these columns.

    Raises:
        UsageError: There is no such key, or the frame has neither `upid` nor `pod_id` to make it of.
    """
    from difflib import get_close_matches

    if key not in CONTEXT:
        near = get_close_matches(key, CONTEXT, 1)
        guess = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(f"unknown context {key!r}{guess}", f"there are: {', '.join(CONTEXT)}")
    suffix, kind = CONTEXT[key]
    columns = {one.name: one.type for one in schema}
    if "upid" in columns:
        return Call(f"upid_to_{suffix}", (Column("upid", columns["upid"]),), kind)
    if "pod_id" in columns and suffix not in ("cmdline", "pid", "asid", "container_name", "container_id", "hostname"):
        source = Column("pod_id", columns["pod_id"])
        return source if suffix == "pod_id" else Call(f"pod_id_to_{suffix}", (source,), kind)
    raise UsageError(
        f"context {key!r} needs the column 'upid', found {', '.join(columns) or 'no columns'}",
        "take the context before upid is dropped, or group by upid, too",
    )


def process(schema: Schema) -> Expression | None:
    """What the column `upid` of a table with these columns is to be; None for a table that has no such columns."""
    columns = {one.name: one.type for one in schema}
    if not {"upid", "local_addr", "local_port"} <= columns.keys():
        return None
    parts = tuple(Column(name, columns[name]) for name in ("upid", "local_addr", "local_port"))
    return Call("_process", parts, Type(Data.STRING, Semantic.UPID))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one key; "" is not known."""

    service: str = ""
    pod: str = ""
    namespace: str = ""
    node: str = ""
    container: str = ""
    container_id: str = ""
    cmdline: str = ""
    pod_id: str = ""
    start: int = 0  # ns since the epoch


@dataclass(frozen=True)
class Names:
    """The tables of one run; without arguments nothing is known, and every address stands for itself.

    Attributes:
        keys: What is known of upids, addresses, address:port, pods and containers.
        networks: What the static map says of networks, the narrowest first.
        inside: Addresses at which traffic was captured or which the static map has.
        node: The one machine the store is of, "" where there are several or none.
        ports: `address:port` of the static map: where the port tells more than the address.
        reverse: Asks for the name of an address; None when reverse DNS was not wanted.
        addresses: Where pods are, by name; those that are named after their address need not be here.
    """

    keys: Mapping[str, Known] = field(default_factory=dict)
    networks: Sequence[tuple[Network, Known]] = ()
    inside: Mapping[str, str] = field(default_factory=dict)
    node: str = ""
    ports: frozenset[str] = frozenset()
    reverse: Callable[[str], str] | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)

    def table(self, attribute: str) -> Mapping[str, str]:
        """Value by key, where the attribute is known."""
        return self._tables[attribute]

    @property
    def open(self) -> bool:
        """Whether keys that no table has may be known: SQL cannot say all then."""
        return bool(self.networks) or self.reverse is not None

    @property
    def cidrs(self) -> list[str]:
        """Networks that count as one's own."""
        return [*INSIDE, *(str(network) for network, _ in self.networks)]

    def look_up(self, attribute: str, keys: Iterable[str]) -> list[str]:
        """The attribute of each key, "" where it is not known."""
        table = self.table(attribute)
        wanted = list(keys)
        found = {key: table.get(key) or self._of_network(attribute, key) for key in set(wanted)}
        if self.reverse is not None and attribute in ("service", "pod", "name"):
            missing = [key for key, value in found.items() if not value and address_of(key) is not None]
            with ThreadPoolExecutor(16) as pool:
                found |= zip(missing, pool.map(self.reverse, missing), strict=True)
        return [found[key] for key in wanted]

    def _of_network(self, attribute: str, key: str) -> str:
        if self.networks and (address := address_of(key)) is not None:
            for network, known in self.networks:
                if address in network:
                    if attribute == "inside":
                        return key
                    return str(getattr(known, "service" if attribute == "name" else attribute, ""))
        return ""

    @cached_property
    def _tables(self) -> dict[str, Mapping[str, str]]:
        tables: dict[str, Mapping[str, str]] = {
            name: {key: str(value) for key, known in self.keys.items() if (value := getattr(known, name))}
            for name in Known.__dataclass_fields__
        }
        return tables | {"name": tables["service"], "inside": self.inside, "address": self.addresses}


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address, also of `address:port`; None for anything else."""
    host, _, port = text.rpartition(":")
    if port.isdigit() and (host.startswith("[") or "." in host):
        text = host.strip("[]")
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
