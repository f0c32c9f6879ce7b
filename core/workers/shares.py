"""Which worker has which connections.

A hash of what names a connection puts it into one of BUCKETS, and a bucket belongs to the worker that had least to do when
its first connection came. A hash alone would be simpler, and give one of two workers five of eight connections as often
as not.
"""

import numpy as np

from pxcap.core.packets import I64

BUCKETS = 4096
_NEW = 1  # what a new bucket counts before anything came for it: several at once go to workers in turn


class Shares:
    """The buckets of one kind of connections, and who has them.

    Args:
        load: What every worker was given so far, in events; shared with others who give to them.
    """

    def __init__(self, load: list[int]) -> None:
        self._load = load
        self._owner = np.full(BUCKETS, -1, np.int64)

    @property
    def workers(self) -> int:
        """How many there are."""
        return len(self._load)

    def owner(self, bucket: int) -> int:
        """Whose bucket that is."""
        owner = int(self._owner[bucket])
        return owner if owner >= 0 else self._give(bucket)

    def owners(self, buckets: I64) -> I64:
        """Whose those are; of new ones, that with most to do is given away first."""
        owners = self._owner[buckets]
        if (owners < 0).any():
            new, counts = np.unique(buckets[owners < 0], return_counts=True)
            planned = list(self._load)
            for at in np.argsort(-counts, kind="stable").tolist():
                owner = planned.index(min(planned))
                planned[owner] += int(counts[at])
                self._owner[new[at]] = owner
            owners = self._owner[buckets]
        return owners

    def _give(self, bucket: int) -> int:
        owner = self._load.index(min(self._load))
        self._owner[bucket] = owner
        self._load[owner] += _NEW
        return owner
