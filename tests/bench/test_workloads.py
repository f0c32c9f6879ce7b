from dataclasses import replace
from importlib import import_module
from pathlib import Path

from bench.workloads import discover

from pxcap.core.registry import load_registry

FILES = sorted(path.stem for path in (Path(__file__).parents[2] / "bench" / "loads").glob("[a-z]*.py"))


def test_every_file_has_loads_and_no_two_have_a_name() -> None:
    loads = list(discover().values())
    assert sorted({type(load).__module__.rpartition(".")[2] for load in loads}) == FILES
    assert sum(len(import_module(f"bench.loads.{name}").LOADS) for name in FILES) == len(loads)


def test_records_go_to_tables_that_exist_and_the_condition_to_columns_that_do() -> None:
    tables = {table.name: {column.name for column in table.columns} for table in load_registry().tables()}
    for load in discover().values():
        assert load.table in tables, load.name
        assert not load.counted or load.counted.split()[0] in tables[load.table], load.name


def test_what_is_missing_comes_with_its_cure() -> None:
    gone = replace(discover()["dns"], needs={"no-such": "some-package"}, modules={"no_such": "some-module"})
    lacking = gone.missing()
    assert lacking["no-such"] == "apt-get install some-package"
    assert lacking["no_such"] == "pip install some-module"
