"""Header compression of one direction (RFC 7541), by an observer who may not have seen all of it.

The library `hpack` gives the static table and the Huffman code. The dynamic table is kept here, as its own decoder ends at
the first index it does not know, which in a connection joined in mid-stream is the first header of all.

What makes an observer's table sound: indices count from the newest entry. So what was inserted since the observer came is
known for certain, whatever stood there before, and an index beyond it is unknown and said to be, never guessed. After a
loss that may have held a header block every entry may have moved: then all of them are forgotten. Entries are evicted as
the encoder says; an observer who does not know the size in force keeps more than the encoder, which does no harm, as no
encoder refers to what it has evicted.
"""

from hpack.table import HeaderTable

from pxcap.plugins.http.h2.fields import Fields
from pxcap.plugins.http.h2.huffman import decode as huffman
from pxcap.plugins.http.h2.types import Field, Head

INITIAL_SIZE = 4096  # bytes of the dynamic table (RFC 9113, section 6.5.2)
MAX_SIZE = 65536  # of the dynamic table, bytes; a larger one is kept to here, and what is older is unknown
MAX_LIST = 128 << 10  # bytes of a decoded header list; what is beyond is decoded, for the table, and not kept
MAX_BLOCKS, MAX_BLOCK = 512, 512  # entries, and bytes of the longest block remembered
_STATIC = HeaderTable.STATIC_TABLE
_LAST_STATIC = len(_STATIC)
_MOST = 1 << 28  # no index or length is larger
_SHIFT = 28


class _Broken(Exception):
    """The block cannot be read on; its argument is the name to count, empty when it only ends too early."""


class Decoder:
    """Decodes the header blocks of one direction, in order. Holds at most MAX_SIZE of entries, and remembered blocks.

    Attributes:
        memo: Lists by block, for blocks that did not change the table, as long as the table stays as it is.
        whole: Every entry of the table is known: an index beyond is malformed.
    """

    __slots__ = ("_entries", "_fields", "_limit", "_size", "_static", "memo", "whole")

    def __init__(self, fields: Fields, whole: bool) -> None:
        """Begin with an empty table, or with one of which nothing is known."""
        self._fields = fields
        self._static = [fields.field(b"", b""), *(fields.field(name, value) for name, value in _STATIC)]
        self._entries: list[Field] = []  # oldest first
        self._size = 0
        self._limit = INITIAL_SIZE if whole else MAX_SIZE
        self.memo: dict[bytes, Head] = {}
        self.whole = whole

    def lose(self) -> None:
        """A header block may have been lost: nothing in the table can be relied on."""
        self._entries.clear()
        self.memo.clear()
        self._size = 0
        self._limit = MAX_SIZE
        self.whole = False

    def head(self, block: bytes, cut: bool = False) -> tuple[Head, str]:
        """Decode a block.

        Args:
            block: All of it, or with `cut` its beginning.
            cut: The rest was lost.

        Returns:
            Its list, as far as it could be read; and what was malformed, as a name, empty when nothing.
        """
        known = self.memo.get(block)
        if known is not None and not cut:
            return known, ""
        fields: list[Field] = []
        error = ""
        changed = False
        try:
            changed = self._decode(block, fields)
        except _Broken as err:
            error = str(err) or ("" if cut else "header_block")
        if error or cut:
            self.lose()
            changed = True
        if self._list_size(fields) > MAX_LIST:
            error = error or "header_list"
            fields = self._first(fields)
            changed = True
        head = self._fields.head(tuple(fields))
        if changed:
            self.memo.clear()
        elif len(block) <= MAX_BLOCK:
            if len(self.memo) >= MAX_BLOCKS:
                self.memo.clear()
            self.memo[block] = head
        return head, error

    def _decode(self, block: bytes, fields: list[Field]) -> bool:
        """Append the fields of a block; returns whether the table was changed."""
        size = len(block)
        pos = 0
        static, entries = self._static, self._entries
        room = MAX_LIST // 32 + 64  # fields: more of them exceed MAX_LIST, whatever they are
        changed = False
        while pos < size:
            first = block[pos]
            pos += 1
            if first >= 0x80:  # section 6.1
                index = first & 0x7F
                if index == 0x7F:
                    index, pos = _integer(block, pos, index)
                if 0 < index <= _LAST_STATIC:
                    field = static[index]
                elif 0 < index - _LAST_STATIC <= len(entries):
                    field = entries[_LAST_STATIC - index]
                else:
                    field = self._beyond(index)
            elif first & 0xE0 == 0x20:  # section 6.3
                limit, pos = _integer(block, pos, first & 0x1F) if first & 0x1F == 0x1F else (first & 0x1F, pos)
                self._resize(limit)
                changed = True
                continue
            else:
                mask = 0x3F if first & 0x40 else 0x0F
                index = first & mask
                if index == mask:
                    index, pos = _integer(block, pos, index)
                name: bytes | None
                if not index:
                    name, pos = _string(block, pos)
                elif index <= _LAST_STATIC:
                    name = static[index].raw
                elif index - _LAST_STATIC <= len(entries):
                    name = entries[_LAST_STATIC - index].raw
                else:
                    name = self._beyond(index).raw
                value, pos = _string(block, pos)
                field = self._fields.unknown(index, value) if name is None else self._fields.field(name, value)
                if first & 0x40:  # section 6.2.1
                    self._insert(field)
                    changed = True
            if len(fields) < room:
                fields.append(field)
        return changed

    def _beyond(self, index: int) -> Field:
        """What stands at an index that is not among the known entries."""
        if self.whole or not index:
            raise _Broken("header_index")
        return self._fields.unknown(index)

    def _insert(self, field: Field) -> None:
        self._entries.append(field)
        self._size += field.cost
        if self._size > self._limit:
            self._evict()

    def _resize(self, limit: int) -> None:
        if limit > MAX_SIZE:
            limit = MAX_SIZE
            self.whole = False
        self._limit = limit
        self._evict()

    def _evict(self) -> None:
        """Section 4.3: the oldest go until the rest fits."""
        entries, count = self._entries, 0
        while self._size > self._limit and count < len(entries):
            self._size -= entries[count].cost
            count += 1
        del entries[:count]

    @staticmethod
    def _list_size(fields: list[Field]) -> int:
        return sum([field.cost for field in fields])

    @staticmethod
    def _first(fields: list[Field]) -> list[Field]:
        room = MAX_LIST
        kept = []
        for field in fields:
            room -= field.cost
            if room < 0:
                break
            kept.append(field)
        return kept


def _integer(block: bytes, pos: int, number: int) -> tuple[int, int]:
    """Section 5.1, from the octet behind a full prefix on."""
    shift = 0
    while pos < len(block):
        octet = block[pos]
        pos += 1
        number += (octet & 0x7F) << shift
        if octet < 0x80:
            if number > _MOST:
                break
            return number, pos
        shift += 7
        if shift > _SHIFT:
            break
    else:
        raise _Broken
    raise _Broken("header_integer")


def _string(block: bytes, pos: int) -> tuple[bytes, int]:
    """Section 5.2."""
    if pos >= len(block):
        raise _Broken
    first = block[pos]
    length = first & 0x7F
    pos += 1
    if length == 0x7F:
        length, pos = _integer(block, pos, length)
    end = pos + length
    data = block[pos:end]
    if len(data) < length:
        raise _Broken
    if first & 0x80:
        text = huffman(data)
        if text is None:
            raise _Broken("header_huffman")
        return text, end
    return data, end
