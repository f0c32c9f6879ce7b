"""The packets that end a result: OK, ERR and EOF, and several results in words.

Source: "OK_Packet", "ERR_Packet", "EOF_Packet" and "Session State Information" of the MySQL source documentation.
"""

from typing import NamedTuple

from pxcap.core.text import clip_text
from pxcap.plugins.mysql import wire
from pxcap.plugins.mysql.charsets import codec_named, decode
from pxcap.plugins.mysql.wire import lenenc, lenenc_bytes

_MAX_INFO = 1024  # bytes of an OK's text that are shown
_MAX_PARTS = 20  # results of one command that are named one by one
_VARIABLES = 0  # type of session state: system variables


class Okay(NamedTuple):
    """An OK or EOF packet.

    Attributes:
        affected, insert_id, warnings, status: As sent; 0 where it has no such field.
        info: Its text.
        charset: Codec the session's character_set_client changed to, or empty.
    """

    affected: int = 0
    insert_id: int = 0
    status: int = 0
    warnings: int = 0
    info: str = ""
    charset: str = ""

    @property
    def text(self) -> str:
        """For people: `OK, insert id = 7, warnings = 1, Records: 3  Duplicates: 0  Warnings: 1`."""
        words = ["OK"]
        if self.insert_id:
            words.append(f"insert id = {self.insert_id}")
        if self.warnings:
            words.append(f"warnings = {self.warnings}")
        if self.info:
            words.append(self.info)
        return ", ".join(words)


PLAIN = Okay()


def read_eof(body: bytes) -> Okay:
    """An EOF packet; those before PROTOCOL_41 have no fields."""
    if len(body) < 5:
        return PLAIN
    return Okay(warnings=body[1] | body[2] << 8, status=body[3] | body[4] << 8)


def read_ok(body: bytes, flags: int, codec: str) -> Okay | None:
    """An OK packet, also one with the header of an EOF; `flags` are the capabilities, -1 when unknown. None: it is none."""
    try:
        affected, pos = lenenc(body, 1)
        insert_id, pos = lenenc(body, pos)
    except IndexError:
        return None
    if affected < 0 or insert_id < 0:
        return None
    rest = body[pos + 4 :]
    status = int.from_bytes(body[pos : pos + 2], "little")
    warnings = int.from_bytes(body[pos + 2 : pos + 4], "little")
    if not rest:
        return Okay(affected, insert_id, status, warnings)
    charset = ""
    try:  # the text has its length in front of it, whatever was agreed on
        info, pos = lenenc_bytes(rest, 0)
        if status & wire.STATE_CHANGED and (flags < 0 or flags & wire.SESSION_TRACK):
            charset = _changes(lenenc_bytes(rest, pos)[0])
        elif pos < len(rest):
            info = rest
    except IndexError:
        info = rest if flags >= 0 and not flags & wire.SESSION_TRACK else b""
    return Okay(affected, insert_id, status, warnings, decode(info[:_MAX_INFO], codec), charset)


def _changes(data: bytes) -> str:
    """The codec that session state names as character_set_client."""
    codec = ""
    pos = 0
    while pos < len(data):
        kind = data[pos]
        entry, pos = lenenc_bytes(data, pos + 1)
        if kind == _VARIABLES:
            at = 0
            while at < len(entry):
                name, at = lenenc_bytes(entry, at)
                value, at = lenenc_bytes(entry, at)
                if name == b"character_set_client":
                    codec = codec_named(value.decode("ascii", "replace"))
    return codec


def read_error(body: bytes, codec: str, limit: int) -> tuple[int | None, str | None, str]:
    """Code, SQLSTATE and text of an ERR packet; there is no SQLSTATE before PROTOCOL_41 was agreed on."""
    code = int.from_bytes(body[1:3], "little") if len(body) >= 3 else None
    rest = body[3:]
    state = None
    if rest[:1] == b"#" and len(rest) >= 6:
        state, rest = decode(rest[1:6], "ascii"), rest[6:]
    if len(rest) > limit:
        return code, state, clip_text(rest, limit)
    return code, state, decode(rest, codec)


def in_words(parts: list[str], more: int) -> str:
    """Several results of one command as one text."""
    return "; ".join([*parts, f"... {more} more"] if more else parts)


def remember(parts: list[str], text: str) -> int:
    """Add a result's text if there is room for it; returns how many were left out."""
    if len(parts) >= _MAX_PARTS:
        return 1
    parts.append(text)
    return 0
