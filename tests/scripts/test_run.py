import json
from pathlib import Path

import pytest
from tests.scripts.conftest import CALLS as CALLS_TABLE
from tests.scripts.conftest import ROWS, START, connection

from pxcap.core.columns import CONN_STATS
from pxcap.core.errors import UsageError
from pxcap.scripts.run import Run, run_script
from pxcap.scripts.shelf import Script
from pxcap.scripts.vis import parse
from pxcap.store import Store, open_store

TEXT = """
import px


def calls(start: str, method: str):
    df = px.DataFrame('calls', start_time=start)
    df = df[px.contains(df.method, method)]
    return df.groupby('method').agg(n=('latency', px.count))


def usage(start: str):
    return px.DataFrame('process_stats', start_time=start)


def of(service: px.Service):
    df = px.DataFrame('calls')
    df.service = df.ctx['service']
    return df[df.service == service][['time_', 'service']]
"""
VARIABLES = [
    {"name": "since", "defaultValue": "-20s"},
    {"name": "method", "defaultValue": {"value": ""}, "validValues": ["", "get", "put"]},
]


def call(function: str, *names: str) -> dict[str, object]:
    return {
        "name": function,
        "args": [{"name": name, "variable": "since" if name == "start" else name} for name in names],
    }


def script(*widgets: dict[str, object], variables: list[dict[str, object]] | None = None) -> Script:
    spec = {"variables": VARIABLES if variables is None else variables, "widgets": list(widgets)}
    return Script("tests/calls", TEXT, parse(json.dumps(spec), "vis.json"))


def rows(run: Run) -> dict[str, list[dict[str, object]]]:
    return {shown.name: shown.table.to_pylist() for shown in run.outputs}


CALLS = script(
    {
        "name": "Calls",
        "func": call("calls", "start", "method"),
        "displaySpec": {"@type": "types.px.dev/px.vispb.BarChart"},
    }
)


def test_defaults_count_from_the_newest_record(store: Store) -> None:
    run = run_script(CALLS, {}, store)
    shown = next(run.outputs)
    assert (shown.name, [widget.kind for widget in shown.widgets]) == ("Calls", ["BarChart"])
    assert sum(row["n"] for row in shown.table.to_pylist()) == 21  # the newest and those of the 20 s before
    assert (run.refused, run.chosen, run.moved) == ((), {}, {})


def test_arguments_are_taken(store: Store) -> None:
    wanted = sum(row[8] == "get" for row in ROWS)
    assert rows(run_script(CALLS, {"since": str(START), "method": "get"}, store)) == {
        "Calls": [{"method": "get", "n": wanted}]
    }
    with pytest.raises(UsageError, match="tests/calls has no argument 'metod'") as caught:
        run_script(CALLS, {"metod": "get"}, store)
    assert caught.value.hint == "it takes --since, --method"
    (all_,) = run_script(CALLS, {"since": str(START), "method": ""}, store).outputs
    assert all_.why_none == ""
    (nothing,) = run_script(CALLS, {"since": str(START + 10**12)}, store).outputs
    assert nothing.why_none == "calls has no record that late, the newest is of 2023-11-14 22:14:59.000"
    with pytest.raises(UsageError, match=r"--method 'got': expected one of , get, put"):
        run_script(CALLS, {"method": "got"}, store)


def test_what_the_store_has_no_rows_for_leaves_the_rest(store: Store) -> None:
    both = script(
        {"name": "CPU", "func": call("usage", "start")}, {"name": "Calls", "func": call("calls", "start", "method")}
    )
    run = run_script(both, {}, store)
    assert [one.name for one in run.refused] == ["CPU"]
    assert "'process_stats'" in str(run.refused[0].error)
    assert list(rows(run)) == ["Calls"]


SERVICE = script({"name": "Of", "func": call("of", "service")}, variables=[{"name": "service", "type": "PX_SERVICE"}])


def test_a_service_that_is_not_given_is_the_busiest(store: Store) -> None:
    run = run_script(SERVICE, {}, store)
    assert set(run.chosen) == {"service"}
    assert {row["service"] for row in rows(run)["Of"]} == {run.chosen["service"]}


def test_a_service_that_must_be_given_and_is_nowhere(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'empty.db'}") as empty:
        empty.prepare([CALLS_TABLE])
        with pytest.raises(UsageError, match="tests/calls needs --service, and the store has no service") as caught:
            run_script(SERVICE, {}, empty)
    assert caught.value.hint == "it takes --service"


def test_a_number_has_nothing_that_stands_for_it(store: Store) -> None:
    text = "import px\n\n\ndef last(rows: int):\n    return px.DataFrame('calls').head(rows)\n"
    with pytest.raises(UsageError, match="x needs --rows, a whole number") as caught:
        run_script(Script("x", text), {}, store)
    assert caught.value.hint == "it takes --rows"
    assert len(rows(run_script(Script("x", text), {"rows": "3"}, store))["last"]) == 3


def test_what_has_nothing_that_late_counts_from_its_own_newest(store: Store) -> None:
    store.prepare([CONN_STATS])
    later = START + 86_400 * 10**9
    with store.writer() as writer:
        writer.write("conn_stats", [connection(time_=later)])
    run = run_script(CALLS, {}, store)
    assert run.moved == {"calls": START + (len(ROWS) - 1) * 10**9}
    assert sum(row["n"] for row in rows(run)["Calls"]) == 21
    assert run_script(CALLS, {"since": str(later)}, store).moved == {}  # a time is meant as it stands


def test_a_script_without_a_spec_shows_what_it_displays(store: Store) -> None:
    text = "import px\ndf = px.DataFrame('calls')\npx.display(df.agg(n=('latency', px.count)), 'total')\n"
    assert rows(run_script(Script("x", text), {}, store)) == {"total": [{"n": len(ROWS)}]}


def test_a_script_that_is_wrong_is_told_where(store: Store) -> None:
    text = "import px\ndf = px.DataFrame('calls')\ndf.x = df.latncy * 2\npx.display(df)\n"
    with pytest.raises(UsageError, match=r"x:3:\d+: .*'latncy'.*did you mean 'latency'\?"):
        run_script(Script("x", text), {}, store)
