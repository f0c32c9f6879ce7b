"""Lists of known differences."""

from pathlib import Path

import pytest

from pxcap.cli.explained import Explanation, read, stale
from pxcap.core.comparison import DIFFER, ONLY_PEER, Difference
from pxcap.core.errors import UsageError


def test_a_line_fits_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("# a comment\n\na*.pcap only-tshark - it counts twice\n*.pcap differ rows it counts from one\n")
    first, second = read(path)
    assert first == Explanation("a*.pcap", "only-tshark", "-", "it counts twice", f"{path}:3")
    assert (first.about("x/ab.pcap"), first.about("x/b.pcap")) == (True, False)
    assert first.fits(Difference(ONLY_PEER, "GET"))
    assert not first.fits(Difference(DIFFER, "GET", "rows"))
    assert second.fits(Difference(DIFFER, "GET", "rows"))
    assert not second.fits(Difference(DIFFER, "GET", "status"))


def test_what_is_no_list_is_the_persons_fault(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_text("a.pcap differ rows\n")
    with pytest.raises(UsageError, match=r"list:1: 3 columns, expected 4"):
        read(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path / "none")


def test_what_was_not_needed_is_stale_when_its_capture_was_there() -> None:
    used, unused, other = (Explanation(name, "*", "*", "why", "list:1") for name in ("a.pcap", "a*", "b.pcap"))
    assert stale([used, unused, other], [used], ["x/a.pcap"]) == [unused]
