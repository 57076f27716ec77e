"""What calls itself pure is pure: it reaches neither AWS nor Stripe, Chalice or HTTP, through whatever it imports.

A module whose docstring says "Pure" is held to it, and a package's docstring speaks for all of its modules. A function
may say so only in such a module.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("chalicelib", "local", "ops")
AWS = ("boto3", "botocore", "pynamodb", "s3transfer")
HTTP = ("chalice", "chalicelib.web", "http", "httpx", "requests", "smtplib", "socket", "urllib3")
FORBIDDEN = frozenset({*AWS, *HTTP, "stripe"})


@cache
def sources() -> dict[str, ast.Module]:
    """Return all modules by name, parsed."""
    paths = [path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {".".join(path.with_suffix("").parts).removesuffix(".__init__"): parse(path) for path in sorted(paths)}


def parse(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


@cache
def imports() -> grimp.ImportGraph:
    """Return who imports whom, with the libraries."""
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


def says_pure(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> bool:
    return re.search(r"\bPure\b", ast.get_docstring(node) or "") is not None


def is_pure(module: str) -> bool:
    """Tell whether a module, or a package that it is in, calls itself pure."""
    parts = module.split(".")
    return any(says_pure(sources()[".".join(parts[:end])]) for end in range(1, len(parts) + 1))


def forbidden_chains(graph: grimp.ImportGraph, module: str) -> Iterator[tuple[str, ...]]:
    """Yield how a module comes to import what no rule may, in the fewest steps."""
    for forbidden in sorted(graph.find_upstream_modules(module) & FORBIDDEN):
        yield graph.find_shortest_chain(module, forbidden) or ()


PURE = sorted(filter(is_pure, sources()))


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_reaches_neither_aws_nor_stripe_nor_http(module: str) -> None:
    assert [" -> ".join(chain) for chain in forbidden_chains(imports(), module)] == []


@pytest.mark.parametrize("module", sorted({*sources()} - {*PURE}))
def test_what_calls_itself_pure_is_in_a_pure_module(module: str) -> None:
    nodes = [node for node in ast.walk(sources()[module]) if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    assert [node.name for node in nodes if says_pure(node)] == []


def test_the_rules_of_the_packages_are_among_the_pure_modules() -> None:
    rules = {"money", "text", "pricing.cost", "ledger.build", "ledger.commit", "accounts.account", "usage.price"}
    assert {f"chalicelib.{rule}" for rule in rules} <= {*PURE}


def test_a_rule_that_imports_a_table_is_found_with_the_way_to_it() -> None:
    graph = grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)
    graph.add_import(importer="chalicelib.ledger.posting", imported="chalicelib.ledger.table")
    found = [chain for chain in forbidden_chains(graph, "chalicelib.ledger.commit") if chain[-1] == "pynamodb"]
    assert found == [("chalicelib.ledger.commit", "chalicelib.ledger.posting", "chalicelib.ledger.table", "pynamodb")]
