"""Records are read as the programs in C lay them out; the C text is what they are compared with."""

import ctypes
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from pxcap.bpf.records import (
    CLOSED,
    COUNTERS,
    DATA,
    DATAGRAM,
    END,
    EXECED,
    OPENED,
    PEER,
    PEER_KEY,
    PLAINTEXT,
    PROCESS,
    QUIET_IGNORED,
    QUIET_TLS,
    RECORD,
    Closed,
    Execed,
    Opened,
    control,
    is_shed,
)

SOURCE = (files("pxcap.bpf") / "programs" / "socket.h").read_text()
TYPES = {"u8": ctypes.c_uint8, "u16": ctypes.c_uint16, "u32": ctypes.c_uint32, "u64": ctypes.c_uint64}


def defined(name: str) -> int:
    """The value of a constant."""
    found = re.search(rf"^#define {name} (\d+)", SOURCE, re.MULTILINE)
    assert found, name
    return int(found[1])


def structure(name: str) -> Any:
    """The struct of that name, laid out by the rules of C."""
    found = re.search(rf"^struct {name} {{(.*?)^}};", SOURCE, re.MULTILINE | re.DOTALL)
    assert found, name
    fields: list[tuple[str, Any]] = []
    for kind, names in re.findall(r"(\w+) ([^;]+);", re.sub(r"//.*", "", found[1])):
        for member, _, length in (each.strip().partition("[") for each in names.split(",")):
            size = length.rstrip("]")
            count = int(size) if size.isdigit() else defined(size) if size else 0
            of = ctypes.c_char if kind == "char" else TYPES[kind]
            fields.append((member, of * count if count else of))
    return type(name, (ctypes.Structure,), {"_fields_": fields})


def filled(name: str, kind: int) -> tuple[bytes, list[object]]:
    """A struct with another value in each member, and the values in order, without the kind and the padding."""
    made = structure(name)()
    values: list[object] = []
    for number, (member, of) in enumerate(made._fields_, 1):
        if not issubclass(of, ctypes.Array):
            setattr(made, member, kind if member == "kind" else number)
            values += [] if member == "kind" else [number]
        elif of._type_ is ctypes.c_uint64:
            setattr(made, member, of(100 + number, 200 + number))
            values += [100 + number, 200 + number]
        elif not member.startswith("pad"):
            raw = bytes([number]) * of._length_
            ctypes.memmove(ctypes.addressof(made) + getattr(type(made), member).offset, raw, len(raw))
            values.append(raw)
    return bytes(made), values


def cases() -> Iterator[tuple[str, int, type]]:
    yield "opened", OPENED, Opened
    yield "closed", CLOSED, Closed
    yield "execed", EXECED, Execed


@pytest.mark.parametrize(
    ("name", "kind", "expected"), list(cases()), ids=lambda value: getattr(value, "__name__", None)
)
def test_control_records(name: str, kind: int, expected: type) -> None:
    raw, values = filled(name, kind)
    record = control(b"before" + raw, 6)
    assert type(record) is expected
    assert list(record) == values


def test_a_process_is_announced_like_a_connection_without_number() -> None:
    raw, values = filled("opened", PROCESS)
    record = control(raw, 0)
    assert isinstance(record, Opened)
    assert record == Opened._make(values)._replace(id=0)


def test_a_kind_that_is_not_known_is_none() -> None:
    assert control(filled("opened", 99)[0], 0) is None


def test_data_records() -> None:
    raw, values = filled("record", 7)
    assert RECORD.itemsize == len(raw) == ctypes.sizeof(structure("record"))
    (record,) = np.frombuffer(raw, RECORD)
    assert record["kind"] == 7
    assert [int(record[name]) for name in ("time", "id", "pos", "size", "len", "tgid", "dir")] == values


def test_peers_and_what_two_endpoints_share() -> None:
    raw, values = filled("peer", 0)
    family, local_port, remote_port, _, netns, _, remote, local = PEER.unpack(raw)
    found = [member for member, _ in structure("peer")._fields_]
    at = dict(zip(found, values, strict=False))
    assert found == ["family", "lport", "rport", "pad", "netns", "pad2", "raddr", "laddr"]
    assert (family, local_port, remote_port, netns) == (at["family"], at["lport"], at["rport"], at["netns"])
    assert (remote, local) == (raw[16:32], raw[32:])
    assert structure("peer").laddr.offset == PEER_KEY


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("K_DATA", DATA), ("K_END", END), ("K_DATAGRAM", DATAGRAM)),
        *(("C_OPENED", OPENED), ("C_CLOSED", CLOSED), ("C_EXEC", EXECED), ("C_PROCESS", PROCESS)),
        *(("QUIET_TLS", QUIET_TLS), ("QUIET_IGNORED", QUIET_IGNORED), ("N_COUNTERS", len(COUNTERS))),
    ],
)
def test_constants(name: str, value: int) -> None:
    assert defined(name) == value


def test_the_mark_of_plain_text() -> None:
    assert re.search(r"#define PLAINTEXT \(1ULL << 63\)", SOURCE)
    assert PLAINTEXT == 1 << 63


def test_shedding_is_decided_as_in_the_kernel() -> None:
    assert "((id * 0x9E3779B97F4A7C15ULL) >> 56) < *level" in SOURCE
    ids = [1_000_000_007 * number for number in range(1, 4097)]
    for level in (0, 64, 128, 255):
        share = sum(is_shed(one, level) for one in ids) / len(ids)
        assert abs(share - level / 256) < 0.03
    assert all(is_shed(one, 200) for one in ids if is_shed(one, 100))
