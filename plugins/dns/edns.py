"""The OPT record: EDNS version, buffer size, flags and options (RFC 6891, section 6)."""

from functools import cache
from ipaddress import IPv4Address, IPv6Address

from pxcap.core.text import to_json, to_text
from pxcap.plugins.dns.names import Malformed
from pxcap.plugins.dns.wire import OPTION, SUBNET

_ECS, _PADDING, _EDE = 8, 12, 15
_OPTION_SIZE = 4
_SUBNET_SIZE = 4
_DO = 0x8000


@cache
def _option_names() -> dict[int, str]:
    """Names of the options; dnspython is loaded by the first message that has one, not at every start of pxcap."""
    import dns.edns

    return {int(option): option.name for option in dns.edns.OptionType}


def render_opt(udp_size: int, ttl: int, msg: bytes, pos: int, end: int) -> tuple[str, str]:
    """The OPT record whose options are `msg[pos:end]` as a JSON object, and the name of an error or "".

    Args:
        udp_size: What stands in the place of the class: the sender's buffer, in bytes.
        ttl: What stands in the place of the TTL: upper bits of the response code, version, DO.
        msg: The message.
        pos: First byte of the options.
        end: Position behind them.

    Client subnets are given as address/source/scope (RFC 7871), extended errors as code and text (RFC 8914), padding
    as its size in bytes, every other option as hex. One that comes twice becomes a list.
    """
    text = f'{{"version":{ttl >> 16 & 0xFF},"udp_size":{udp_size},"do":{"true" if ttl & _DO else "false"}'
    if pos == end:
        return text + "}", ""
    options: dict[str, object] = {}
    error = ""
    while pos < end:
        if end - pos < _OPTION_SIZE:
            error = "bad_edns"
            break
        option, start = OPTION.parse(msg, pos)
        pos = start + option.size
        if pos > end:
            error = "bad_edns"
            break
        name = _option_names().get(option.code) or f"OPT{option.code}"
        try:
            value = _value(option.code, msg[start:pos])
        except (Malformed, ValueError):
            value, error = msg[start:pos].hex(), "bad_edns"
        if name not in options:
            options[name] = value
        elif isinstance(earlier := options[name], list):
            earlier.append(value)
        else:
            options[name] = [earlier, value]
    return f'{text},"options":{to_json(options)}}}', error


def _value(code: int, data: bytes) -> object:
    if code == _ECS:
        return _subnet(data)
    if code == _EDE and len(data) >= 2:
        return {"code": int.from_bytes(data[:2]), "text": to_text(data[2:])}
    if code == _PADDING:
        return len(data)
    return data.hex()


def _subnet(data: bytes) -> str:
    if len(data) < _SUBNET_SIZE:
        raise Malformed("bad_edns")
    subnet, pos = SUBNET.parse(data)
    address = data[pos:]
    if subnet.family == 1 and len(address) <= 4:
        return f"{IPv4Address(address.ljust(4, bytes(1)))}/{subnet.source}/{subnet.scope}"
    if subnet.family == 2 and len(address) <= 16:
        return f"{IPv6Address(address.ljust(16, bytes(1)))}/{subnet.source}/{subnet.scope}"
    raise Malformed("bad_edns")
