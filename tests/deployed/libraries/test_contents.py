"""What is in the package: no more than is needed, nothing that misses a part of it, and the same bytes each time."""

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.package import ARCHIVES, ROOT, Package, build_package
from infrastructure.pruning import read_rules
from infrastructure.sizes import MEGABYTE, by_library, files_in, total
from tests.deployed.conftest import Unpacked
from tests.deployed.libraries.packaged import Packaged

pytestmark = pytest.mark.deployed

MOST_BYTES = 85 * MEGABYTE
"""Unpacked. Lambda takes 250 MB; each MB is read at a cold start."""

NEVER_REACHED = {
    "six.moves": "made while it runs",
    "stripe.events._event_classes": "for events of Stripe's second API, which this product does not take",
    "reportlab.platypus.flowables": "for encrypted documents, which this product does not make",
}
"""What a module that stays imports, though it is left out, and why it never does."""


def test_the_package_is_small(package: Package) -> None:
    files = [each for name in ARCHIVES for each in files_in(package.directory / name)]
    assert total(files) < MOST_BYTES


def test_only_the_services_that_are_called_are_described(unpacked: Unpacked) -> None:
    rules = read_rules()
    assert {path.name for path in (unpacked.libraries / "botocore/data").iterdir()} == (
        rules.services | rules.for_all_services
    )


def test_every_library_is_one_that_is_required(unpacked: Unpacked) -> None:
    named = {path.name.partition("-")[0] for path in unpacked.libraries.glob("*.dist-info")}
    required = (ROOT / "requirements.txt").read_text().lower().replace("-", "_")
    assert {name for name in named if f"{name.lower()}==" not in required} == set()


def test_no_tests_no_types_and_no_packaging_are_deployed(package: Package) -> None:
    names = [name for archive in ARCHIVES for name, _ in files_in(package.directory / archive)]
    assert [each for each in names if each.endswith((".pyi", ".po", "/RECORD")) or "/tests/" in each] == []
    assert not {"pip", "setuptools", "pytest", "moto", "click"} & by_library(files_in(package.layer)).keys()


def test_every_module_is_compiled(package: Package) -> None:
    names = [name for archive in ARCHIVES for name, _ in files_in(package.directory / archive)]
    assert sum(name.endswith(".py") for name in names) == sum(name.endswith(".pyc") for name in names)


def test_the_same_tree_makes_the_same_bytes_elsewhere(package: Package, tmp_path: Path) -> None:
    """In another directory, at another time, and with nothing kept of the first package but pip's downloads."""
    tree = tmp_path / "elsewhere"
    for name in ("chalicelib", "infrastructure", ".chalice"):
        ignored = shutil.ignore_patterns("__pycache__", "deployments", "deployed")
        shutil.copytree(ROOT / name, tree / name, ignore=ignored)
    for name in ("app.py", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tree)
    again = build_package(tmp_path / "again", tree)
    for name in (*ARCHIVES, "sam.json"):
        assert (again.directory / name).read_bytes() == (package.directory / name).read_bytes(), name


def test_every_shared_library_finds_what_it_needs(packaged: Packaged, unpacked: Unpacked) -> None:
    paths = [str(path) for path in unpacked.opt.rglob("*.so*")]
    assert paths
    program = f"import ctypes\nfor path in {paths!r}: ctypes.CDLL(path)\nresult = True"
    assert packaged.run(program)


def test_no_module_that_stays_imports_one_that_is_left_out(unpacked: Unpacked) -> None:
    present = {*modules(unpacked.libraries), *NEVER_REACHED}
    tops = {name.partition(".")[0] for name in present}
    missing = [
        (str(path.relative_to(unpacked.libraries)), wanted)
        for path in sorted(unpacked.libraries.rglob("*.py"))
        for wanted in imports(path, module_name(path, unpacked.libraries))
        if wanted.partition(".")[0] in tops and wanted not in present
    ]
    assert missing == []


def modules(libraries: Path) -> Iterator[str]:
    for path in libraries.rglob("*"):
        if path.suffix == ".py" or path.is_dir():
            yield module_name(path, libraries)
        elif path.suffix == ".so":
            yield ".".join((*path.relative_to(libraries).parts[:-1], path.name.partition(".")[0]))


def module_name(path: Path, libraries: Path) -> str:
    return ".".join(path.relative_to(libraries).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path, name: str) -> Iterator[str]:
    """Yield the modules that a module imports in any case: neither for type checkers, nor where it can do without."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    pending: list[ast.AST] = [ast.parse(path.read_bytes())]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            yield ".".join([*base, *([node.module] if node.module else [])])
        elif isinstance(node, ast.Try) or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)):
            pending += node.orelse
        else:
            pending += ast.iter_child_nodes(node)
