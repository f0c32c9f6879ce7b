"""pxcap run: what is shown of a store."""

import io
import re
import socket
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.cli.traffic import DNS_RECORDS, HTTP_RECORDS, REDIS_RECORDS

SCRIPT = """
import px

def statuses(least: int = 0):
    ''' Calls by status.

    Args:
    @least: The least status.
    '''
    df = px.DataFrame('http_events')
    df = df[df.resp_status >= least]
    return df.groupby('resp_status').agg(n=('latency', px.count))
"""
PIXIES_HTTP_COLUMNS = [
    "time_",
    "source",
    "destination",
    "latency",
    "major_version",
    "req_path",
    "req_method",
    "req_headers",
    "req_body",
    "req_body_size",
    "resp_status",
    "resp_message",
    "resp_headers",
    "resp_body",
    "resp_body_size",
]


def paths(pxcap: Command, stored: str, *arguments: str) -> list[str]:
    done = pxcap("run", "px/http_data", "--store", stored, "-o", "json", "--", *arguments)
    assert done.status == 0
    return [row["req_path"] for row in done.rows]


def test_http_data_has_pixies_columns_in_order_of_time(pxcap: Command, stored: str) -> None:
    rows = pxcap("run", "px/http_data", "--store", stored, "-o", "json").rows
    assert list(rows[0])[: len(PIXIES_HTTP_COLUMNS)] == PIXIES_HTTP_COLUMNS
    assert [row["time_"] for row in rows] == sorted(row["time_"] for row in rows)
    first = rows[0]
    assert (first["source"], first["destination"]) == ("192.0.2.10", "192.0.2.20:8080")
    assert (first["req_method"], first["req_path"], first["resp_status"]) == ("GET", "/products/7", 200)
    assert first["latency"] == 1_800_000


@pytest.mark.parametrize(
    ("name", "records"),
    [("px/http_data", HTTP_RECORDS), ("px/dns_data", DNS_RECORDS), ("px/redis_data", REDIS_RECORDS)],
)
def test_every_data_script_shows_everything_by_default(pxcap: Command, stored: str, name: str, records: int) -> None:
    done = pxcap("run", name, "--store", stored, "-o", "json")
    assert (done.status, len(done.rows), done.err) == (0, records, "")


def test_a_relative_start_counts_from_the_newest_record(pxcap: Command, stored: str) -> None:
    assert paths(pxcap, stored, "--start_time", "-5m") == ["/health"]
    assert len(paths(pxcap, stored, "--start_time=-1h")) == HTTP_RECORDS


def test_an_absolute_start(pxcap: Command, stored: str) -> None:
    assert paths(pxcap, stored, "--start_time", "2023-11-14 22:14") == ["/cart", "/health"]
    assert paths(pxcap, stored, "--start_time", "1700000401002000000") == ["/health"]
    assert paths(pxcap, stored, "--start_time", "1700000401002000001") == []


def test_filters_are_parts_of_the_column(pxcap: Command, stored: str) -> None:
    assert paths(pxcap, stored, "--source_filter", "2.11") == ["/health"]
    assert len(paths(pxcap, stored, "--destination_filter", ":8080")) == HTTP_RECORDS
    assert paths(pxcap, stored, "--destination_filter", "%") == []
    assert paths(pxcap, stored, "--source_filter", "' OR 1=1 --") == []


def test_the_newest_are_kept(pxcap: Command, stored: str) -> None:
    assert paths(pxcap, stored, "--num_head", "2") == ["/cart", "/health"]
    assert paths(pxcap, stored, "--max_num_records=1") == ["/health"]


def test_table_shows_units(pxcap: Command, stored: str) -> None:
    out = pxcap("run", "px/http_data", "--store", stored).out
    assert "2023-11-14 22:13:21.002  192.0.2.10  192.0.2.20:8080    1.8 ms" in out
    assert "21 B" in out


def test_a_script_of_ones_own(pxcap: Command, stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.pxl").write_text(SCRIPT)
    done = pxcap("run", "-f", "mine.pxl", "--store", stored, "-o", "json", "--", "--least", "201")
    assert (done.status, done.rows) == (0, [{"resp_status": 201, "n": 1}, {"resp_status": 404, "n": 1}])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SCRIPT.encode())))
    assert len(pxcap("run", "-f", "-", "--store", stored, "-o", "json").rows) == 3


