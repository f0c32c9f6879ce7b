"""What is given to scripts on the command line, and their help."""

from pathlib import Path

import pytest

from pxcap.cli.arguments import chosen, given, help_text, kind, meaning
from pxcap.core.errors import UsageError
from pxcap.core.registry import load_registry
from pxcap.scripts.shelf import Script, find
from pxcap.scripts.vis import Variable, Vis

VARIABLES = (
    Variable("start", default="-5m", meaning="Since when."),
    Variable("max_num_records", "PX_INT64", "10"),
    Variable("by", default="pod", meaning="By what", allowed=("pod", "service")),
    Variable("service", "PX_SERVICE"),
    Variable("query"),
)
SCRIPT = Script("px/x", "import px", Vis(VARIABLES), "Shows x.")


def test_both_spellings_dashes_and_names_of_other_scripts() -> None:
    words = ["--start_time", "-1h", "--num-head=7", "--service=a=b", "--query", "--"]
    assert given(SCRIPT, words) == {"start": "-1h", "max_num_records": "7", "service": "a=b", "query": "--"}
    assert given(SCRIPT, []) == {}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--nope", "1"], "px/x has no argument '--nope'"),
        (["start", "1"], "px/x has no argument 'start'"),
        (["--start"], "--start needs a value"),
    ],
)
def test_wrong_arguments(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        given(SCRIPT, words)
    assert "--start" in caught.value.hint or "--help" in caught.value.hint


def test_a_script_by_name_or_from_a_file(tmp_path: Path) -> None:
    registry = load_registry()
    script, words = chosen("px/http_data", ["--x", "1"], "", registry)
    assert (script, words) == (find("px/http_data", registry.protocols), ["--x", "1"])
    file = tmp_path / "mine.pxl"
    file.write_text("import px\n")
    mine, words = chosen("--start", ["-5m"], str(file), registry)
    assert (mine.name, mine.text, words) == (str(file), "import px\n", ["--start", "-5m"])
    assert chosen(None, [], str(file), registry)[1] == []


@pytest.mark.parametrize(
    ("name", "file", "message"),
    [
        (None, "", "no script is named"),
        ("px/http_data", "x.pxl", "both name a script"),
        (None, "/no/x", "cannot be read"),
    ],
)
def test_no_script(name: str | None, file: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        chosen(name, [], file, load_registry())


def test_types_and_meanings_are_words() -> None:
    assert [kind(one) for one in VARIABLES] == ["text", "integer", "text", "service", "text"]
    assert [meaning(one) for one in VARIABLES] == [
        "Since when",
        "",
        "By what; one of pod, service",
        "when not given, the busiest of the store",
        "must be given",
    ]
    assert kind(Variable("x", "PX_STRING_LIST")) == "list"


def test_help_names_every_argument() -> None:
    assert help_text(SCRIPT).splitlines() == [
        "Usage: pxcap run px/x [OPTIONS] [-- --ARGUMENT VALUE...]",
        "",
        "  Shows x.",
        "",
        "Arguments of the script:",
        "  --start            text     Since when  [default: -5m]",
        "  --max_num_records  integer    [default: 10]",
        "  --by               text     By what; one of pod, service  [default: pod]",
        "  --service          service  when not given, the busiest of the store",
        "  --query            text     must be given",
        "",
        "pxcap run --help shows the options.",
    ]
    bare = help_text(Script("-", "import px\npx.display(px.DataFrame('http_events'))"))
    assert bare.startswith("Usage: pxcap run -f - [OPTIONS]\n\nIt takes no arguments.\n")
