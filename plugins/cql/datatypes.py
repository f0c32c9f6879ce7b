"""Types as the server describes them, made into decoders (section 4.2.5.2, `<type>`).

Collections, tuples and user defined types hold values as [bytes]; their decoders are closures over those of their parts.
Custom types are named by a Java class: those of Cassandra's own are known here, vectors among them; the rest are blobs.
Collections are JSON arrays, maps and user defined types objects. A key that is no string is shown as its JSON text.
"""

import re
from collections.abc import Sequence
from struct import Struct, error

from pxcap.core.text import quote, to_text
from pxcap.plugins.cql.types import DataType, Decode
from pxcap.plugins.cql.values import BLOB, NATIVE, as_hex, odd, vint
from pxcap.plugins.cql.wire import MAX_COLUMNS, MAX_DEPTH

_U16, _I32 = Struct(">H").unpack_from, Struct(">i").unpack_from
_CUSTOM, _LIST, _MAP, _SET, _UDT, _TUPLE = 0x00, 0x20, 0x21, 0x22, 0x30, 0x31
_BROKEN = (error, ValueError, IndexError, RecursionError)


def read_string(buf: bytes, pos: int) -> tuple[str, int]:
    """A [string] as text, and the position behind it.

    Raises:
        struct.error, ValueError: The bytes end before.
    """
    end = pos + 2 + _U16(buf, pos)[0]
    if end > len(buf):
        raise ValueError("a string is cut short")
    return to_text(buf[pos + 2 : end]), end


def read_type(buf: bytes, pos: int, depth: int = 0) -> tuple[DataType, int]:
    """An [option] that describes a type, and the position behind it.

    Raises:
        struct.error, ValueError: The bytes end before, or the type is unknown or nested too deep.
    """
    code = _U16(buf, pos)[0]
    pos += 2
    if native := NATIVE.get(code):
        return native, pos
    if depth > MAX_DEPTH:
        raise ValueError("types nested too deep")
    if code == _CUSTOM:
        name, pos = read_string(buf, pos)
        return from_class(name), pos
    if code in (_LIST, _SET):
        item, pos = read_type(buf, pos, depth + 1)
        return list_of("list" if code == _LIST else "set", item), pos
    if code == _MAP:
        key, pos = read_type(buf, pos, depth + 1)
        value, pos = read_type(buf, pos, depth + 1)
        return map_of(key, value), pos
    if code == _UDT:
        _, pos = read_string(buf, pos)
        name, pos = read_string(buf, pos)
    elif code != _TUPLE:
        raise ValueError(f"type {code:#x} is unknown")
    count = _U16(buf, pos)[0]
    pos += 2
    names, types = [], []
    for _ in range(count):
        if code == _UDT:
            field, pos = read_string(buf, pos)
            names.append(field)
        item, pos = read_type(buf, pos, depth + 1)
        types.append(item)
    return (udt_of(name, names, types) if code == _UDT else tuple_of(types)), pos


def _bytes(data: bytes, pos: int) -> tuple[bytes | None, int]:
    """A [bytes] value and the position behind it."""
    size = _I32(data, pos)[0]
    pos += 4
    if size < 0:
        return None, pos
    if pos + size > len(data):
        raise ValueError("a value is cut short")
    return data[pos : pos + size], pos + size


def _count(data: bytes, least: int) -> int:
    """How many elements a collection says it has, if there is room for them."""
    count = int(_I32(data, 0)[0])
    if not 0 <= count * least <= len(data) - 4:
        raise ValueError(f"a collection of {count} elements in {len(data)} bytes")
    return count


def list_of(kind: str, item: DataType) -> DataType:
    """list<item> or set<item> (sections 6.12 and 6.14)."""
    decode_item = item.decode

    def decode(data: bytes) -> str:
        try:
            items, pos = [], 4
            for _ in range(_count(data, 4)):
                value, pos = _bytes(data, pos)
                items.append("null" if value is None else decode_item(value))
        except _BROKEN:
            return odd(data)
        return f"[{','.join(items)}]"

    return DataType(f"{kind}<{item.name}>", decode)


def map_of(key: DataType, value: DataType) -> DataType:
    """map<key, value> (section 6.13)."""
    decode_key, decode_value = key.decode, value.decode

    def decode(data: bytes) -> str:
        try:
            items, pos = [], 4
            for _ in range(_count(data, 8)):
                one, pos = _bytes(data, pos)
                two, pos = _bytes(data, pos)
                name = "null" if one is None else decode_key(one)
                name = name if name[0] == '"' else quote(name)
                items.append(f"{name}:{'null' if two is None else decode_value(two)}")
        except _BROKEN:
            return odd(data)
        return f"{{{','.join(items)}}}"

    return DataType(f"map<{key.name}, {value.name}>", decode)


def _fields(data: bytes, decoders: Sequence[Decode]) -> list[str]:
    """The values of a tuple or user defined type; those at its end that were not sent are null."""
    items, pos = [], 0
    for decode in decoders:
        value, pos = _bytes(data, pos) if pos < len(data) else (None, pos)
        items.append("null" if value is None else decode(value))
    if pos < len(data):
        raise ValueError("more fields than the type has")
    return items


