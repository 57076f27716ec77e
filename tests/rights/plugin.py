"""Records the calls of all functions during a run of the tests, and compares them with the policies when it ends.

What is missing fails every run. What is extra is judged only if the run was whole: a part of the tests calls less.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.generator.__main__ import ROOT
from infrastructure.generator.files import STAGE
from local.child import WATCHER
from tests.rights import recorder
from tests.rights.comparison import Comparison, compare
from tests.rights.exceptions import NEVER_CALLED
from tests.rights.policies import granted_by_files

FOUND = pytest.StashKey[tuple[Path, Comparison]]()
OWN = pytest.StashKey[str]()
"""The directory that this run has made for its records, and removes unless they show a difference."""


def pytest_configure(config: pytest.Config) -> None:
    """Record from now on, in this process, in its workers and in all processes that they start."""
    if recorder.DIRECTORY not in os.environ:
        config.stash[OWN] = os.environ[recorder.DIRECTORY] = tempfile.mkdtemp(prefix="rights-")
    os.environ[WATCHER] = "tests.rights.in_child"
    recorder.install()


def compared(directory: Path, *, is_whole: bool) -> Comparison:
    """Compare the records with the policies; of a part of the tests only what is missing."""
    found = compare(recorder.recorded(directory), set(granted_by_files(ROOT, STAGE)), NEVER_CALLED)
    return found if is_whole else Comparison(found.missing, [], [])


def is_whole(session: pytest.Session) -> bool:
    """Tell whether all tests ran, and passed: those that failed may have called less."""
    options = session.config.option
    chosen = options.keyword or options.markexpr or options.file_or_dir or options.ignore or options.lf
    return not chosen and session.exitstatus == pytest.ExitCode.OK


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Compare at the end, in the process that has the workers."""
    yield
    if not hasattr(session.config, "workerinput"):
        directory = Path(os.environ[recorder.DIRECTORY])
        found = compared(directory, is_whole=is_whole(session))
        session.config.stash[FOUND] = (directory, found)
        if not found.is_equal:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        elif own := session.config.stash.get(OWN, None):
            shutil.rmtree(own, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what differs."""
    directory, found = config.stash.get(FOUND, (Path(), Comparison([], [], [])))
    if not found.is_equal:
        terminalreporter.section(f"rights of functions: python -m tests.rights {directory}")
        for line in found.lines():
            terminalreporter.write_line(line)
