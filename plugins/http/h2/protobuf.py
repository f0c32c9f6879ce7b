"""Protocol Buffers without their schema (protobuf.dev, "Encoding"): fields by number, as JSON.

The wire says how long a field is, not what it means. So: a varint is shown as an unsigned number, or a negative one where
only that takes ten bytes; a fixed one as the float or double it may be where that is a usual number, else as an integer;
bytes as text where they are printable text, as a message where they can be one, else in hexadecimal. A field that is
repeated has an array, at the place of the first.
"""

import math
import re
import struct

from pxcap.core.text import quote

MAX_DEPTH = 16  # of messages in messages
MAX_FIELDS = 65536  # bytes, in eighths, of messages inside a message; what is beyond is shown as text or in hexadecimal
MAX_PIECES, MAX_PIECE = 4096, 48  # entries, and bytes of the longest field remembered
_SHALLOW = 4  # depth to which what is remembered is asked
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WEIRD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")
_VARINT, _I64, _LEN, _SGROUP, _EGROUP, _I32 = range(6)
_KEYS = [f'"{number}":' for number in range(64)]
_KEYED = len(_KEYS) << 3
_LAST_NUMBER = 0x1FFFFFFF


class _NoMessage(Exception):
    """These bytes are none."""


def render(data: bytes, limit: int) -> str:
    """A message as JSON; `data` may be its beginning only, and no more than `limit` bytes of it are looked at."""
    if not data:
        return "{}"
    if len(data) > limit:
        data = data[:limit]
    text = _usual(data)
    if text:
        return text
    try:
        return _Reader().message(data, 0, -1, True)[0]
    except (_NoMessage, IndexError):
        return quote("0x" + data.hex())


def _usual(data: bytes) -> str:
    """A whole message without groups whose fields are in ascending order, none repeated; empty when it is another."""
    size = len(data)
    pos, last = 0, 7
    parts: list[str] = []
    reader: _Reader | None = None
    try:
        while pos < size:
            tag = data[pos]
            pos += 1
            if tag >= 0x80:
                tag, pos = _varint(data, pos - 1)
            if tag <= last:
                return ""
            last = tag | 7
            kind = tag & 7
            if kind == _LEN:
                length = data[pos]
                pos += 1
                if length >= 0x80:
                    length, pos = _varint(data, pos - 1)
                end = pos + length
                if end > size:
                    return ""
                piece = data[pos:end]
                pos = end
                if piece.isascii() and (text := piece.decode("ascii")).isprintable():
                    shown = quote(text)
                elif length <= MAX_PIECE:
                    shown = _pieces[piece]
                else:
                    reader = reader or _Reader()
                    shown = reader.piece(piece, 0)
            elif not kind:
                value = data[pos]
                pos += 1
                if value >= 0x80:
                    more = data[pos]
                    value += (more << 7) - 0x80
                    pos += 1
                    if more >= 0x80:
                        more = data[pos]
                        value += (more << 14) - 0x4000
                        pos += 1
                        if more >= 0x80:
                            value, pos = _varint(data, pos - 3)
                            if value >> 63:
                                value -= 1 << 64
                shown = str(value)
            elif kind == _I64:
                shown = _fixed(data, pos, _DOUBLE)
                pos += 8
            elif kind == _I32:
                shown = _fixed(data, pos, _FLOAT)
                pos += 4
            else:
                return ""
            parts.append((_KEYS[tag >> 3] if tag < _KEYED else f'"{tag >> 3}":') + shown)
    except (_NoMessage, IndexError):
        return ""
    return "{" + ",".join(parts) + "}" if last < _LAST_NUMBER << 3 | 8 else ""


class _Pieces(dict[bytes, str]):
    """What short length-delimited fields hold, made when first asked for; emptied when full."""

    def __missing__(self, data: bytes) -> str:
        _reader.left = MAX_FIELDS
        shown = _reader.piece(data, 0)
        if len(self) >= MAX_PIECES:
            self.clear()
        self[data] = shown
        return shown


