"""What all tests share: one emulator of AWS for the run, and a fresh stack of the resources for each module."""

import gc
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import tests.depth  # noqa: F401 - the profiles of hypothesis
from app import app
from chalicelib.accounts import table as accounts
from local.api import serve
from local.aws import Aws, start_aws
from local.ports import HOST, free_port
from local.processes import listens
from local.resources import Deployment
from tests.api import Api
from tests.build import account
from tests.environment import use
from tests.log_lines import wrong_lines
from tests.memory import aws_in_memory
from tests.wait import wait_for

pytest_plugins = ["tests.payments.fixtures", "tests.rights.plugin"]

_numbers = count(1)

NewWallet = Callable[..., str]
"""The type of the fixture `new_wallet`."""


FORBIDDEN = frozenset({"subprocess.Popen", "socket.connect"})
"""Python's audit events that no quick test may cause (docs.python.org/3/library/audit_events.html)."""


class NotQuick(Exception):
    """A test starts a process or connects to one without the fixture `processes`, which it has to request."""


def pytest_configure(config: pytest.Config) -> None:
    """Watch whether quick tests start processes or connect to them."""
    sys.addaudithook(_refuse_processes)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that stay in this process as quick, and run slow tests first."""
    for item in items:
        if not _needs_processes(item):
            item.add_marker(pytest.mark.quick)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over the tests and modules, which stay: each time it would take a second."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Fail a test that has passed, but has logged what no line of the log may have."""
    report: Any = yield
    if report.when == "call" and report.passed and (wrong := list(wrong_lines(report.capstdout))):
        report.outcome, report.longrepr = "failed", "the log tells too much:\n" + "\n".join(wrong)
    return report  # type: ignore[no-any-return]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Watch the setup of a quick test's fixtures."""
    with _watched(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Watch a quick test."""
    with _watched(item):
        return (yield)


_quick_tests: list[str] = []
"""The quick test that is running, if any."""


@contextmanager
def _watched(item: pytest.Item) -> Iterator[None]:
    """Forbid a quick test to start a process or connect to one inside the block."""
    if _needs_processes(item):
        yield
        return
    _quick_tests.append(item.nodeid)
    try:
        yield
    finally:
        _quick_tests.pop()


def _needs_processes(item: pytest.Item) -> bool:
    return "processes" in getattr(item, "fixturenames", ())


def _refuse_processes(event: str, arguments: tuple[Any, ...]) -> None:
    # Threads of other tests may still be running; only this test's own calls count.
    if event in FORBIDDEN and _quick_tests and threading.current_thread() is threading.main_thread():
        raise NotQuick(f"{_quick_tests[-1]} has to ask for the fixture `processes`: {event}{arguments[:2]}")


@pytest.fixture(scope="session")
def processes() -> None:
    """Declare that a test starts processes or connects to some: it requests this, directly or through a fixture."""


@pytest.fixture(scope="session")
def aws(processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Start the emulator of AWS, as a process of its own."""
    with start_aws(Path(tmp_path_factory.mktemp("aws"))) as running:
        yield running


@pytest.fixture(scope="module")
def stack(aws: Aws) -> Iterator[Deployment]:
    """Create the module's own tables and queues, all empty, and point the settings at them."""
    deployment = aws.deploy(f"stack-{next(_numbers)}")
    with use(deployment.environment):
        yield deployment


@pytest.fixture(scope="module")
def memory() -> Iterator[Mapping[str, str]]:
    """Create the module's own tables, queues, buckets and bus in this process, all empty, for the tests of one door."""
    with aws_in_memory() as environment:
        yield environment


@pytest.fixture
def new_wallet(stack: Deployment) -> NewWallet:
    """Return a function that makes an account with an empty wallet, a client if it has a workspace."""

    def make(account_id: str = "", currency: str = "usd", workspace: str | None = None) -> str:
        made = account(account_id or f"wallet-{next(_numbers)}", currency, workspace)
        assert accounts.create(made)
        return made.account_id

    return make


@pytest.fixture(scope="session")
def api_server(processes: None) -> Api:
    """Serve the app behind Chalice's local server in a thread, on the stack that the settings point at."""
    port = free_port()
    threading.Thread(target=serve, args=(app, port), daemon=True).start()
    wait_for(listens(port))
    return Api(f"http://{HOST}:{port}")


@pytest.fixture
def api(api_server: Api, stack: Deployment) -> Api:
    """Return the API on the module's stack."""
    return api_server
