"""Undoing compression within bounds: never more output than asked for, whatever the input claims.

What is given is decoded at once and no decoder is kept, so that a connection holds no windows of 32 KiB to 16 MiB; a bomb
costs its limit and nothing more. The libraries do the work; this module holds them to the bound, and loads each with the
first bytes that need it.

Sources: RFC 1950 (zlib), 1951 (deflate), 1952 (gzip), 7932 (Brotli), 8878 (zstd), the LZ4 frame and block formats 1.6, the
Snappy raw format of 2011-10-05.
"""

import zlib
from collections.abc import Callable

STEP = 4096  # input given to a decoder at once: what it costs when the bytes turn out to be corrupt
MAX_ZSTD_WINDOW = 8 << 20  # RFC 9659: the largest window a content coding may ask for
MAX_BLOCK = 64 << 20  # raw blocks are decoded whole or not at all, into memory taken beforehand


class _CorruptError(Exception):
    """A library refused the bytes."""


def decompress(data: bytes, coding: str, limit: int) -> tuple[bytes, bool]:
    """Decode the beginning of compressed data.

    Args:
        data: All of it, or its beginning.
        coding: One of `CODINGS`. "deflate" is what HTTP calls so: zlib, or the bare stream that some servers send;
            "lz4" the frame format; "lz4-block" and "snappy" the raw blocks, which are decoded whole or not at all:
            nothing comes out of one that is cut, or of one longer than `limit`.
        limit: Most bytes wanted; for "lz4-block" the size the protocol states.

    Returns:
        At most `limit` bytes; and whether all was well so far as `data` goes (its end may be missing).
    """
    out = bytearray()
    try:
        _DECODERS[coding](data, limit, out)
    except (zlib.error, RuntimeError, _CorruptError):  # lz4.frame has no error of its own
        return bytes(out[:limit]), False
    return bytes(out[:limit]), True


def _gzip(data: bytes, limit: int, out: bytearray) -> None:
    _inflate(data, limit, out, 31)


def _zlib(data: bytes, limit: int, out: bytearray) -> None:
    _inflate(data, limit, out, 15)


def _deflate(data: bytes, limit: int, out: bytearray) -> None:
    try:
        _zlib(data, limit, out)
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
    import brotli  # type: ignore[import-untyped]

    try:
        decoder = brotli.Decompressor()
        for pos in range(0, len(data), STEP):
            out += decoder.process(data[pos : pos + STEP], output_buffer_limit=limit)
            while len(out) < limit and not decoder.can_accept_more_data():
                out += decoder.process(b"", output_buffer_limit=limit)
            if len(out) >= limit or decoder.is_finished():
                return
    except brotli.error as error:
        raise _CorruptError from error


def _zstd(data: bytes, limit: int, out: bytearray) -> None:
    import zstandard

    try:
        reader = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW).stream_reader(
            data, read_across_frames=True
        )
        while len(out) < limit:
            piece = reader.read(min(STEP, limit - len(out)))
            if not piece:
                return
            out += piece
    except zstandard.ZstdError as error:
        raise _CorruptError from error


def _lz4_frame(data: bytes, limit: int, out: bytearray) -> None:
    import lz4.frame  # type: ignore[import-untyped]

    decoder = lz4.frame.LZ4FrameDecompressor()
    pos = 0
    while len(out) < limit:
        piece = b""
        if decoder.needs_input:
            if pos >= len(data):
                return
            piece = data[pos : pos + STEP]
            pos += STEP
        out += decoder.decompress(piece, limit - len(out))
        if decoder.eof:  # another frame may follow
            data, pos = (decoder.unused_data or b"") + data[pos:], 0
            if not data:
                return
            decoder = lz4.frame.LZ4FrameDecompressor()


def _lz4_block(data: bytes, limit: int, out: bytearray) -> None:
    import lz4.block  # type: ignore[import-untyped]

    try:
        out += lz4.block.decompress(data, uncompressed_size=min(limit, MAX_BLOCK))
    except lz4.block.LZ4BlockError as error:
        raise _CorruptError from error


def _snappy(data: bytes, limit: int, out: bytearray) -> None:
    import cramjam

    try:
        if cramjam.snappy.decompress_raw_len(data) > min(limit, MAX_BLOCK):
            return
        out += bytes(cramjam.snappy.decompress_raw(data))
    except cramjam.DecompressionError as error:
        raise _CorruptError from error


_DECODERS: dict[str, Callable[[bytes, int, bytearray], None]] = {
    "br": _brotli,
    "deflate": _deflate,
    "gzip": _gzip,
    "lz4": _lz4_frame,
    "lz4-block": _lz4_block,
    "snappy": _snappy,
    "zlib": _zlib,
    "zstd": _zstd,
}
CODINGS = frozenset(_DECODERS)
