"""Endpoints learned from paths."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scripts.functions.conftest import Calculator, fold

from pxcap.scripts.functions.endpoints import build, match, predict
from pxcap.scripts.types import STRING

SIX = ["/a/b/c", "/a/b/d", "a/b/a", "/a/b/b", "/a/b/e?x=/", "a/b/f"]


def test_many_paths_that_differ_in_one_part_are_an_endpoint() -> None:
    clusters = build(SIX)
    assert json.loads(clusters) == [{"c": ["a", "b", "*"], "m": []}]
    assert fold("_predict_request_path_cluster", "/a/b/c?q=1", clusters) == "/a/b/*"
    assert predict("/a/b/new", clusters) == "/a/b/*"


def test_few_stay_as_they_are() -> None:
    clusters = build(["/a/b/d", "/a/b/c"])
    assert predict("/a/b/d", clusters) == "/a/b/d"
    assert predict("/a/b/new", clusters) == "/a/b/*"
    assert predict("/else", clusters) == "/else"


def test_what_was_apart_joins_an_endpoint_found_later() -> None:
    found = json.loads(build([*SIX, "/b/b/c", "/c/b/c"]))
    assert {"/".join(one["c"]) for one in found} == {"a/b/*", "*/b/c"}
    many = [f"/prop1/{a}/prop2/{b}/prop3/{a + b}" for a in range(4) for b in range(4)]
    assert {"/".join(one["c"]) for one in json.loads(build(many))} == {"prop1/*/prop2/*/prop3/*"}


@pytest.mark.parametrize(
    ("path", "endpoint", "found"),
    [
        ("/a/b/c", "/a/b/*", True),
        ("/a/b/*", "/a/b/c", False),
        ("/a/c/c", "/a/b/*", False),
        ("/a/b", "/a/b/*", False),
        ("/a/b/c?d=e", "/a/b/c", True),
        ("", "/", True),
    ],
)
def test_match(path: str, endpoint: str, found: bool) -> None:
    assert match(path, endpoint) is found
    assert fold("_match_endpoint", path, endpoint) is found


@given(st.lists(st.text(st.sampled_from("ab/*?"), max_size=8), max_size=30))
def test_order_does_not_matter_and_every_path_has_an_endpoint(paths: list[str]) -> None:
    clusters = build(paths)
    shuffled = paths[:]
    random.Random(1).shuffle(shuffled)
    assert build(shuffled) == clusters
    assert all(match(path, predict(path, clusters)) for path in paths)


@pytest.mark.parametrize("clusters", ["", "{}", "5", '[{"c":1}]', '[{"c":["a"]}]'])
def test_clusters_that_are_none_leave_the_path(clusters: str) -> None:
    assert predict("/a?b", clusters) == "/a"


def test_as_an_aggregate(both: list[Calculator]) -> None:
    name = "_build_request_path_clusters"
    assert both[0].aggregate(name, STRING, [*SIX, None, SIX[0]]) == build(SIX)
    assert both[0].aggregate(name, STRING, []) == "[]"
    assert both[1].aggregate(name, STRING, SIX) is None
