from pathlib import Path

import pytest

from pxcap.bpf import cgroup

LINES = """\
21 1 0:19 / /sys rw,relatime shared:2 - sysfs sysfs rw
30 21 0:26 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
31 21 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
"""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (LINES, Path("/sys/fs/cgroup/unified")),
        (LINES.replace("unified", r"with\040space"), Path("/sys/fs/cgroup/with space")),
        (LINES.replace("cgroup2 ", "cgroup "), None),
        ("", None),
    ],
)
def test_the_root_is_where_version_2_is_mounted(tmp_path: Path, text: str, place: Path | None) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(text)
    assert cgroup.root(mounts) == place


def test_what_is_no_program_is_not_attached() -> None:
    if cgroup.root() is None:
        with pytest.raises(FileNotFoundError, match="version 2"):
            cgroup.link(0, cgroup.UDP4_RECVMSG)
    else:
        with pytest.raises(OSError, match=r"(Invalid argument|not permitted|Bad file)"):
            cgroup.link(0, cgroup.UDP4_RECVMSG)
