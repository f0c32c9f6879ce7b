"""Makes the Names of a run: from a static map, what the store knows of processes and their addresses, and the hosts file.

The static map is text, a line for each name:

    KEY  SERVICE  [POD]  [NAMESPACE]  [NODE]

KEY is an address, address:port, a network, a upid, a container (12 digits of its id are enough), a pod's uid, or the short
name of a program; `-` leaves a field out, `#` begins a comment. What is nearer to the process wins: its upid, its container
or pod, an address:port it is at, the address, the narrowest network, the program.

Without a map a process in a container is named after the program that was first in it, others after their own; where an
interpreter runs it, after the script. Processes that one parent made of the same program are one pod.
"""

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pxcap.core.errors import UsageError
from pxcap.scripts.names import INSIDE, Known, Names, Network, address_of

if TYPE_CHECKING:
    from pxcap.scripts.reverse import ReverseDns
    from pxcap.store import Store

HOSTS = Path("/etc/hosts")
MOST = 200_000  # processes, and addresses, that are looked at
SECONDS = 10.0  # for reading them
_PRIVATE = [ipaddress.ip_network(one) for one in INSIDE]
_SHORT = 12  # digits of a container's id that are shown
_INTERPRETERS = ("python", "java", "node", "ruby", "perl", "php", "bash", "sh", "dotnet", "deno", "bun", "uv")
_NAMED, _TEXT = ("-m", "-jar"), ("-c", "-e", "-r")  # what follows is the program's name, or its text
_WITH_VALUE = ("-cp", "-classpath", "--class-path", "-p", "--module-path", "--require", "--import", "-W", "-X")
_FORMAT = "a line is KEY SERVICE [POD] [NAMESPACE] [NODE], - leaves one out"


@dataclass(frozen=True, slots=True)
class Process:
    """A row of the table `processes`."""

    upid: str
    start: int
    pid: int
    ppid: int
    comm: str
    cmdline: str
    container: str
    pod_uid: str
    node: str

    @property
    def group(self) -> str:
        """What it is in: a pod or a container; empty outside."""
        return self.pod_uid or self.container

    @property
    def title(self) -> str:
        """The name of the program, or of the script where an interpreter runs it."""
        program = self.comm or "process"
        words = iter(self.cmdline.split()[1:])
        if program.rstrip("0123456789.") in _INTERPRETERS:
            for word in words:
                if word in _NAMED or not word.startswith("-"):
                    return Path(next(words, program) if word in _NAMED else word).name
                if word in _TEXT:
                    break
                if word in _WITH_VALUE:
                    next(words, "")
        return program


@dataclass(frozen=True, slots=True)
class Map:
    """The static map, taken apart by kinds of keys."""

    exact: Mapping[str, Known]
    networks: Sequence[tuple[Network, Known]]

    @property
    def ports(self) -> frozenset[str]:
        """Keys that are an address with a port."""
        return frozenset(key for key in self.exact if address_of(key) is not None and not _is_address(key))

    def of_address(self, address: str) -> Known | None:
        """What it says of an address."""
        if address in self.exact:
            return self.exact[address]
        parsed = address_of(address)
        return next((known for network, known in self.networks if parsed is not None and parsed in network), None)

    def of_process(self, one: Process, ends: Iterable[tuple[str, int]]) -> Known | None:
        """What it says of a process that is at these addresses and ports."""
        places = sorted(ends)
        keys = [one.upid, one.container, one.container[:_SHORT], one.pod_uid]
        keys += [endpoint(address, port) for address, port in places]
        for key in keys:
            if key and key in self.exact:
                return self.exact[key]
        found = (self.of_address(address) for address, _ in places)
        return next((known for known in found if known is not None), None) or self.exact.get(one.comm)


