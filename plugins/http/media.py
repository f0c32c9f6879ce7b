"""Showing a body: as text where it is text, as type and size where it is not."""

import codecs
import re

from pxcap.core.text import clip_text
from pxcap.plugins.http.body import Body
from pxcap.plugins.http.codings import decode
from pxcap.plugins.http.redact import redact_body
from pxcap.plugins.http.types import BINARY, SNIFF, TEXT, Meaning, Media

_JSON, _GRPC = 1, 2  # values of the content_type column
_TEXT_TYPES = frozenset({
    "application/json", "application/xml", "application/javascript", "application/x-javascript",
    "application/ecmascript", "application/x-www-form-urlencoded", "application/graphql", "application/x-ndjson",
    "application/jsonlines", "application/json-seq", "application/sql", "application/yaml", "application/x-yaml",
    "application/toml", "application/http", "application/xhtml+xml", "application/x-sh", "application/dns-json",
    "image/svg+xml",
})  # fmt: skip
_BINARY_TYPES = frozenset({
    "application/zip", "application/gzip", "application/x-gzip", "application/zstd", "application/x-tar",
    "application/pdf", "application/protobuf", "application/x-protobuf", "application/msgpack",
    "application/x-msgpack", "application/cbor", "application/wasm", "application/x-7z-compressed",
    "application/x-bzip2", "application/vnd.rar", "application/java-archive", "application/dns-message",
})  # fmt: skip
# Only codecs that map bytes to characters one by one or in short sequences: others (zlib, punycode) can be made to cost.
_CHARSET = re.compile(
    r"utf-(?:8|16|32)(?:-[bl]e|-sig)?|ascii|iso8859-\d+|cp\d+|koi8-[rtu]|mac-[a-z-]+|gb2312|gbk|gb18030|big5(?:hkscs)?"
    r"|euc_(?:jp|kr)|shift_jis|tis-620"
)
_CHARSET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,39}")
_PARAMETER = re.compile(r";\s*charset\s*=\s*(\"?)([^\";,\s]*)\1", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def media_of(content_type: str) -> Media:
    """What a Content-Type value (RFC 9110, section 8.3) says; an empty one says nothing, and the bytes decide."""
    name = content_type.partition(";")[0].strip().lower()
    family, _, rest = name.partition("/")
    is_json = name.endswith(("/json", "+json")) or name in ("application/x-ndjson", "application/json-seq")
    kind = _GRPC if name.startswith("application/grpc") else _JSON if is_json else 0
    if family in ("text", "multipart", "message") or is_json or rest.endswith("+xml") or name in _TEXT_TYPES:
        shape = TEXT
    elif family in ("image", "audio", "video", "font") or kind == _GRPC or name in _BINARY_TYPES:
        shape = BINARY
    else:
        shape = SNIFF
    scrub = ""
    if is_json:
        scrub = "json"
    elif name == "application/x-www-form-urlencoded":
        scrub = "form"
    elif name == "multipart/form-data":
        scrub = "multipart"
    match = _PARAMETER.search(content_type)
    return Media(name or "application/octet-stream", shape, _codec(match[2]) if match else "", kind, scrub)


def show(body: Body, meaning: Meaning, limit: int, redact: bool) -> tuple[str, bool]:
    """A body's text, at most `limit` bytes of it; and whether its codings could be undone."""
    if not body.size:
        return "", True
    media = meaning.media
    data, well = bytes(body.kept), True
    shape = media.shape
    if meaning.codings and shape != BINARY and limit:
        plain, well = decode(data, meaning.codings, limit + 1)
        if plain or well:
            data = plain
        else:
            shape = SNIFF
    if shape == SNIFF and limit and data:
        shape = TEXT if _looks_like_text(data) else BINARY
    if shape == BINARY:
        return f"[{media.name}, {body.size} bytes]", well
    text = clip_text(data, limit) if not media.charset else _clip_charset(data, limit, media.charset)
    if redact and media.scrub:
        text = redact_body(text, media.scrub)
    return text, well


def _codec(charset: str) -> str:
    """Python's name of a charset, empty for UTF-8 and for what is not known."""
    if not _CHARSET_NAME.fullmatch(charset):
        return ""
    try:
        name = codecs.lookup(charset).name
    except LookupError:
        return ""
    return name if name != "utf-8" and _CHARSET.fullmatch(name) else ""


def _clip_charset(data: bytes, limit: int, codec: str) -> str:
    decoder = codecs.getincrementaldecoder(codec)("backslashreplace")
    text = decoder.decode(data[:limit], final=len(data) <= limit)
    text = text.replace("\0", "\\x00") if "\0" in text else text
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _looks_like_text(data: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(text)
