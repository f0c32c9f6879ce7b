"""The reference page."""

from pathlib import Path

from pxcap.cli.reference import commands, reference

PAGE = Path(__file__).parents[2] / "docs/reference.md"


def test_reference_is_not_stale() -> None:
    assert PAGE.read_text() == reference(), "python -m pxcap.cli.reference > docs/reference.md"


def test_every_command_and_option_is_on_it() -> None:
    page = reference()
    for path, command in commands():
        assert f"\n## {' '.join(path)}\n" in page
        assert all(option.opts[0] in page for option in command.params if option.param_type_name == "option")
