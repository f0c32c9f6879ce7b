import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the *.expect.jsonl files anew from what the fixtures give now; then review the diff",
    )