class _Reader:
    """One message with those inside it; counts the fields of those."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_FIELDS

    def message(self, data: bytes, depth: int, group: int, lenient: bool, pos: int = 0) -> tuple[str, int]:
        """The fields from `pos` on, to the end of the data or of the group; `lenient`: the end may be missing.

        Raises:
            _NoMessage, IndexError: They are none.
        """
        size = len(data)
        parts: list[str] = []
        places: dict[int, int] = {}
        more: dict[int, list[str]] = {}
        while pos < size:
            start = pos
            try:
                tag = data[pos]
                pos += 1
                if tag >= 0x80:
                    tag, pos = _varint(data, pos - 1)
                number, kind = tag >> 3, tag & 7
                if not 0 < number <= _LAST_NUMBER:
                    raise _NoMessage
                if kind == _LEN:
                    length = data[pos]
                    pos += 1
                    if length >= 0x80:
                        length, pos = _varint(data, pos - 1)
                    end = pos + length
                    if end > size and not lenient:
                        raise _NoMessage
                    piece = data[pos:end]
                    shown = _pieces[piece] if length <= MAX_PIECE and depth < _SHALLOW else self.piece(piece, depth)
                    pos = end
                elif kind == _VARINT:
                    value = data[pos]
                    pos += 1
                    if value >= 0x80:
                        value, pos = _varint(data, pos - 1)
                        if value >> 63:
                            value -= 1 << 64
                    shown = str(value)
                elif kind == _I64:
                    shown = _fixed(data, pos, _DOUBLE)
                    pos += 8
                elif kind == _I32:
                    shown = _fixed(data, pos, _FLOAT)
                    pos += 4
                elif kind == _SGROUP and depth < MAX_DEPTH:
                    shown, pos = self.message(data, depth + 1, number, False, pos)
                elif kind == _EGROUP and number == group:
                    break
                else:
                    raise _NoMessage
            except (_NoMessage, IndexError):
                if lenient and start:
                    pos = size
                    continue
                raise
            if number not in places:
                places[number] = len(parts)
                parts.append((_KEYS[number] if number < len(_KEYS) else f'"{number}":') + shown)
            elif number in more:
                more[number].append(shown)
            else:
                more[number] = [shown]
        else:
            if group >= 0:
                raise _NoMessage
        for number, shows in more.items():
            key, _, first = parts[places[number]].partition(":")
            parts[places[number]] = f"{key}:[{','.join([first, *shows])}]"
        return "{" + ",".join(parts) + "}", pos

    def piece(self, data: bytes, depth: int) -> str:
        """What a length-delimited field holds."""
        text: str | None = None
        if data.isascii():
            text = data.decode("ascii")
            if text.isprintable():
                return quote(text)
        else:
            try:
                text = data.decode()
                if not _CONTROL.search(text):
                    return quote(text)
            except UnicodeDecodeError:
                text = None
        if depth < MAX_DEPTH and self.left > 0:
            self.left -= len(data) >> 3  # so that trying again at every depth cannot cost much
            try:
                return self.message(data, depth + 1, -1, False)[0]
            except (_NoMessage, IndexError):
                pass
        if text is not None and not _WEIRD.search(text):
            return quote(text)
        return f'"0x{data.hex()}"'


_pieces = _Pieces()
_reader = _Reader()


def _varint(data: bytes, pos: int) -> tuple[int, int]:
    """A base 128 varint, at most ten bytes; beyond 64 bits it is cut as decoders do."""
    value = shift = 0
    while shift < 70:
        octet = data[pos]
        pos += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, pos
        shift += 7
    raise _NoMessage


def _fixed(data: bytes, pos: int, form: struct.Struct) -> str:
    try:
        number: float = form.unpack_from(data, pos)[0]
    except struct.error:
        raise _NoMessage from None
    if number == 0:
        return "0"
    if math.isfinite(number) and 1e-6 <= abs(number) < 1e15:
        return repr(number) if form is _DOUBLE else f"{number:.7g}"
    return str(int.from_bytes(data[pos : pos + form.size], "little"))
