"""Nothing grows without end: no file has more than 300 lines, no function more than 50."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("chalicelib", "local", "ops", "infrastructure", "benchmarks")
LINES_OF_A_FILE = 300
LINES_OF_A_FUNCTION = 50

FILES = [
    str(path.relative_to(ROOT))
    for path in [ROOT / "app.py", *(path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.*")))]
    if path.suffix in {".py", ".js", ".css", ".html"}
]


@pytest.mark.parametrize("name", FILES)
def test_a_file_and_its_functions_are_short(name: str) -> None:
    text = (ROOT / name).read_text()
    assert len(text.splitlines()) <= LINES_OF_A_FILE
    assert not name.endswith(".py") or long_functions(text) == []


def long_functions(text: str) -> list[str]:
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [node.name for node in nodes if lines_of(node) > LINES_OF_A_FUNCTION]


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1
