"""A process that lowers itself, its threads and a child, drops every right, and comes back."""

import json
import os

import pytest
from tests.bpf.elsewhere import NO_CAPABILITIES, run

from pxcap.bpf.rights import held
from pxcap.cli.priority import TO_RESTORE

BODY = """
import json, os, resource, subprocess, sys, threading, time
from pxcap.cli.priority import Priority

def told():
    return [os.getpriority(os.PRIO_PROCESS, int(thread)) for pid in pids for thread in os.listdir(f"/proc/{pid}/task")]

os.nice(NICE)
priority = Priority()
child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
pids = [os.getpid(), child.pid]
leave = threading.Event()
thread = threading.Thread(target=leave.wait)
thread.start()
DROP
found = [told()]
priority.lower([child.pid])
found.append(told())
priority.restore([child.pid])
found.append(told())
child.communicate()
priority.restore([child.pid])  # it has ended
leave.set()
thread.join()
print(json.dumps(found))
"""


def said(body: str) -> list[list[int]]:
    done = run(body)
    assert done.returncode == 0, done.stderr
    found: list[list[int]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("nice", "lowered"), [(0, 10), (15, 19)])
def test_it_comes_back_with_one_right(nice: int, lowered: int) -> None:
    if not held() >= TO_RESTORE:
        pytest.skip("raising a priority takes CAP_SYS_NICE")
    if os.getpriority(os.PRIO_PROCESS, 0):
        pytest.skip("the tests themselves run at another priority than usual")
    drop = f"from pxcap.bpf.rights import drop; drop({TO_RESTORE})"
    found = said(BODY.replace("NICE", str(nice), 1).replace("DROP", drop))
    assert found == [[nice] * 3, [lowered] * 3, [nice] * 3]


def test_without_it_stays_low() -> None:
    if os.getpriority(os.PRIO_PROCESS, 0):
        pytest.skip("the tests themselves run at another priority than usual")
    found = said(f"{NO_CAPABILITIES}\n{BODY.replace('NICE', '0', 1).replace('DROP', '')}")
    assert found == [[0] * 3, [10] * 3, [10] * 3]
