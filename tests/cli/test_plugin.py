"""pxcap plugin list."""

import pytest
from tests.cli.conftest import Command

from pxcap.core import registry
from pxcap.core.registry import Registry


def test_the_protocols_that_come_with_pxcap(pxcap: Command) -> None:
    rows = {row["plugin"]: row for row in pxcap("plugin", "list", "-o", "json").rows}
    assert {"dns", "http", "redis"} <= rows.keys()
    assert all(row["distribution"] == "pxcap" and row["version"] and not row["error"] for row in rows.values())


def test_a_broken_plugin_is_shown_with_its_reason(pxcap: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Registry()
    broken.fail("pebble", "pxcap-pebble", "0.3.1", "cannot be imported: ImportError: no pebble")
    monkeypatch.setattr(registry, "load_registry", lambda: broken)
    done = pxcap("plugin", "list")
    assert done.status == 0
    assert "pebble  pxcap-pebble  0.3.1               cannot be imported: ImportError: no pebble" in done.out
