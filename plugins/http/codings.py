"""Undoing content and transfer codings (RFC 9110, section 8.4.1; RFC 8878; RFC 7932) within bounds.

What is decoded is the kept beginning of a body, after the body ended, never more than asked for. So a connection holds
no decoder state (windows of 32 KiB to 16 MiB) while a body arrives, and a bomb costs its limit and nothing more.
"""

import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import zstandard

STEP = 4096  # input given to a decoder at once: what it costs when the bytes turn out to be corrupt
MAX_ZSTD_WINDOW = 8 << 20  # RFC 9659: the largest window a content coding may ask for
ZSTD_BLOCK = 128 << 10
MAX_CODINGS = 4


def encoded_room(limit: int, codings: tuple[str, ...]) -> int:
    """How many encoded bytes to keep to be able to show `limit` decoded ones, even where coding made them longer.

    A zstd block is decoded whole or not at all, and takes up to 128 KiB (RFC 8878, section 3.1.1.2.3).
    """
    return (limit + limit // 8 + 1024 + (ZSTD_BLOCK if "zstd" in codings else 0)) if limit else 0


def decode(data: bytes, codings: tuple[str, ...], limit: int) -> tuple[bytes, bool]:
    """Undo the codings, the last applied first.

    Args:
        data: The beginning of the body, or all of it.
        codings: Their names in the order in which they were applied.
        limit: Most bytes wanted.

    Returns:
        What could be decoded; and whether all was well so far as `data` goes (its end may be missing).
    """
    if len(codings) > MAX_CODINGS:
        return b"", False
    well = True
    for index in range(len(codings) - 1, -1, -1):
        decoder = _DECODERS.get(codings[index])
        if decoder is None:
            return b"", False
        out = bytearray()
        try:
            decoder(data, limit if index == 0 else encoded_room(limit, codings), out)
        except (zlib.error, brotli.error, zstandard.ZstdError):
            well = False
        data = bytes(out)
    return data[:limit], well


def _gzip(data: bytes, limit: int, out: bytearray) -> None:
    _inflate(data, limit, out, 31)


def _deflate(data: bytes, limit: int, out: bytearray) -> None:
    """The zlib format (RFC 9110, section 8.4.1.2), or the bare stream that some servers send."""
    try:
        _inflate(data, limit, out, 15)
    except zlib.error:
        if out:
            raise
        _inflate(data, limit, out, -15)


def _inflate(data: bytes, limit: int, out: bytearray, window: int) -> None:
    decoder = zlib.decompressobj(window)
    pos = 0
    rest = b""
    while len(out) < limit and (rest or pos < len(data)):
        if not rest:
            rest = data[pos : pos + STEP]
            pos += STEP
        if decoder.eof:  # gzip: another member follows (RFC 1952, section 2.2)
            if window != 31 or not rest.startswith(b"\x1f"):
                return
            decoder = zlib.decompressobj(window)
        out += decoder.decompress(rest, limit - len(out))
        rest = decoder.unused_data if decoder.eof else decoder.unconsumed_tail


def _brotli(data: bytes, limit: int, out: bytearray) -> None:
    decoder = brotli.Decompressor()
    for pos in range(0, len(data), STEP):
        out += decoder.process(data[pos : pos + STEP], output_buffer_limit=limit)
        while len(out) < limit and not decoder.can_accept_more_data():
            out += decoder.process(b"", output_buffer_limit=limit)
        if len(out) >= limit or decoder.is_finished():
            return


def _zstd(data: bytes, limit: int, out: bytearray) -> None:
    reader = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW).stream_reader(data, read_across_frames=True)
    while len(out) < limit:
        piece = reader.read(min(STEP, limit - len(out)))
        if not piece:
            return
        out += piece


_DECODERS: dict[str, Callable[[bytes, int, bytearray], None]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