def test_names_come_from_a_map(pxcap: Command, stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.pxl").write_text(
        "import px\ndf = px.DataFrame('http_events')\ndf.s = df.ctx['service']\npx.display(df[['s']])\n"
    )
    (tmp_path / "names").write_text("192.0.2.20 shop/api\n")
    done = pxcap("run", "-f", "mine.pxl", "--store", stored, "-o", "json", "--names", "names")
    assert {row["s"] for row in done.rows} == {"shop/api"}
    monkeypatch.setenv("PXCAP_NAMES", "names")
    assert "shop/api" in pxcap("run", "-f", "mine.pxl", "--store", stored).out


def test_the_resolver_is_asked_only_when_it_is_wanted(
    pxcap: Command, stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.pxl").write_text(
        "import px\ndf = px.DataFrame('http_events')\ndf.s = df.ctx['service']\npx.display(df[['s']])\n"
    )
    asked: list[str] = []

    def name(address: str) -> tuple[str, list[str], list[str]]:
        asked.append(address)
        return "api.example", [], [address]

    monkeypatch.setattr(socket, "gethostbyaddr", name)
    assert "192.0.2.20" in pxcap("run", "-f", "mine.pxl", "--store", stored).out
    assert asked == []
    done = pxcap("run", "-f", "mine.pxl", "--store", stored, "-o", "json", "--reverse-dns")
    assert {row["s"] for row in done.rows} == {"api.example"}
    assert set(asked) == {"192.0.2.20"}


def test_outputs_that_cannot_be_given_are_told(pxcap: Command, stored: str, tmp_path: Path) -> None:
    (tmp_path / "mine.pxl").write_text(
        "import px\npx.display(px.DataFrame('process_stats'), 'cpu')\npx.display(px.DataFrame('dns_events'), 'dns')\n"
    )
    done = pxcap("run", "-f", "mine.pxl", "--store", stored, "-o", "json")
    assert (done.status, len(done.rows)) == (0, 2)
    assert re.fullmatch(r"pxcap: not shown: cpu: mine.pxl:2:\d+: .*'process_stats'.*\n", done.err)
    (tmp_path / "mine.pxl").write_text("import px\npx.display(px.DataFrame('process_stats'), 'cpu')\n")
    done = pxcap("run", "-f", "mine.pxl", "--store", stored)
    assert (done.status, done.out) == (1, "")


def test_what_stands_for_an_argument_is_told(pxcap: Command, stored: str, tmp_path: Path) -> None:
    (tmp_path / "mine.pxl").write_text(
        "import px\ndef of(service: px.Service):\n    df = px.DataFrame('http_events')\n"
        "    df.s = df.ctx['service']\n    return df[df.s == service]\n"
    )
    done = pxcap("run", "-f", "mine.pxl", "--store", stored, "-o", "json")
    assert done.err == "pxcap: --service was not given: 192.0.2.20, the busiest\n"
    assert len(done.rows) == HTTP_RECORDS


def test_a_wrong_script_is_one_line(pxcap: Command, stored: str, tmp_path: Path) -> None:
    (tmp_path / "mine.pxl").write_text("import px\ndf = px.DataFrame('http_events')\npx.display(df[['latncy']])\n")
    done = pxcap("run", "-f", "mine.pxl", "--store", stored)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("pxcap: error: mine.pxl:3:")
    assert "did you mean 'latency'?" in done.err.splitlines()[0]


def test_help_is_about_the_script_when_one_is_named(pxcap: Command, tmp_path: Path) -> None:
    for words in (["px/http_data", "--help"], ["--help", "px/http_data"], ["px/http_data", "--", "--help"]):
        done = pxcap("run", *words)
        assert done.status == 0
        assert done.out.startswith("Usage: pxcap run px/http_data [OPTIONS] [-- --ARGUMENT VALUE...]\n")
        assert re.search(r"--source_filter +text ", done.out)
    assert "--store URL" in pxcap("run", "-h").out
    (tmp_path / "mine.pxl").write_text(SCRIPT)
    assert re.search(
        r"--least +integer +The least status *\[default: 0\]", pxcap("run", "-f", "mine.pxl", "--help").out
    )
    assert pxcap("run").status == 2
