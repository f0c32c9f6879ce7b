"""Endpoints of a service, learned from the paths that were asked for: `/users/1` and `/users/2` are `/users/*`.

Paths of the same depth that agree in at least half of their parts belong together; where they differ the endpoint has `*`.
A few paths that would be together stay as they are: only more than FEW of them are an endpoint.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from pxcap.core.text import to_json
from pxcap.scripts.functions.aggregates import listed
from pxcap.scripts.functions.arrays import arrow_type, distinct
from pxcap.scripts.functions.base import AggregateFunction, B, Function, Overload, S

if TYPE_CHECKING:
    import pyarrow as pa

Path = tuple[str, ...]

ANY = "*"
ALIKE = 0.5  # share of the parts in which paths of one endpoint agree
FEW = 5


def split(path: str) -> Path:
    """The parts of a path, without its query."""
    return tuple(path.partition("?")[0].removeprefix("/").split("/"))


class _Cluster:
    """Paths of one endpoint; its members are forgotten when they are more than a few."""

    __slots__ = ("centre", "members")

    def __init__(self, centre: Path, members: Iterable[Path] = ()) -> None:
        self.centre = centre
        self.members = set(members)

    def likeness(self, path: Path) -> float:
        return sum(a == b != ANY for a, b in zip(self.centre, path, strict=True)) / len(path)

    def add(self, path: Path) -> None:
        self.centre = tuple(a if a == b else ANY for a, b in zip(self.centre, path, strict=True))
        if self.members:
            self.members.add(path)
            if len(self.members) > FEW:
                self.members.clear()


def _nearest(clusters: Iterable[_Cluster], path: Path) -> tuple[float, _Cluster | None]:
    best: tuple[float, _Cluster | None] = (0.0, None)
    for cluster in clusters:
        likeness = cluster.likeness(path)
        if likeness > best[0]:
            best = (likeness, cluster)
    return best


def build(paths: Iterable[str]) -> str:
    """The clusters of some paths as JSON: `c` what they have in common, `m` the members as long as they are few.

    The same whatever the order of the paths: they are taken in order of their text. What was kept apart is then tried
    again with the endpoints that were found meanwhile.
    """
    clusters: dict[int, list[_Cluster]] = defaultdict(list)
    for path in sorted({split(path) for path in paths}):
        _place(clusters[len(path)], path)
    for same in clusters.values():
        apart = sorted(path for cluster in same for path in cluster.members)
        same[:] = [cluster for cluster in same if not cluster.members]
        for path in apart:
            _place(same, path)
    return to_json(
        [{"c": one.centre, "m": sorted(one.members)} for depth in sorted(clusters) for one in clusters[depth]]
    )


def _place(clusters: list[_Cluster], path: Path) -> None:
    likeness, nearest = _nearest(clusters, path)
    if nearest is None or likeness < ALIKE:
        clusters.append(_Cluster(path, [path]))
    else:
        nearest.add(path)


@lru_cache(256)
def _read(text: str) -> dict[int, list[_Cluster]]:
    clusters: dict[int, list[_Cluster]] = defaultdict(list)
    try:
        for one in json.loads(text):
            cluster = _Cluster(tuple(map(str, one["c"])), (tuple(map(str, member)) for member in one["m"]))
            clusters[len(cluster.centre)].append(cluster)
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return clusters


def predict(path: str, clusters: str) -> str:
    """The endpoint that a path belongs to; the path itself, without its query, where it belongs to none."""
    parts = split(path)
    _, nearest = _nearest(_read(clusters).get(len(parts), ()), parts)
    found = parts if nearest is None or parts in nearest.members else nearest.centre
    return "/" + "/".join(found)


def match(path: str, endpoint: str) -> bool:
    """Whether a path is one of the endpoint."""
    parts, wanted = split(path), split(endpoint)
    return len(parts) == len(wanted) and all(b in (a, ANY) for a, b in zip(parts, wanted, strict=True))


def _build(lists: "pa.Array") -> "pa.Array":
    import pyarrow as pa

    return pa.array([build(paths or ()) for paths in lists.to_pylist()], arrow_type(S))


FUNCTIONS = (
    Function("_predict_request_path_cluster", "The endpoint of a path, of clusters that _build_request_path_clusters gave.",
             (Overload((S, S), S),), arrow=distinct(predict, S)),
    Function("_match_endpoint", "Whether a path, the first, is one of an endpoint.", (Overload((S, S), B),),
             arrow=distinct(match, B)),
)  # fmt: skip
AGGREGATES = (
    AggregateFunction(
        "_build_request_path_clusters", "Endpoints learned from paths, as JSON.", {S: S}, listed, arrow=_build
    ),
)
