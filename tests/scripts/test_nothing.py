"""Why an output has no rows."""

import pytest
from tests.scripts.conftest import CALLS, ROWS, START

from pxcap.core.columns import CONN_STATS
from pxcap.scripts.engine.catalog import StoreCatalog
from pxcap.scripts.language import compile_script
from pxcap.scripts.nothing import why_none
from pxcap.store import Store

NEWEST = START + (len(ROWS) - 1) * 10**9
CASES = {
    "px.DataFrame('calls.beta', start_time='-5s')": "the script keeps no record of those in calls.beta",
    f"px.DataFrame('calls', start_time={NEWEST + 1})": "calls has no record that late, the newest is of 2023-11-14 22:14:59.000",
    "px.DataFrame('conn_stats')": "the store has no records in conn_stats",
    "px.DataFrame('conn_stats')[['upid']].append(px.DataFrame('calls')[['upid']])": "the script keeps no record of those in calls",
    "px.DataFrame('process_stats', select=['upid'])": "the script keeps no process of those that were captured",
    "px.GetTables()": "",
}


@pytest.mark.parametrize(("frame", "why"), CASES.items(), ids=CASES.keys())
def test_why(store: Store, frame: str, why: str) -> None:
    catalog = StoreCatalog(store, [CALLS, CONN_STATS])
    (output,) = compile_script(f"import px\npx.display({frame})", "why", {}, catalog).outputs
    assert why_none(output, catalog) == why
