"""The real cassandra-driver against the small server beside this file: every call of the driver is a record, and right.

Cassandra itself comes from no registry this project uses.
"""

import json
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from bench.servers import free_port, running
from tests.live.conftest import Records, captured, need, records

HERE = Path(__file__).parent
OPCODES = {"QUERY": 7, "EXECUTE": 10, "BATCH": 13}
CODES = {"InvalidRequest": 0x2200, "NoHostAvailable": 0x1000}  # the driver would try another host than the unavailable


def talk(folder: Path, version: int, *server: str, compress: bool = False, password: str = "") -> tuple[Any, Records]:
    """What the driver says it did, and the records of it."""
    need()
    if find_spec("cassandra") is None:
        pytest.skip("not installed: cassandra-driver")
    port = free_port()
    with (
        running([sys.executable, str(HERE / "cql_server.py"), str(port), *server], port),
        captured(folder / "c.pcap", port),
    ):
        command = [sys.executable, str(HERE / "cql_client.py"), str(port), str(version), str(int(compress)), password]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    found, report = records(folder / "c.pcap", "cql_events")
    assert (report.tables["cql_events"].errors, report.tables["cql_events"].bytes_lost) == (0, 0)
    assert [row for row in found if row["note"]] == []
    return [json.loads(line) for line in done.stdout.splitlines()], found


def shown(row: dict[str, Any]) -> tuple[Any, ...]:
    """What a record and a call of the driver have in common: opcode, statement, bound values, rows, error."""
    params = json.loads(row["req_params"] or "{}")
    values = params["values"] if row["req_op"] == 10 else None
    return row["req_op"], row["req_body"], str(values), row["resp_rows"] or 0, row["resp_code"]


@pytest.mark.parametrize(("version", "compress"), [(3, False), (4, False), (4, True), (5, False), (5, True)])
def test_every_call_is_a_record(tmp_path: Path, version: int, compress: bool) -> None:
    calls, found = talk(tmp_path, version, compress=compress)
    assert len(calls) == 318
    single = Counter(shown(row) for row in found if row["req_op"] in (7, 10) and "system" not in str(row["req_body"]))
    wanted: Counter[tuple[Any, ...]] = Counter()
    for call in calls:
        if call["cmd"] == "BATCH":
            continue
        code = CODES[call["error"]] if "error" in call else None
        values = str(call["params"]) if call["cmd"] == "EXECUTE" else "None"
        left = call.get("rows", 0)
        for page in range(call.get("pages", 1)):
            size = min(left, 20) if call["cql"].startswith("SELECT paged") else left
            left -= size
            wanted[OPCODES[call["cmd"]], call["cql"], values, size, code] += 1
            assert page < 6
    assert single == wanted
    assert {row["protocol_version"] for row in found} == {version}
    (batch,) = (row for row in found if row["req_op"] == 13)
    assert [len(one["values"]) for one in json.loads(str(batch["req_params"]))["statements"]] == [3, 0]
    assert "DELETE FROM ks.items WHERE id = 9;" in str(batch["req_body"])
    (event,) = (row for row in found if row["resp_op"] == 12)
    assert (event["req_op"], event["resp_body"]) == (None, "SCHEMA_CHANGE CREATED TABLE ks.made")
    bodies = {row["req_body"]: str(row["resp_body"]) for row in found if row["req_op"] == 7}
    assert bodies["SELECT * FROM ks.rows_3"].splitlines()[1:3] == [
        '["id","name","price","at"]',
        '[0,"name 0",0.0,"2023-11-14T22:13:20.000Z"]',
    ]
    assert 'warnings: ["this is a warning"]' in bodies["SELECT warned FROM ks.rows_1"]
    assert "tracing_id: 00000000-0000-0000-0000-000000000003" in bodies["SELECT traced FROM ks.rows_2"]
    last = [row for row in found if row["req_op"] == 10 and "rows_60" in str(row["req_body"])][-1]
    assert str(last["resp_body"]).splitlines()[-2:] == [
        '[7,"name 7",1.75,"2023-11-14T22:13:20.007Z"]',
        "...(52 more)",
    ]


def test_a_version_the_server_does_not_speak_and_a_password(tmp_path: Path) -> None:
    login = "app:sesame"
    calls, found = talk(tmp_path, 5, "--max-version", "4", "--password", login, password=login)
    assert len(calls) in (1, 318)  # told the version, the driver does not come down by itself
    refused = [row for row in found if row["resp_code"] == 10]
    assert refused
    assert {row["protocol_version"] for row in refused} == {5}
    assert "sesame" not in repr(found)


@pytest.mark.parametrize(("password", "code"), [("app:sesame", None), ("app:open", 0x100)])
def test_passwords_are_not_shown(tmp_path: Path, password: str, code: int | None) -> None:
    calls, found = talk(tmp_path, 4, "--password", "app:sesame", password=password)
    assert len(calls) == (1 if code else 318)
    asked = [row for row in found if row["req_op"] == 15]
    assert {(row["req_params"], row["resp_code"]) for row in asked} == {('{"token":"[redacted]"}', code)}
    assert "sesame" not in repr(found)
