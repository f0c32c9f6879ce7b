import json

import pytest

from pxcap.plugins.kafka.text import (
    TEXTS,
    UUIDS,
    ErrorTexts,
    clipped,
    error_name,
    float_text,
    secret_config,
    uuid_text,
    value_text,
)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", ""),
        (b'a "quoted" \\', 'a "quoted" \\'),
        ("caf\u00e9".encode(), "caf\u00e9"),
        (b"\xff\0\n", "\\xff\\x00\n"),
        (b"\0", "\\x00"),
    ],
)
def test_bytes_are_text_any_store_takes(data: bytes, wanted: str) -> None:
    assert json.loads(value_text(data)) == wanted
    assert "\\u0000" not in value_text(data)
    assert TEXTS[data] == value_text(data)


def test_cut_values_tell_their_size() -> None:
    assert clipped(b"abc", 3) == '"abc"'
    assert clipped(b"abc", 9) == '"abc...(9 bytes)"'
    assert clipped(b"a\xc3", 9) == '"a\\\\xc3...(9 bytes)"'


def test_uuids_as_kafka_prints_them() -> None:
    assert uuid_text(bytes.fromhex("01a2083b91827731939718b158faeb8f")) == '"AaIIO5GCdzGTlxixWPrrjw"'
    assert UUIDS[bytes(16)] == "null"


def test_floats() -> None:
    assert float_text(1.5) == "1.5"
    assert float_text(float("inf")) == '"inf"'
    assert float_text(float("nan")) == '"nan"'


def test_errors_have_names() -> None:
    assert (error_name(0), error_name(133), error_name(-1)) == (
        "NONE",
        "SHARE_SESSION_LIMIT_REACHED",
        "UNKNOWN_SERVER_ERROR",
    )
    assert error_name(3000) == "UNKNOWN_3000"
    assert ErrorTexts("")[3] == '3,"error_name":"UNKNOWN_TOPIC_OR_PARTITION"'
    assert ErrorTexts("acknowledge_")[3] == '3,"acknowledge_error_name":"UNKNOWN_TOPIC_OR_PARTITION"'
    assert ErrorTexts("")[0] == "0"


def test_configurations_that_are_secrets() -> None:
    for name in ("ssl.keystore.password", "sasl.jaas.config", "SSL.KEY.PASSWORD", "ssl.keystore.key"):
        assert secret_config(name)
    for name in ("retention.ms", "cleanup.policy", "log.dirs"):
        assert not secret_config(name)


def test_memos_stay_small() -> None:
    for number in range(10_000):
        assert TEXTS[b"t%d" % number] == f'"t{number}"'
        assert UUIDS[number.to_bytes(16, "big")]
    assert len(TEXTS) <= 4096
    assert len(UUIDS) <= 4096
    TEXTS[b"long" * 100]
    assert b"long" * 100 not in TEXTS
