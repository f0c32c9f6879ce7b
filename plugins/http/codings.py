"""Undoing content and transfer codings (RFC 9110, section 8.4.1).

What is decoded is the kept beginning of a body, after the body ended, never more than asked for.
"""

from pxcap.core.compression import decompress

ZSTD_BLOCK = 128 << 10
MAX_CODINGS = 4
_NAMES = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "br": "br", "zstd": "zstd"}


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
        name = _NAMES.get(codings[index])
        if name is None:
            return b"", False
        data, fine = decompress(data, name, limit if index == 0 else encoded_room(limit, codings))
        well = well and fine
    return data[:limit], well
