"""`make run` as its users have it: started, used, stopped, started again."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.ports import HOST, free_port
from local.processes import ROOT, listens
from local.run import ACCOUNT_ID
from tests.wait import wait_for

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.usefixtures("processes")]
FIRST_RUN_SECONDS = 120
"""The first run lives through a month, on whatever machine this is."""
KEYS = {
    *("url", "portal_url", "aws_endpoint", "region", "usage_queue_url", "dead_letter_queue_url", "stripe_url"),
    *("operator_token", "producer_token", "owner_token", "account_id"),
}


@contextmanager
def started(directory: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Start the system and wait until it has described itself; kill it on the way out if it is still there."""
    command = [sys.executable, "-m", "local.run", "--directory", str(directory)]
    environment = {**os.environ, "PORT": str(port)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            wait_for(lambda: (directory / "run.json").exists() or process.poll() is not None, FIRST_RUN_SECONDS)
            yield process
        finally:
            process.kill()


def described(directory: Path) -> dict[str, Any]:
    description: dict[str, Any] = json.loads((directory / "run.json").read_text())
    return description


def get(url: str, token: str) -> dict[str, Any]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, Any] = json.loads(response.read())
    return answer


def ports(running: dict[str, Any]) -> list[int]:
    return [int(running[name].rsplit(":", 1)[1]) for name in ("url", "aws_endpoint", "stripe_url")]


def test_a_run_answers_when_it_says_so_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port = free_port()
    with started(tmp_path, port) as process:
        running = described(tmp_path)
        assert set(running) == KEYS
        assert running["url"] == f"http://{HOST}:{port}"
        account = get(f"{running['url']}/v1/accounts/{ACCOUNT_ID}", running["owner_token"])
        assert account["account_id"] == running["account_id"] == ACCOUNT_ID
        for _ in range(2):
            with urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(running["portal_url"]) as page:
                assert page.url == f"{running['url']}/portal/accounts/{ACCOUNT_ID}"
                assert "Acme Agency" in page.read().decode()
        private = [
            path for path in (tmp_path, *tmp_path.rglob("*")) if path.stat().st_mode & 0o077 and path != tmp_path
        ]
        assert private == []
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
    assert running["url"] in output
    assert "Traceback" not in output
    assert not (tmp_path / "run.json").exists()
    assert not any(listens(port)() for port in ports(running))

    with started(tmp_path, port) as process:
        running = described(tmp_path)
        again = get(f"{running['url']}/v1/accounts/{ACCOUNT_ID}", running["owner_token"])
        assert again == account
        process.kill()
        process.wait()
        wait_for(lambda: not any(listens(port)() for port in ports(running)))


def test_a_second_run_on_the_same_state_is_refused(tmp_path: Path) -> None:
    (tmp_path / "filled").touch()  # a month of data has no part in this
    with started(tmp_path, free_port()), started(tmp_path, free_port()) as second:
        output, _ = second.communicate(timeout=60)
        assert second.returncode == 1
    assert "it runs already" in output


def test_a_port_that_is_taken_is_an_error_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        with started(tmp_path, server.getsockname()[1]) as process:
            output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "is in use by another program" in output
