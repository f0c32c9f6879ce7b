"""Who asked and who answered, from either side of a connection: `pxviews.source_and_destination`."""

from pathlib import Path

import pytest
from tests.scripts.conftest import CALLS, START

from pxcap.scripts.run import run_script
from pxcap.scripts.shelf import Script
from pxcap.store import open_store

TEXT = """
import px
import pxviews

df = pxviews.source_and_destination(px.DataFrame('calls'))
px.display(df[['source', 'destination', 'is_source_pod_type', 'is_dest_pod_type']], 'edges')
"""
NAMES = "10.0.0.7 shop\n203.0.113.5 api\n"
CLIENT, SERVER = 1, 2
Place = tuple[str, int]


def edges(tmp_path: Path, upid: str, remote: Place, local: Place, role: int, names: str = "") -> list[str]:
    map_file = None
    if names:
        map_file = tmp_path / "names.txt"
        map_file.write_text(names)
    with open_store(f"sqlite:///{tmp_path / 'calls.db'}") as store:
        store.prepare([CALLS])
        with store.writer() as writer:
            row = (START, upid, *remote, *local, role, False, "get", 200, True, "{}", 1000, "")
            writer.write("calls", [row])
        (shown,) = run_script(Script("t", TEXT), {}, store, (), map_file).outputs
        (edge,) = shown.table.to_pylist()
        return [edge["source"], edge["destination"]]


@pytest.mark.parametrize(
    ("remote", "local", "role", "expected"),
    [
        (("192.0.2.1", 40000), ("192.0.2.9", 80), SERVER, ["192.0.2.1", "192.0.2.9:80"]),
        (("127.0.0.1", 40000), ("127.0.0.1", 80), SERVER, ["127.0.0.1", "127.0.0.1:80"]),
        (("::1", 40000), ("::1", 80), SERVER, ["::1", "[::1]:80"]),
        (("192.0.2.9", 80), ("192.0.2.1", 40000), CLIENT, ["192.0.2.1", "192.0.2.9:80"]),
        (("127.0.0.1", 80), ("127.0.0.1", 40000), CLIENT, ["127.0.0.1", "127.0.0.1:80"]),
        (("2001:db8::9", 443), ("2001:db8::1", 40000), CLIENT, ["2001:db8::1", "[2001:db8::9]:443"]),
    ],
)
def test_addresses(tmp_path: Path, remote: Place, local: Place, role: int, expected: list[str]) -> None:
    assert edges(tmp_path, "", remote, local, role) == expected


def test_names_stand_for_addresses(tmp_path: Path) -> None:
    client, server = ("10.0.0.7", 40000), ("203.0.113.5", 443)
    assert edges(tmp_path, "", server, client, CLIENT, NAMES) == ["shop", "api"]


def test_a_process_stands_for_its_own_side(tmp_path: Path) -> None:
    upid = "host:7:1"
    assert edges(tmp_path, upid, ("192.0.2.9", 80), ("127.0.0.1", 40000), CLIENT) == [upid, "192.0.2.9:80"]
    (tmp_path / "calls.db").unlink()
    assert edges(tmp_path, upid, ("192.0.2.1", 40000), ("127.0.0.1", 80), SERVER) == ["192.0.2.1", upid]
