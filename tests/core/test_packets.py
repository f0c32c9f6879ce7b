"""A window of packet columns."""

from dataclasses import fields, replace

import numpy as np
from tests.core.flows.test_grouping import window

from pxcap.core.packets import PacketWindow


def test_its_length_is_the_number_of_packets() -> None:
    packets = window([(1, 2, 3, 4), (3, 4, 1, 2)])
    assert len(packets) == 2
    none = {field.name: getattr(packets, field.name)[:0] for field in fields(PacketWindow)}
    assert len(replace(packets, **none)) == 0


def test_every_column_is_as_long() -> None:
    packets = window([(1, 2, 3, 4)])
    columns = [getattr(packets, field.name) for field in fields(PacketWindow) if field.name != "buf"]
    assert {len(column) for column in columns} == {1}
    assert all(isinstance(column, np.ndarray) for column in columns)
