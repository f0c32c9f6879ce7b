"""What the page about scripts says is so."""

import re
from pathlib import Path

import pytest
from tests.docs.blocks import ROOT, blocks

import pxcap.client
from pxcap.cli.main import main
from pxcap.client import Client
from pxcap.core.errors import UsageError
from pxcap.scripts.names import CONTEXT
from pxcap.scripts.resolver import read_map

PAGE = (ROOT / "docs/scripts.md").read_text()


@pytest.fixture
def shop(stored: Path) -> Client:
    return pxcap.client.open()


def test_every_script_runs(shop: Client, folder: Path) -> None:
    found = blocks("pxl")
    assert found
    for block in found:
        (folder / "slow.pxl").write_text(block.text)
        assert len(shop.run("slow.pxl", start_time="-1h").only) > 0, str(block)
        assert main(["run", "-f", "slow.pxl", "--help"]) == 0


def test_the_error_it_shows_is_the_one_that_comes(shop: Client, folder: Path) -> None:
    (block,) = blocks("pxl")
    wrong = block.text.replace("df.latency >= least", "df.latncy >= least")
    (folder / "slow.pxl").write_text(wrong)
    with pytest.raises(UsageError) as caught:
        shop.run("slow.pxl", start_time="-1h")
    assert f"`{caught.value}`" in " ".join(PAGE.split())


def test_every_row_of_the_table_of_the_language_is_pxl(shop: Client) -> None:
    written = [
        line.split("|")[1] for line in PAGE.partition("## The language")[2].splitlines() if line.startswith("| `")
    ]
    frames = [part for cell in written for part in re.findall(r"`(df[\[.][^`]*|px\.(?:Data|bin)[^`]*)`", cell)]
    assert len(frames) > 12
    for part in frames:
        code = (
            part.replace("end_time=…, ", "")
            .replace("(…)", "(n=('latency', px.count))")
            .replace("'a', 'b'", "'a', 'note'")
        )
        lines = ["import px", "df = px.DataFrame('http_events')", "df.a = df.req_path", "df.b = df.req_path"]
        lines += ["other = df[['time_', 'a', 'b']]" if "merge" in code else "other = df"]
        lines += [code if " = " in code and not code.endswith(")") else f"x = {code}"]
        shop.pxl("\n".join([*lines, "px.display(df)"]) + "\n")


def test_contexts_are_contexts() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| `df.ctx["))
    assert set(re.findall(r"'(\w+)'", row)) <= CONTEXT.keys()


def test_the_map_of_names_is_one(tmp_path: Path) -> None:
    (block,) = (block for block in blocks("text") if block.page == "docs/scripts.md")
    (tmp_path / "names").write_text(block.text)
    read = read_map(tmp_path / "names")
    assert (read.exact["nginx"].service, len(read.exact), len(read.networks)) == ("shop/front", 3, 1)
