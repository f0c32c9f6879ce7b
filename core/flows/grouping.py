"""Sort a window's packets by flow and direction, for all packets at once.

A flow is named by a 62-bit hash of its two endpoints and protocol, salted anew in every process so that nobody can make
two flows collide on purpose; by accident a million flows do so with odds of one in ten million.
"""

import os
from dataclasses import dataclass

import numpy as np

from pxcap.core.packets import I64, U64, PacketWindow

_SALT = np.frombuffer(os.urandom(48), np.uint64) | np.uint64(1)
_ONE = np.uint64(1)
_SHIFT = np.uint64(29)


@dataclass(slots=True)
class Groups:
    """Packets of a window in flow order. A group is one direction of one flow.

    Attributes:
        order: Packet indices sorted by flow, direction and capture order.
        starts: Index in `order` where each group begins, with len(order) appended.
        keys: For each group, the flow's hash shifted left by one, plus the direction.
    """

    order: I64
    starts: I64
    keys: U64


def keys_of(window: PacketWindow) -> U64:
    """For each packet, the hash of its flow shifted left by one, plus the direction."""
    a = _endpoint(window.src_hi, window.src_lo, window.sport.astype(np.uint64))
    b = _endpoint(window.dst_hi, window.dst_lo, window.dport.astype(np.uint64))
    direction = a > b
    low = np.where(direction, b, a)
    high = np.where(direction, a, b)
    mixed = (low ^ (high >> _SHIFT)) * _SALT[3] + high * _SALT[4] + window.proto
    mixed ^= mixed >> _SHIFT
    mixed *= _SALT[5]
    return np.asarray(((mixed >> _ONE) & ~_ONE) | direction.astype(np.uint64))


def group(window: PacketWindow) -> Groups:
    """Group a window that has at least one packet."""
    keys = keys_of(window)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    starts = np.concatenate((np.zeros(1, np.int64), starts, np.array([len(order)], np.int64)))
    return Groups(order, starts, ordered[starts[:-1]])


def _endpoint(hi: U64, lo: U64, port: U64) -> U64:
    mixed = (lo ^ (hi * _SALT[0])) * _SALT[1] + port * _SALT[2]
    return np.asarray(mixed ^ (mixed >> _SHIFT))
