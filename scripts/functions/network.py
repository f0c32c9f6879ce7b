"""Functions of addresses and URIs."""

import ipaddress
import json
import re
from functools import lru_cache

from pxcap.core.text import to_json
from pxcap.scripts.functions.arrays import distinct
from pxcap.scripts.functions.base import B, Function, I, Overload, S

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_URI = re.compile(  # RFC 3986, appendix B, with the authority's parts
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?"
    r"(?P<authority>//(?:(?P<userInfo>[^/?#@]*)@)?(?P<host>\[[^\]/?#]*\]|[^/?#:@]*)(?::(?P<port>[0-9]*))?(?=[/?#]|$))?"
    r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?",
    re.DOTALL,
)
_NOT_URI = "Failed to parse URI"


@lru_cache(64)
def _networks(cidrs: str) -> tuple[Network, ...]:
    try:
        listed = json.loads(cidrs)
    except (ValueError, RecursionError):
        return ()
    found = []
    for one in listed if isinstance(listed, list) else ():
        try:
            found.append(ipaddress.ip_network(one, strict=False))
        except ValueError:
            continue
    return tuple(found)


def _contain(cidrs: str, text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in _networks(cidrs))


def _parse(uri: str) -> str:
    """Its parts as JSON, in Pixie's form: the path without the slash after the host."""
    match = _URI.fullmatch(uri)
    if (
        match is None
        or re.search(r"[\s<>\"{}|\\^`]|%(?![0-9A-Fa-f]{2})", uri)
        or (match["authority"] is None and match["path"].startswith("//"))
    ):
        return _NOT_URI
    parts: dict[str, str | int] = {}
    for name in ("scheme", "userInfo", "host"):
        if match[name] is not None:
            parts[name] = match[name].strip("[]") if name == "host" else match[name]
    if match["port"]:
        parts["port"] = int(match["port"][:9])
    if path := match["path"].removeprefix("/"):
        parts["path"] = path
    return to_json(parts | {name: match[name] for name in ("query", "fragment") if match[name] is not None})


def _recompose(scheme: str, user: str, host: str, port: int, path: str, query: str, fragment: str) -> str:
    if port < 0:
        return "Failed to recompose URI"
    if ":" in host:
        host = f"[{host}]"
    return "".join((
        f"{scheme}:" if scheme else "",
        "//" if host else "",
        f"{user}@" if user and host else "",
        host,
        f":{port}" if port and host else "",
        "/",
        path.removeprefix("/"),
        f"?{query}" if query else "",
        f"#{fragment}" if fragment else "",
    ))  # fmt: skip


FUNCTIONS = (
    Function("cidrs_contain_ip", "Whether one of the networks, a JSON array, has the address in it.",
             (Overload((S, S), B),), arrow=distinct(_contain, B)),
    Function("uri_parse", "The parts of a URI as JSON: scheme, userInfo, host, port, path, query, fragment.",
             (Overload((S,), S),), arrow=distinct(_parse, S)),
    Function("uri_recompose", "A URI of scheme, user, host, port (0 for none), path, query, fragment.",
             (Overload((S, S, S, I, S, S, S), S),), arrow=distinct(_recompose, S)),
)  # fmt: skip
