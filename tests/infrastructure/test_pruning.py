"""What is left out of the package is what nothing reads, and the rules that say so are up to date."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from infrastructure.package import ROOT
from infrastructure.pruning import Omission, Rules, StaleRule, languages_of, prune_code, read_rules

PINNED = re.compile(r"^([\w.-]+)==(\S+)$", re.MULTILINE)
DYNAMODB = "dynamodb"
"""PynamoDB makes this client."""


def services_called() -> Iterator[str]:
    """Yield the name of every service that the deployed code makes a client of."""
    for path in (ROOT / "chalicelib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "client":
                yield from (each.value for each in node.args[:1] if isinstance(each, ast.Constant))  # type: ignore[misc]


def pins() -> dict[str, str]:
    found = PINNED.findall((ROOT / "requirements.txt").read_text())
    return {normal(name): pinned for name, pinned in found}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(name: str) -> set[str]:
    """Return the distributions that one always needs where it is deployed."""
    lambdas = {"python_version": "3.13", "python_full_version": "3.13.0", "sys_platform": "linux", "extra": ""}
    found = [Requirement(line) for line in requires(name) or ()]
    return {normal(each.name) for each in found if each.marker is None or each.marker.evaluate(lambdas)}


def test_the_services_that_are_packaged_are_those_that_the_code_calls() -> None:
    assert {*services_called(), DYNAMODB} <= read_rules().services


def test_all_that_is_deployed_is_pinned_with_what_it_needs() -> None:
    """An open version would make another package of the same tree next week."""
    assert {name: needed(name) - pins().keys() for name in pins()} == {name: set() for name in pins()}


@pytest.mark.parametrize("name", sorted(pins()))
def test_what_is_deployed_is_what_is_tested(name: str) -> None:
    assert version(name) == pins()[name]


def test_nothing_is_required_twice() -> None:
    lines = (ROOT / "requirements-dev.txt").read_text()
    assert {normal(name) for name, _ in PINNED.findall(lines)} & pins().keys() == set()
    assert lines.count("chalice==") == 1


def test_the_languages_with_texts_keep_all_of_their_data() -> None:
    assert languages_of(ROOT) >= {"en", "de", "pt"}


def test_a_rule_that_matches_nothing_stops_the_package(tmp_path: Path) -> None:
    rules = Rules(frozenset(), frozenset(), (), (Omission(("*.po",), "a test"),))
    (tmp_path / "texts.po").touch()
    prune_code(tmp_path, rules)
    assert not list(tmp_path.iterdir())
    with pytest.raises(StaleRule, match=r"\*\.po"):
        prune_code(tmp_path, rules)
