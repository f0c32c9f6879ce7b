r"""Where a message begins in bytes that start anywhere: after a loss, in a connection joined in mid-stream.

The first byte behind a loss is tried, for messages mostly begin where segments do; then whatever follows a message that
ends a cycle and has one form only: Sync, ReadyForQuery with the command tag before it. Only the bytes decide, so it does not matter how they were cut.
"""

import re

from pxcap.core.protocol import REQUEST

# A type, a length that such a message can have, and as much of the body as tells.
_SIZE = rb"\0[\0-\x0f][\0-\xff]{2}"  # below 1 MiB
_CLIENT = re.compile(
    rb"[SHXc]\0\0\0\x04|Q\0\0\0\x05\0|Q"
    + _SIZE
    + rb"[\t\n\r -\x7e]|P"
    + _SIZE
    + rb"[\0-\xff]|B"
    + _SIZE
    + rb"[\0-\xff]|[DC]\0\0[\0-\xff]{2}[SP]"
    rb"|E\0\0[\0-\xff]{2}[\0!-\x7e]|[df]" + _SIZE + rb"|F\0\0[\0-\xff]{2}\0|p\0\0[\0-\xff]{2}[!-\x7e]",
    re.DOTALL,
)
_SERVER = re.compile(
    rb"Z\0\0\0\x05[ITE]|[123ncsI]\0\0\0\x04|C\0\0\0[\x05-\x60][A-Z]|T\0[\0-\xff]{3}[\0-\x06][\0-\xff]|D"
    + _SIZE
    + rb"[\0-\x06][\0-\xff]|[EN]\0\0[\0-\xff]{2}[SVCM][A-Z0-9\x80-\xff]|A\0\0[\0-\xff]{2}\0|S\0\0\0[\x06-\xff][a-zA-Z]|t\0\0[\0-\xff]{2}[\0-\x0f]"
    rb"|[GHW]\0\0[\0-\xff]{2}[\0\1]|d" + _SIZE + rb"|V\0[\0-\xff]{3}|R\0\0\0[\x08-\xff]\0|K\0\0\0[\x0c-\xff]",
    re.DOTALL,
)
_AFTER = (re.compile(rb"S\0\0\0\x04"), re.compile(rb"Z\0\0\0\x05[ITE]"))
_TAG = re.compile(rb"C\0\0\0[\x06-\x60][A-Z][A-Z0-9 ]{0,90}\0\Z")
LONGEST = 7  # bytes that decide whether a message begins
TAIL = 110  # bytes that decide whether one begins that ends a cycle


def begins(side: int, buf: bytes, pos: int) -> bool:
    """Whether the bytes at `pos` can be the beginning of a message of that side."""
    return (_CLIENT if side == REQUEST else _SERVER).match(buf, pos) is not None


def find(side: int, buf: bytes, pos: int, first: bool) -> tuple[int, bool]:
    """Position where a message begins, and whether one was found; else from where to look on when more bytes came.

    Args:
        side: REQUEST or RESPONSE.
        buf: Contiguous bytes.
        pos: Where to begin.
        first: `pos` itself may be the beginning. When nothing is found and `pos` comes back, it still may.
    """
    if first:
        if len(buf) - pos < LONGEST and not _whole(side, buf, pos):
            return pos, False
        if begins(side, buf, pos):
            return pos, True
    match = _AFTER[side].search(buf, pos)
    if match is not None:
        at = match.start()
        tag = _TAG.search(buf[max(pos, at - TAIL) : at]) if side != REQUEST else None
        return at - len(tag[0]) if tag is not None else at, True
    return max(pos + first, len(buf) - TAIL + 1), False


def _whole(side: int, buf: bytes, pos: int) -> bool:
    """A message of five or six bytes that ends the buffer needs no more to be known."""
    return _AFTER[side].fullmatch(buf, pos) is not None
