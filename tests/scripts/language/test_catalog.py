"""How stored columns look to scripts."""

import pytest

from pxcap.scripts.language.catalog import field_of
from pxcap.scripts.types import Data, Field, Semantic, Type

FIELDS = {
    ("http_events", "time_", "INT64", "ns since epoch"): Type(Data.TIME64NS, Semantic.TIME_NS),
    ("http_events", "latency", "INT64", "ns"): Type(Data.INT64, Semantic.DURATION_NS),
    ("http_events", "resp_body_size", "INT64", "bytes"): Type(Data.INT64, Semantic.BYTES),
    ("http_events", "resp_status", "INT", ""): Type(Data.INT64, Semantic.HTTP_STATUS),
    ("mysql_events", "resp_status", "INT", ""): Type(Data.INT64),
    ("http_events", "req_headers", "JSON", ""): Type(Data.STRING, Semantic.JSON),
    ("http_events", "upid", "TEXT", ""): Type(Data.STRING, Semantic.UPID),
    ("http_events", "remote_addr", "TEXT", ""): Type(Data.STRING, Semantic.IP_ADDRESS),
    ("http_events", "local_port", "INT", ""): Type(Data.INT64, Semantic.PORT),
    ("conn_stats", "ssl", "BOOL", ""): Type(Data.BOOLEAN),
}


@pytest.mark.parametrize(
    ("column", "type_"), FIELDS.items(), ids=lambda one: " ".join(one) if type(one) is tuple else ""
)
def test_field_of(column: tuple[str, str, str, str], type_: Type) -> None:
    assert field_of(*column) == Field(column[1], type_)
