"""Sorting by flow and direction."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pxcap.core.flows.grouping import group
from pxcap.core.packets import TCP, PacketWindow

Packet = tuple[int, int, int, int]  # source address and port, target address and port


def window(packets: Sequence[Packet]) -> PacketWindow:
    """A window of empty TCP packets between these endpoints."""
    count = len(packets)
    columns = list(zip(*packets, strict=True))
    high = np.zeros(count, np.uint64)
    number = np.zeros(count, np.int64)
    return PacketWindow(
        buf=b"",
        time=number,
        src_hi=high,
        src_lo=np.array(columns[0], np.uint64),
        dst_hi=high,
        dst_lo=np.array(columns[2], np.uint64),
        sport=np.array(columns[1], np.uint16),
        dport=np.array(columns[3], np.uint16),
        proto=np.full(count, TCP, np.uint8),
        flags=np.zeros(count, np.uint8),
        seq=np.zeros(count, np.uint32),
        ack=np.zeros(count, np.uint32),
        start=number,
        size=number,
        wire=number,
        ipid=np.zeros(count, np.uint16),
        tag=np.zeros(count, np.uint32),
    )


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_groups_are_the_directions_of_flows_in_capture_order(packets: list[Packet]) -> None:
    groups = group(window(packets))
    found: dict[tuple[int, int], list[int]] = {}
    for number, key in enumerate(groups.keys.tolist()):
        members = groups.order[groups.starts[number] : groups.starts[number + 1]].tolist()
        found[key >> 1, key & 1] = members
        assert len({packets[index] for index in members}) == 1
        assert members == sorted(members)
    flows: dict[frozenset[tuple[int, int]], list[int]] = {}
    for index, (a, b, c, d) in enumerate(packets):
        flows.setdefault(frozenset([(a, b), (c, d)]), []).append(index)
    merged: dict[int, list[int]] = {}
    for (flow, _), members in found.items():
        merged[flow] = sorted(merged.get(flow, []) + members)
    assert sorted(merged.values()) == sorted(flows.values())
