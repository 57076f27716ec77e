"""A cold start imports what the function needs, and nothing else: each in an interpreter of its own."""

import json
import subprocess
import sys

import pytest

from infrastructure.package import ROOT
from tests.functions import ENTRY_POINTS

pytestmark = pytest.mark.usefixtures("processes")

HEAVY = frozenset("stripe babel jinja2 reportlab uharfbuzz PIL fpdf asyncio".split())
"""Imported where they are used, if at all; `send_mails` loads babel with its first mail."""
OF_THE_API = frozenset({"app", "chalice", "chalicelib.api", "chalicelib.web", "jwt"})
PACKAGES_OF_USAGE = frozenset({"accounts", "allowances", "catalog", "ledger", "pricing", "usage"})

MODULES = sorted({handler.rpartition(".")[0] for handler in ENTRY_POINTS.values()})


def imported(module: str) -> set[str]:
    """Return the names of all modules that are there once this one is imported."""
    program = f"import json, sys, {module}; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("module", [*MODULES, "chalicelib.api"])
def test_no_function_imports_what_only_some_calls_need(module: str) -> None:
    assert imported(module) & HEAVY == set()


@pytest.mark.parametrize("module", MODULES)
def test_no_function_but_the_apis_imports_what_serves_http(module: str) -> None:
    assert imported(module) & OF_THE_API == set()


def test_the_api_imports_no_other_function() -> None:
    names = imported("chalicelib.api")
    assert names & {"app", *MODULES} == set()


def test_recording_usage_imports_no_other_part_of_the_business() -> None:
    packages = {path.parent.name for path in (ROOT / "chalicelib").glob("*/__init__.py")}
    names = {name.split(".")[1] for name in imported("chalicelib.usage.handlers") if name.startswith("chalicelib.")}
    assert names & packages <= PACKAGES_OF_USAGE


@pytest.mark.parametrize("module", ["chalicelib.api", "chalicelib.portal.answer"])
def test_the_collector_does_not_pass_over_what_was_imported(module: str) -> None:
    """A full pass over the modules took 25 ms, with those of the pages 50 ms, of a request now and then."""
    program = f"import gc, {module}; gc.collect(); print(gc.get_freeze_count(), len(gc.get_objects()))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    frozen, left = map(int, done.stdout.split())
    assert left * 20 < frozen
