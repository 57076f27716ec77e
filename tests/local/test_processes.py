import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.ports import HOST, free_port
from local.processes import ROOT, Processes, ProcessFailed, http_answers, listens
from tests.wait import wait_for

pytestmark = pytest.mark.usefixtures("processes")

SERVER = "http.server"
PARENT = """
import sys, time
from pathlib import Path
from local.processes import Processes, listens

processes = Processes(Path(sys.argv[1]))
child = processes.start("http.server", sys.argv[2], environment={}, answers=listens(int(sys.argv[2])))
print(child.process.pid, flush=True)
time.sleep(60)
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_is_there_on_return_and_gone_on_exit(tmp_path: Path) -> None:
    port = free_port()
    with Processes(tmp_path) as processes:
        child = processes.start(SERVER, str(port), environment={}, answers=http_answers(f"http://{HOST}:{port}/"))
        assert listens(port)()
        processes.check()
    assert not listens(port)()
    assert not is_alive(child.process.pid)


def test_a_child_that_ends_at_once_is_reported_with_its_log(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes, pytest.raises(ProcessFailed, match="No module named"):
        processes.start("no_such_module", environment={}, answers=lambda: False)


def test_a_child_that_ends_later_is_reported(tmp_path: Path) -> None:
    port = free_port()
    with Processes(tmp_path) as processes:
        child = processes.start(SERVER, str(port), environment={}, answers=listens(port))
        child.process.kill()
        child.process.wait()
        with pytest.raises(ProcessFailed, match=r"http\.server ended with status -9"):
            processes.check()


def test_children_stop_in_the_opposite_order(tmp_path: Path) -> None:
    end = tmp_path / "end"
    processes = Processes(tmp_path / "logs")
    for name in ("first", "second", "third"):
        started = tmp_path / name
        processes.start(
            "tests.local.write_at_end", str(started), name, str(end), environment={}, answers=started.exists
        )
    processes.stop()
    assert end.read_text().split() == ["third", "second", "first"]
    assert processes.children == []


def test_a_child_sees_nothing_of_the_users_own_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    with Processes(tmp_path) as processes, pytest.raises(ProcessFailed) as failure:
        processes.start(
            "tests.local.print_environment", environment={"AWS_ACCESS_KEY_ID": "test"}, answers=lambda: False
        )
    assert "AWS_PROFILE: None" in str(failure.value)
    assert "AWS_ACCESS_KEY_ID: test" in str(failure.value)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_child_outlives_a_parent_that_is_killed(tmp_path: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path), str(free_port())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.send_signal(how)
        parent.wait()
    wait_for(lambda: not is_alive(pid))


def test_ctrl_c_at_the_terminal_does_not_reach_a_child_directly(tmp_path: Path) -> None:
    port = free_port()
    with Processes(tmp_path) as processes:
        child = processes.start(SERVER, str(port), environment={}, answers=listens(port))
        assert os.getpgid(child.process.pid) != os.getpgid(0)
        processes.check()
