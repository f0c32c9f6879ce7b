"""The server's direction: where each response ends."""

from typing import Any

import pytest
from tests.plugins.http.cases import RESPONSES, check
from tests.plugins.http.exchange import Step, play


@pytest.mark.parametrize(("steps", "wanted"), RESPONSES.values(), ids=RESPONSES.keys())
def test_responses(steps: list[Step], wanted: list[dict[str, Any]]) -> None:
    check(play(*steps), wanted)
