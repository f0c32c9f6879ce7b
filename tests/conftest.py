import pytest
from hypothesis import settings

settings.register_profile("shared machine", deadline=None)  # how long an example takes says nothing there
settings.load_profile("shared machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the *.expect.jsonl files anew from what the fixtures give now; then review the diff",
    )