def endpoint(address: str, port: int) -> str:
    """`address:port` as one key."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(text: str) -> bool:
    return _is_address(text) and ipaddress.ip_address(text).is_loopback


def read_map(path: Path) -> Map:
    """Read a static map.

    Raises:
        UsageError: It cannot be read, or a line is not one.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"name map {path}: cannot be read: {reason}", "name another with PXCAP_NAMES") from error
    exact: dict[str, Known] = {}
    networks: list[tuple[Network, Known]] = []
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if not 2 <= len(words) <= 5:
            raise UsageError(f"name map {path}: line {number} has {len(words)} fields, expected 2 to 5", _FORMAT)
        key, *given = words
        service, pod, namespace, node = (*("" if one == "-" else one for one in given), "", "", "")[:4]
        known = Known(service, pod, namespace, node)
        if "/" not in key:
            exact[key] = known
            continue
        try:
            networks.append((ipaddress.ip_network(key, strict=False), known))
        except ValueError as error:
            raise UsageError(f"name map {path}: line {number}: {key} is no network", _FORMAT) from error
    return Map(exact, sorted(networks, key=lambda pair: -pair[0].prefixlen))


def read_hosts(path: Path) -> dict[str, str]:
    """Names by address, the first of each; loopback is left out, and so is a file that cannot be read."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return {}
    found: dict[str, str] = {}
    for line in lines:
        words = line.partition("#")[0].split()
        if len(words) > 1 and _is_address(words[0]) and not _is_loopback(words[0]):
            found.setdefault(words[0], words[1])
    return found


def load_names(
    store: "Store", map_file: Path | None = None, dns: "ReverseDns | None" = None, hosts: Path = HOSTS
) -> Names:
    """The names of a run over a store.

    Args:
        store: Whose processes and addresses.
        map_file: A static map; None for none.
        dns: Asked for names of addresses that nothing else knows; None: nobody is.
        hosts: A hosts file.

    Raises:
        UsageError: The map is wrong.
        StoreError: The store cannot be read.
    """
    static = read_map(map_file) if map_file is not None else Map({}, ())
    processes = [
        Process(row[0], row[1], row[2], row[3] or 0, *(str(one or "") for one in row[4:]))
        for row in _read(store, "processes", "upid, time_, pid, ppid, comm, cmdline, container_id, pod_uid, node")
    ]
    ends: dict[str, set[tuple[str, int]]] = defaultdict(set)
    port = "local_port" if static.ports else "0"
    for upid, address, at in _read(store, "conn_stats", f"DISTINCT upid, local_addr, {port}"):
        ends[upid or ""].add((address, at))
    keys = _of_processes(processes, ends, static)
    nodes = {one.node for one in processes if one.node}
    node = nodes.pop() if len(nodes) == 1 else ""
    names = read_hosts(hosts)
    at_address = _of_addresses(ends, keys, static, names, node)
    keys |= {address: Known(service=name, pod=name, node=name) for address, name in names.items()} | at_address
    keys |= static.exact
    for known in [*static.exact.values(), *(known for _, known in static.networks)]:
        if known.pod:
            keys.setdefault(known.pod, known)
    inside = {address: known.pod_id or known.pod or address for address, known in at_address.items()}
    far, near = _far_and_near(_read(store, "conn_stats", "DISTINCT local_addr, remote_addr", "upid = ''"))
    held = {address for upid, places in ends.items() if upid for address, _ in places}
    inside = {address: pod for address, pod in inside.items() if address in held or address not in far}
    inside = {address: address for address in near} | inside
    inside |= {key: known.pod or key for key, known in static.exact.items() if _is_address(key)}
    addresses = _addresses(ends, keys) | {known.pod: key for key, known in at_address.items() if known.pod}
    addresses |= {known.pod: key for key, known in static.exact.items() if known.pod and _is_address(key)}
    reverse = dns.begin() if dns is not None else None
    return Names(keys, static.networks, inside, node, static.ports, reverse, addresses)


def _addresses(ends: Mapping[str, set[tuple[str, int]]], keys: Mapping[str, Known]) -> dict[str, str]:
    """Where pods are, by name: of several addresses one that others can reach."""
    found: dict[str, str] = {}
    for upid, places in ends.items():
        pod = keys[upid].pod if upid in keys else ""
        for address in sorted({address for address, _ in places}, key=lambda one: (_is_loopback(one), one)):
            if pod:
                found.setdefault(pod, address)
    return found


def _far_and_near(asked: Iterable[tuple[str, str]]) -> tuple[set[str], set[str]]:
    """Servers on the Internet that only nodes of private networks asked, and these nodes: the capture is of their side.

    Args:
        asked: Of packets, each server with who asked it.
    """
    askers: dict[str, set[str]] = defaultdict(set)
    for server, asker in asked:
        askers[server].add(asker)
    far = {server for server, of in askers.items() if not _is_private(server) and all(map(_is_private, of))}
    return far, {asker for server in far for asker in askers[server]}


@lru_cache(maxsize=1 << 16)
def _is_private(text: str) -> bool:
    return _is_address(text) and any(ipaddress.ip_address(text) in network for network in _PRIVATE)


def _read(store: "Store", table: str, columns: str, condition: str = "1 = 1") -> list[Any]:
    """Rows of a table; none where there is no such table, or reading it takes too long."""
    try:
        store.schema(table)
        text = f'SELECT {columns} FROM "{table}" WHERE {condition}'
        with store.query(text, limit=MOST, timeout=SECONDS) as result:
            return list(result)
    except UsageError:
        return []


def _of_processes(
    processes: Sequence[Process], ends: Mapping[str, set[tuple[str, int]]], static: Map
) -> dict[str, Known]:
    """What is known of each process by its upid, and of their pods and containers by their ids and names."""
    first: dict[str, Process] = {}
    for one in processes:
        if one.group and (one.group not in first or one.start < first[one.group].start):
            first[one.group] = one
    leaders = _leaders(processes)
    found: dict[str, Known] = {}
    for one in processes:
        service = (first[one.group] if one.group else one).title
        pod = f"{service}-{one.group[:_SHORT] if one.group else leaders[one.node, one.pid]}"
        known = Known(
            service,
            pod,
            "",
            one.node,
            one.container[:_SHORT] or one.title,
            one.container,
            one.cmdline,
            one.pod_uid,
            one.start,
        )
        if (said := static.of_process(one, ends.get(one.upid, ()))) is not None:
            known = _over(known, said)
        if not known.pod_id:
            known = replace(known, pod_id=known.pod)
        found[one.upid] = known
    for known in list(found.values()):
        for key in (known.pod, known.pod_id, known.container_id, known.container, known.service):
            if key:
                held = found.get(key, known)
                found[key] = replace(held, start=min(held.start, known.start), cmdline="")
    return found


def _over(known: Known, said: Known) -> Known:
    """What is known, with what the map says instead."""
    return replace(known, **{one.name: value for one in fields(Known) if (value := getattr(said, one.name))})


def _leaders(processes: Sequence[Process]) -> dict[tuple[str, int], int]:
    """For each process the one that stands for it: the parent of several of the same program, or of one and it is one, too."""
    by_pid = {(one.node, one.pid): one for one in processes}
    siblings = Counter((one.node, one.ppid, one.comm) for one in by_pid.values())
    leaders = {}
    for key, one in by_pid.items():
        at = one
        seen = {at.pid}
        while (above := by_pid.get((at.node, at.ppid))) is not None and above.comm == at.comm and above.pid not in seen:
            at = above
            seen.add(at.pid)
        several = at.ppid > 1 and siblings[at.node, at.ppid, at.comm] > 1
        leaders[key] = at.ppid if several else at.pid
    return leaders


def _of_addresses(
    ends: Mapping[str, set[tuple[str, int]]],
    keys: Mapping[str, Known],
    static: Map,
    hosts: Mapping[str, str],
    node: str,
) -> dict[str, Known]:
    """What is known of each address at which traffic was captured."""
    pods: dict[str, dict[str, Known]] = defaultdict(dict)
    for upid, places in ends.items():
        for address, _ in places:
            known = keys.get(upid, Known())
            pods[address][known.pod] = known
    found = {}
    for address, of in pods.items():
        (known, *more) = of.values()
        if (said := static.of_address(address)) is not None:
            found[address] = said
        elif address in hosts:
            found[address] = Known(service=hosts[address], pod=hosts[address], node=hosts[address])
        elif not more and known.container_id:
            found[address] = replace(known, cmdline="")
        elif node and known.pod and not _is_loopback(address):
            found[address] = Known(service=node, pod=node, node=node)
        else:
            found[address] = Known()
    return found
