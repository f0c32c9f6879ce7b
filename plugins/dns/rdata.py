"""Record data in presentation format (RFC 1035, section 5.1; RFC 3597 for what has no other).

The types that make up most traffic are rendered here; dnspython knows the others. Both give the same text.
"""

from collections.abc import Callable
from functools import cache
from socket import AF_INET6, inet_ntoa, inet_ntop

from pxcap.core.text import quote, to_text
from pxcap.plugins.dns.names import Malformed, Seen, read_name
from pxcap.plugins.dns.types import AAAA, ANY, CH, CNAME, IN, MX, NONE, NS, PTR, SOA, SRV, TXT, A
from pxcap.plugins.dns.wire import SOA_NUMBERS, SOA_NUMBERS_SIZE, SRV_NUMBERS, SRV_NUMBERS_SIZE

_TXT_OCTET = tuple(
    "\\" + chr(octet) if octet in b'"\\' else chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}"
    for octet in range(256)
)


def render(rtype: int, rclass: int, msg: bytes, pos: int, end: int, seen: Seen) -> tuple[str, str]:
    """The data `msg[pos:end]` as JSON members, and the name of an error or "".

    Every type gives `"data"` with its presentation text; an address also `"addr"` and a canonical name `"cname"`, as
    Pixie has them. Data that does not fit its type is given as if the type were unknown, and is an error.
    """
    if end == pos and rclass in (ANY, NONE):  # RFC 2136, section 2.4: a prerequisite or deletion has no data
        return '"data":""', ""
    writer = _OWN_IN.get(rtype) if rclass == IN else None
    writer = writer or _OWN.get(rtype)
    try:
        if writer is not None:
            return writer(msg, pos, end, seen), ""
        return f'"data":{quote(_by_library(rtype, rclass, msg, pos, end))}', ""
    except Malformed:
        return f'"data":{quote(unknown(msg[pos:end]))}', "bad_rdata"


def unknown(data: bytes) -> str:
    r"""Data of a type not known: `\# 3 0a0b0c` (RFC 3597, section 5)."""
    return f"\\# {len(data)} {data.hex()}".rstrip()


@cache
def _library_types() -> frozenset[int]:
    from dns.rdatatype import RdataType

    return frozenset(int(rtype) for rtype in RdataType)


def _by_library(rtype: int, rclass: int, msg: bytes, pos: int, end: int) -> str:
    if rclass in (ANY, NONE):  # in TSIG and UPDATE they stand for no class, the data is that of the zone's
        rclass = IN
    # Loaded by the first record that needs it, not at every start of pxcap.
    import dns.rdata
    from dns.rdataclass import RdataClass
    from dns.rdatatype import RdataType

    if rtype not in _library_types() or rclass not in (IN, CH):
        # Not even asked: it would remember every type and class it meets, and one of class ANY for all classes.
        return unknown(msg[pos:end])
    kinds = RdataClass.make(rclass), RdataType.make(rtype)
    try:
        text = dns.rdata.from_wire(*kinds, msg, pos, end - pos).to_text()
    except Exception as err:  # a library on hostile bytes: whatever it raises says one thing
        raise Malformed("bad_rdata") from err
    return to_text(text.encode("utf-8", "backslashreplace"))


def _a(msg: bytes, pos: int, end: int, seen: Seen) -> str:
    if end - pos != 4:
        raise Malformed("bad_rdata")
    text = inet_ntoa(msg[pos:end])
    return f'"addr":"{text}","data":"{text}"'


def _aaaa(msg: bytes, pos: int, end: int, seen: Seen) -> str:
    if end - pos != 16:
        raise Malformed("bad_rdata")
    text = inet_ntop(AF_INET6, msg[pos:end])
    return f'"addr":"{text}","data":"{text}"'


def _name(msg: bytes, pos: int, end: int, seen: Seen) -> str:
    text, after = read_name(msg, pos, seen)
    if after != end:
        raise Malformed("bad_rdata")
    return _dotted(text)


def _target(msg: bytes, pos: int, end: int, seen: Seen) -> str:
    return f'"data":{quote(_name(msg, pos, end, seen))}'


def _cname(msg: bytes, pos: int, end: int, seen: Seen) -> str:
    text = _name(msg, pos, end, seen)
    return f'"cname":{quote(text[:-1] or ".")},"data":{quote(text)}'


def _mx(msg: bytes, pos: int, end: int, seen: Seen) -> str:
    if end - pos < 3:
        raise Malformed("bad_rdata")
    return f'"data":{quote(f"{int.from_bytes(msg[pos : pos + 2])} {_name(msg, pos + 2, end, seen)}")}'


def _srv(msg: bytes, pos: int, end: int, seen: Seen) -> str:
    if end - pos <= SRV_NUMBERS_SIZE:
        raise Malformed("bad_rdata")
    numbers, pos = SRV_NUMBERS.parse(msg, pos)
    target = _name(msg, pos, end, seen)
    return f'"data":{quote(f"{numbers.priority} {numbers.weight} {numbers.port} {target}")}'


def _txt(msg: bytes, pos: int, end: int, seen: Seen) -> str:
    parts = []
    while pos < end:
        stop = pos + 1 + msg[pos]
        if stop > end:
            raise Malformed("bad_rdata")
        parts.append('"' + "".join([_TXT_OCTET[octet] for octet in msg[pos + 1 : stop]]) + '"')
        pos = stop
    if not parts:
        raise Malformed("bad_rdata")
    return f'"data":{quote(" ".join(parts))}'


def _soa(msg: bytes, pos: int, end: int, seen: Seen) -> str:
    primary, pos = read_name(msg, pos, seen)
    mailbox = _name(msg, pos, end - SOA_NUMBERS_SIZE, seen)
    numbers, _ = SOA_NUMBERS.parse(msg, end - SOA_NUMBERS_SIZE)
    times = f"{numbers.serial} {numbers.refresh} {numbers.retry} {numbers.expire} {numbers.minimum}"
    return f'"data":{quote(f"{_dotted(primary)} {mailbox} {times}")}'


def _dotted(name: str) -> str:
    return name if name == "." else name + "."


_Writer = Callable[[bytes, int, int, Seen], str]
_OWN: dict[int, _Writer] = {NS: _target, CNAME: _cname, PTR: _target, MX: _mx, TXT: _txt, SOA: _soa}
_OWN_IN: dict[int, _Writer] = {A: _a, AAAA: _aaaa, SRV: _srv}  # another class gives these numbers another meaning
