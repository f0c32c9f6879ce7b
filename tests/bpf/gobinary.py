"""Programs of Go as files: as much of them as tells where functions lie. Function `main.f` returns at two places."""

import platform
import struct

MACHINE = {"x86_64": 62, "aarch64": 183}[platform.machine()]
RETURN = {"x86_64": b"\xc3", "aarch64": b"\xc0\x03\x5f\xd6"}[platform.machine()]
NOTHING = {"x86_64": b"\x66\x90", "aarch64": b"\x1f\x20\x03\xd5"}[platform.machine()]
UNIT = {"x86_64": 1, "aarch64": 4}[platform.machine()]
BASE, TEXT = 0x400000, 0x401000
NAME = "main.f"
PARTS = [
    (8, 0, b""),  # asks for the stack
    (16, 24, b""),
    (len(RETURN), 0, RETURN),
    (8, 24, b""),
    (len(NOTHING) + len(RETURN), 0, NOTHING + RETURN),
    (8, 24, b""),
    (12, 0, b""),  # makes it grow
]
"""The function: lengths, how far down the stack is, and what the code is."""
ENTRY = 8
RETURNS = (24, 32 + len(RETURN) + len(NOTHING))


def code(parts: list[tuple[int, int, bytes]] = PARTS) -> bytes:
    """Its instructions; those that mean nothing here are 0."""
    return b"".join(text.ljust(length, b"\0") for length, _, text in parts)


def varint(value: int) -> bytes:
    """As Go's tables have numbers."""
    return bytes([value & 127 | 128]) + varint(value >> 7) if value > 127 else bytes([value])


def steps(parts: list[tuple[int, int, bytes]] = PARTS) -> bytes:
    """How far down the stack is."""
    found, before = b"", -1
    for length, value, _ in parts:
        change = value - before
        found += varint(change << 1 ^ change >> 31) + varint(length // UNIT)
        before = value
    return found + b"\0"


def table(magic: int, text: int = TEXT, parts: list[tuple[int, int, bytes]] = PARTS) -> bytes:
    """`.gopclntab` of two functions, the second after a while."""
    old = magic == 0xFFFFFFFA
    size = sum(length for length, *_ in parts)
    starts = [(TEXT if old else 0) + at for at in (0, size + 8, size + 16)]
    names = f"\0{NAME}\0main.g\0".encode()
    name = [1, 2 + len(NAME)]
    pcs = b"\0" + steps(parts) + b"\2\x01\0"
    at = [1, 1 + len(steps(parts))]
    word = "Q" if old else "I"
    index = struct.calcsize(word) * 5
    functions = [struct.pack(f"<{word}iIII", starts[n], name[n], 0, 0, at[n]) for n in (0, 1)]
    places = [index, index + len(functions[0]), 0]
    pairs = [number for n in range(3) for number in (starts[n], places[n])][:5]
    head = 8 + (7 if old else 8) * 8
    where = [head, head + len(names), head + len(names), head + len(names), head + len(names) + len(pcs)]
    return (
        struct.pack("<IHBBQQ", magic, 0, UNIT, 8, 2, 0)
        + (b"" if old else struct.pack("<Q", text))
        + struct.pack("<5Q", *where)
        + names
        + pcs
        + struct.pack(f"<5{word}", *pairs)
        + b"".join(functions)
    )


def information(version: str, at: int = 0) -> bytes:
    """`.go.buildinfo`; with `at`, the address it will have, as before Go 1.18."""
    head = b"\xff Go buildinf:\x08"
    if not at:
        return (head + b"\2").ljust(32, b"\0") + varint(len(version)) + version.encode()
    string = struct.pack("<QQ", at + 48, len(version))
    return (head + b"\0" + struct.pack("<Q", at + 32)).ljust(32, b"\0") + string + version.encode()


def program(sections: dict[str, tuple[int, bytes]], relocations: bytes = b"", width: int = 2) -> bytes:
    """A file with these sections, by their addresses, all of it loaded at BASE."""
    names = b"\0" + b"".join(name.encode() + b"\0" for name in sections) + b".rela.dyn\0"
    end = max(address + len(content) for address, content in sections.values()) - BASE
    parts = {address - BASE: content for address, content in sections.values()}
    parts |= {end: relocations, end + len(relocations): names}
    table_at = end + len(relocations) + len(names)
    entries = [(0, 0, 0, 0, 0)]
    entries += [
        (names.index(name.encode() + b"\0"), 1, address, address - BASE, len(content))
        for name, (address, content) in sections.items()
    ]
    entries += [
        (names.index(b".rela.dyn\0"), 4, 0, end, len(relocations)),
        (0, 3, 0, end + len(relocations), len(names)),
    ]
    parts[table_at] = b"".join(struct.pack("<IIQQQQIIQQ", n, kind, 0, *rest, 0, 0, 0, 0) for n, kind, *rest in entries)
    head = struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", width, 1, 1, 0, 2, MACHINE, 1, 0, 64, table_at, 0, 64, 56, 1,
                       64, len(entries), len(entries) - 1)  # fmt: skip
    parts[0] = head + struct.pack("<IIQQQQQQ", 1, 5, 0, BASE, 0, table_at, table_at, 0x1000)
    data = bytearray(table_at + len(parts[table_at]))
    for at, content in parts.items():
        data[at : at + len(content)] = content
    return bytes(data)
