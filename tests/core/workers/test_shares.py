"""Who has which connections: even, and for good."""

import numpy as np

from pxcap.core.workers.shares import BUCKETS, Shares


def test_connections_that_begin_together_go_to_workers_in_turn() -> None:
    load = [0, 0, 0]
    shares = Shares(load)
    owners = [shares.owner(bucket) for bucket in range(9)]
    assert sorted(owners) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert [shares.owner(bucket) for bucket in range(9)] == owners
    assert load == [3, 3, 3]


def test_who_has_least_to_do_gets_the_next() -> None:
    load = [100, 7, 50]
    shares = Shares(load)
    assert shares.owner(5) == 1
    load[1] += 1000
    assert shares.owner(6) == 2
    assert shares.owner(5) == 1


def test_many_at_once() -> None:
    shares = Shares([11, 0])
    buckets = np.repeat([1, 2, 3, 4], [100, 60, 30, 20])
    owners = shares.owners(buckets)
    assert [owners[buckets == bucket][0] for bucket in (1, 2, 3, 4)] == [1, 0, 0, 1]
    assert (shares.owners(buckets[::-1].copy()) == owners[::-1]).all()
    assert shares.owner(3) == 0


def test_two_kinds_of_connections_share_the_load() -> None:
    load = [0, 0]
    one, other = Shares(load), Shares(load)
    assert [one.owner(1), other.owner(1), one.owner(2), other.owner(2)] == [0, 1, 0, 1]
    assert one.workers == 2


def test_all_buckets() -> None:
    shares = Shares([0] * 4)
    assert np.bincount(shares.owners(np.arange(BUCKETS))).tolist() == [BUCKETS // 4] * 4
