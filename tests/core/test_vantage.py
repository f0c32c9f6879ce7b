"""The address columns, from every side."""

import pytest

from pxcap.core.vantage import CLIENT, SERVER, UNKNOWN, Vantage, place

A, B = ("192.0.2.1", 40000), ("192.0.2.2", 80)


@pytest.mark.parametrize("client", [0, 1])
@pytest.mark.parametrize("certain", [True, False])
def test_packets_are_seen_from_the_server(client: int, certain: bool) -> None:
    ends = (A, B) if client == 0 else (B, A)
    assert place(ends, client, certain, None).columns == ("", *A, *B, SERVER, 0)


@pytest.mark.parametrize(
    ("client", "certain", "role"), [(0, True, CLIENT), (1, True, SERVER), (0, False, UNKNOWN), (1, False, UNKNOWN)]
)
def test_a_process_sees_its_own_end_as_local(client: int, certain: bool, role: int) -> None:
    found = place((A, B), client, certain, Vantage("node:1:2"))
    assert found.columns == ("node:1:2", *B, *A, role, 0)


def test_inside_tls_is_said() -> None:
    assert place((A, B), 0, True, Vantage("node:1:2", encrypted=True)).columns[-1] == 1
