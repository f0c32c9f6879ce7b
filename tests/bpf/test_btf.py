"""The reader of kernel types: on BTF made here, on damaged BTF, and on the running kernel's."""

import random
import struct
from pathlib import Path

import pytest

from pxcap.bpf.btf import KERNEL, Btf, UnknownMemberError
from pxcap.core.errors import CaptureError

INT, ARRAY, STRUCT, UNION, TYPEDEF, CONST, FUNC_PROTO, ENUM64 = 1, 3, 4, 5, 8, 10, 13, 19


class Writer:
    """Writes BTF: types are numbered from 1 as they are added."""

    def __init__(self) -> None:
        self.names = bytearray(b"\0")
        self.types = bytearray()
        self.count = 0

    def name(self, text: str) -> int:
        if not text:
            return 0
        self.names += text.encode() + b"\0"
        return len(self.names) - len(text) - 1

    def add(self, kind: int, name: str, behind: int, tail: bytes = b"", parts: int = 0, flag: bool = False) -> int:
        self.types += struct.pack("=III", self.name(name), flag << 31 | kind << 24 | parts, behind) + tail
        self.count += 1
        return self.count

    def group(self, kind: int, name: str, size: int, *members: tuple[str, int, int], flag: bool = False) -> int:
        """A structure or union; its members are (name, type, offset in bits)."""
        tail = b"".join(struct.pack("=III", self.name(label), of, bits) for label, of, bits in members)
        return self.add(kind, name, size, tail, len(members), flag)

    def write(self, path: Path) -> Path:
        sizes = (0, len(self.types), len(self.types), len(self.names))
        path.write_bytes(struct.pack("=HBBIIIII", 0xEB9F, 1, 0, 24, *sizes) + self.types + self.names)
        return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """struct outer { int first; struct { union { int left; const pair_t right; }; }; unsigned low:3, high:5; };"""
    writer = Writer()
    number = writer.add(INT, "int", 4, struct.pack("=I", 32))
    writer.add(ARRAY, "", 0, struct.pack("=III", number, number, 4))
    writer.add(FUNC_PROTO, "", number, struct.pack("=II", 0, number), 1)
    writer.add(ENUM64, "big", 8, struct.pack("=III", writer.name("ONE"), 1, 0), 1)
    pair = writer.group(STRUCT, "pair", 8, ("one", number, 0), ("two", number, 32))
    named = writer.add(TYPEDEF, "pair_t", pair)
    fixed = writer.add(CONST, "", named)
    union = writer.group(UNION, "", 8, ("left", number, 0), ("right", fixed, 0))
    inner = writer.group(STRUCT, "", 8, ("", union, 0))
    bits = (("low", number, 3 << 24 | 128), ("high", number, 5 << 24 | 131))
    writer.group(STRUCT, "outer", 20, ("first", number, 0), ("", inner, 64), *bits, flag=True)
    writer.group(STRUCT, "void", 8, ("pointer", 0, 0))
    return writer.write(tmp_path / "vmlinux")


@pytest.mark.parametrize(
    ("member", "offset"),
    [("first", 0), ("left", 8), ("right", 8), ("right.one", 8), ("right.two", 12), ("low", 16)],
)
def test_members(path: Path, member: str, offset: int) -> None:
    assert Btf(path).offset("outer", member) == offset


def test_sizes(path: Path) -> None:
    assert (Btf(path).size("outer"), Btf(path).size("pair")) == (20, 8)


@pytest.mark.parametrize(
    ("name", "member", "why"),
    [
        ("nothing", "first", "no structure nothing"),
        ("pair_t", "one", "no structure pair_t"),
        ("outer", "third", "structure outer has no member third"),
        ("outer", "first.inner", "structure outer has no member first.inner"),
        ("outer", "", "has no member"),
        ("void", "pointer.inner", "has no member pointer.inner"),
        ("outer", "high", "outer.high is a bit field, at bit 131"),
    ],
)
def test_what_is_not_there(path: Path, name: str, member: str, why: str) -> None:
    with pytest.raises(UnknownMemberError, match=why) as raised:
        Btf(path).offset(name, member)
    assert str(raised.value).startswith(f"{path}: ")


def test_types_that_hold_themselves_end(tmp_path: Path) -> None:
    writer = Writer()
    writer.group(STRUCT, "mirror", 8, ("", 1, 0), ("", 1, 0))
    writer.add(TYPEDEF, "ring", 2)
    writer.group(STRUCT, "chain", 8, ("", 2, 0))
    found = Btf(writer.write(tmp_path / "vmlinux"))
    with pytest.raises(UnknownMemberError):
        found.offset("mirror", "x")
    with pytest.raises(CaptureError, match="typedef of itself"):
        found.offset("chain", "x")


def test_no_btf(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="the kernel does not describe its types") as raised:
        Btf(tmp_path / "vmlinux").size("sock")
    assert "apt-get install linux-image" in raised.value.hint


@pytest.mark.parametrize(
    ("at", "value", "why"),
    [
        (0, b"\0\0", "magic 0x0"),
        (2, b"\2", "version 2"),
        (12, b"\xff\xff\xff\x7f", "its sections end at byte"),
        (12, b"\x0d\0\0\0", "cut short"),
        (28, b"\0\0\0\x1f", "type 1 is of the unknown kind 31"),
    ],
)
def test_damage_is_named(path: Path, at: int, value: bytes, why: str) -> None:
    data = bytearray(path.read_bytes())
    data[at : at + len(value)] = value
    path.write_bytes(data)
    with pytest.raises(CaptureError, match=why):
        Btf(path).offset("outer", "first")


def test_no_damage_raises_anything_else(path: Path) -> None:
    whole, rng = path.read_bytes(), random.Random(0)
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data[: rng.choice((len(data), rng.randrange(len(data))))])
        try:
            assert Btf(path).offset("outer", "right.two") >= 0
        except CaptureError:
            continue


def test_the_running_kernel() -> None:
    if not KERNEL.exists():
        pytest.skip("this kernel has no BTF")
    kernel = Btf()
    # Looked up by hash as one 8-byte and one 4-byte word, so they have not moved in years.
    fixed = {"skc_daddr": 0, "skc_rcv_saddr": 4, "skc_dport": 12, "skc_num": 14}
    assert {name: kernel.offset("sock_common", name) for name in fixed} == fixed
    assert kernel.offset("sock", "__sk_common.skc_family") == kernel.offset("sock_common", "skc_family")
    assert kernel.offset("net", "ns.inum") == kernel.offset("net", "ns") + kernel.offset("ns_common", "inum")
    assert kernel.size("in6_addr") == 16