def tuple_of(types: Sequence[DataType]) -> DataType:
    """tuple<...> (section 6.21)."""
    decoders = [item.decode for item in types]

    def decode(data: bytes) -> str:
        try:
            return f"[{','.join(_fields(data, decoders))}]"
        except _BROKEN:
            return odd(data)

    return DataType(f"tuple<{', '.join(item.name for item in types)}>", decode)


def udt_of(name: str, names: Sequence[str], types: Sequence[DataType]) -> DataType:
    """A user defined type (section 7)."""
    decoders = [item.decode for item in types]
    keys = [quote(field) for field in names]

    def decode(data: bytes) -> str:
        try:
            fields = _fields(data, decoders)
        except _BROKEN:
            return odd(data)
        return f"{{{','.join(f'{key}:{value}' for key, value in zip(keys, fields, strict=True))}}}"

    return DataType(name, decode)


def vector_of(item: DataType, count: int) -> DataType:
    """vector<item, count> of Cassandra 5: elements of a fixed size stand side by side, others behind a vint length."""
    decode_item, size = item.decode, item.size

    def decode(data: bytes) -> str:
        if size > 0:
            if len(data) != size * count:
                return odd(data)
            return f"[{','.join(decode_item(data[at : at + size]) for at in range(0, len(data), size))}]"
        try:
            items, pos = [], 0
            for _ in range(count):
                length, pos = vint(data, pos)
                if pos + length > len(data):
                    return odd(data)
                items.append(decode_item(data[pos : pos + length]))
                pos += length
        except _BROKEN:
            return odd(data)
        return f"[{','.join(items)}]" if pos == len(data) else odd(data)

    return DataType(f"vector<{item.name}, {count}>", decode, size * count if size > 0 else -1)


# Custom types: the grammar of `TypeParser.java`, class(argument, ...), where an argument may be hex:class.

_CLASSES = {
    "AsciiType": 0x01,
    "LongType": 0x02,
    "BytesType": 0x03,
    "BooleanType": 0x04,
    "CounterColumnType": 0x05,
    "DecimalType": 0x06,
    "DoubleType": 0x07,
    "FloatType": 0x08,
    "Int32Type": 0x09,
    "TimestampType": 0x0B,
    "DateType": 0x0B,
    "UUIDType": 0x0C,
    "LexicalUUIDType": 0x0C,
    "UTF8Type": 0x0D,
    "IntegerType": 0x0E,
    "TimeUUIDType": 0x0F,
    "InetAddressType": 0x10,
    "SimpleDateType": 0x11,
    "TimeType": 0x12,
    "ShortType": 0x13,
    "ByteType": 0x14,
    "DurationType": 0x15,
}
_PACKAGE = "org.apache.cassandra.db.marshal."
_TOKEN = re.compile(r"\s*([A-Za-z0-9_.$]+|[(),:]|=>)")


def from_class(name: str) -> DataType:
    """The type a Java class name stands for; a blob of that name when it is not one of Cassandra's or malformed."""
    tokens, pos = [], 0
    while pos < len(name) and (match := _TOKEN.match(name, pos)) is not None:
        tokens.append(match[1])
        pos = match.end()
    if pos < len(name.rstrip()) or not tokens or len(tokens) > MAX_COLUMNS:
        return DataType(name, as_hex)
    try:
        made, pos = _class(tokens, 0, 0)
    except (IndexError, ValueError):
        return DataType(name, as_hex)
    return made if pos == len(tokens) else DataType(name, as_hex)


def _class(tokens: list[str], pos: int, depth: int) -> tuple[DataType, int]:
    """One class with its arguments."""
    if depth > MAX_DEPTH:
        raise ValueError("types nested too deep")
    name = tokens[pos].removeprefix(_PACKAGE)
    pos += 1
    types: list[DataType] = []
    words: list[str] = []
    if pos < len(tokens) and tokens[pos] == "(":
        pos += 1
        while tokens[pos] != ")":
            words.append(tokens[pos])
            if tokens[pos + 1] == ":":
                pos += 2
            argument, pos = _class(tokens, pos, depth + 1)
            types.append(argument)
            if tokens[pos] == ",":
                pos += 1
        pos += 1
    return _made(name, types, words), pos


def _made(name: str, types: list[DataType], words: list[str]) -> DataType:
    """The type of a class with these arguments, as types and as they were written (or named)."""
    if name in _CLASSES and not types:
        return NATIVE[_CLASSES[name]]
    if name in ("FrozenType", "ReversedType") and len(types) == 1:
        return types[0]
    if name in ("ListType", "SetType") and len(types) == 1:
        return list_of("list" if name == "ListType" else "set", types[0])
    if name == "MapType" and len(types) == 2:
        return map_of(*types)
    if name == "TupleType":
        return tuple_of(types)
    if name == "UserType" and len(types) >= 2:
        fields = [bytes.fromhex(word).decode() for word in words[2:]]
        return udt_of(bytes.fromhex(words[1]).decode(), fields, types[2:])
    if name == "VectorType" and len(types) == 2 and words[1].isdigit() and int(words[1]) <= MAX_COLUMNS:
        return vector_of(types[0], int(words[1]))
    return DataType(name, BLOB.decode)
