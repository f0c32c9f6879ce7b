"""Asking a store from a program."""

import socket
from pathlib import Path

import pytest
from tests.cli.traffic import DNS_RECORDS, HTTP_RECORDS

import pxcap.client
from pxcap.client import Client, PxcapError
from pxcap.core.errors import StoreError, UsageError
from pxcap.core.testing.craft import START

COUNTS = """
import px

def statuses(least: int, paths: list):
    df = px.DataFrame('http_events')
    df = df[df.resp_status >= least]
    return df.groupby('resp_status').agg(n=('latency', px.count))
"""


def test_a_script_gives_typed_rows(shop: Client) -> None:
    calls = list(shop.run("px/http_data"))
    assert len(calls) == HTTP_RECORDS
    first = calls[0]
    assert (first.req_method, first.req_path, first.resp_status, first.latency) == (
        "GET",
        "/products/7",
        200,
        1_800_000,
    )
    assert first.time_ > START


def test_arguments_are_values(shop: Client) -> None:
    assert [row.req_path for row in shop.run("px/http_data", start_time="-5m")] == ["/health"]
    assert [row.req_path for row in shop.run("px/http_data", start="-5m", num_head=1)] == ["/health"]
    with pytest.raises(UsageError, match="no argument 'pod'"):
        shop.run("px/http_data", pod="x")


def test_a_script_of_ones_own(shop: Client, tmp_path: Path) -> None:
    text = "import px\ndf = px.DataFrame('http_events')\npx.display(df.groupby('resp_status').agg(n=('latency', px.count)))\n"
    assert {tuple(row) for row in shop.pxl(text)} == {(200, 2), (201, 1), (404, 1)}
    file = tmp_path / "mine.pxl"
    file.write_text(text.replace("http_events", "dns_events").replace("resp_status", "rcode"))
    assert sum(row.n for row in shop.run(str(file))) == DNS_RECORDS
    with pytest.raises(PxcapError, match=r"^script:2:1: .*'x'"):
        shop.pxl("import px\nx.y\n")


def test_several_outputs_are_known_by_name(shop: Client) -> None:
    result = shop.pxl(
        "import px\npx.display(px.DataFrame('http_events'), 'http')\npx.display(px.DataFrame('dns_events'), 'dns')\n"
        "px.display(px.DataFrame('process_stats'), 'cpu')\n"
    )
    assert list(result.outputs) == ["http", "dns"]
    assert len(result["dns"]) == DNS_RECORDS
    assert "process_stats" in result.refused["cpu"]
    with pytest.raises(UsageError, match="several outputs: 'http', 'dns'"):
        result.arrow()


def test_names_of_addresses(file: Path, tmp_path: Path) -> None:
    (tmp_path / "names").write_text("192.0.2.20 shop/api\n")
    text = "import px\ndf = px.DataFrame('http_events')\ndf.s = df.ctx['service']\npx.display(df[['s']])\n"
    with pxcap.client.open(f"sqlite:///{file}", tmp_path / "names") as shop:
        assert {row.s for row in shop.pxl(text)} == {"shop/api"}


def test_names_of_the_resolver(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostbyaddr", lambda address: ("api.example", [], [address]))
    text = "import px\ndf = px.DataFrame('http_events')\ndf.s = df.ctx['service']\npx.display(df[['s']])\n"
    with pxcap.client.open(f"sqlite:///{file}", reverse_dns=True) as shop:
        assert {row.s for row in shop.pxl(text)} == {"api.example"}


def test_what_stands_for_an_argument_is_told(shop: Client) -> None:
    result = shop.pxl(
        "import px\ndef of(service: px.Service, deep: bool):\n    df = px.DataFrame('http_events')\n"
        "    df.s = df.ctx['service']\n    return df[df.s == service]\n",
        deep=True,
    )
    assert result.chosen == {"service": "192.0.2.20"}
    assert len(result.only) == HTTP_RECORDS


def test_lists_are_given_as_such(shop: Client) -> None:
    assert [row.resp_status for row in shop.pxl(COUNTS, least=201, paths=["/a", "/b"])] == [201, 404]


def test_sql_knows_the_types_of_columns(shop: Client) -> None:
    found = shop.sql(
        "SELECT time_, latency, req_path, resp_body_size, avg(latency) AS mean, count(*) AS n, NULL AS none"
        " FROM http_events GROUP BY req_path ORDER BY time_"
    )
    kinds = {field.name: str(field.type.semantic) or str(field.type.data) for field in found.schema}
    assert kinds == {
        "time_": "Time",
        "latency": "DurationNanos",
        "req_path": "STRING",
        "resp_body_size": "Bytes",
        "mean": "FLOAT64",
        "n": "INT64",
        "none": "INT64",
    }
    assert (found[0].req_path, found[0].n, found[0].none) == ("/products/7", 1, None)
    assert shop.sql("SELECT x'ff' AS b, 1 AS n UNION ALL SELECT 7, 'x'").columns == ("b", "n")
    with pytest.raises(UsageError, match="read-only"):
        shop.sql("DELETE FROM http_events")


def test_tables_and_scripts(shop: Client) -> None:
    assert {row.table: row.records for row in shop.tables()}["http_events"] == HTTP_RECORDS
    assert "px/http_data" in shop.scripts()
    assert repr(shop).startswith("pxcap.client.open('sqlite:///")


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store at"):
        pxcap.client.open(tmp_path / "none.db")
