"""Which function of the code may call which, read from its text: by name, through imports, also those in functions.

A function that is passed on or stands in a table counts as called: what is found may be too much, but not too little.
"""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

Calls = Mapping[str, set[str]]
"""The names that each function, class or constant uses; all are full names."""


def calls(package: Path) -> Calls:
    """Return what each name of a package uses."""
    modules = {_module_name(path, package): ast.parse(path.read_text()) for path in package.glob("**/*.py")}
    found: dict[str, set[str]] = defaultdict(set)
    for module, tree in modules.items():
        known = {**dict(_own_names(module, tree)), **dict(_imported_names(tree, package.name))}
        for node in tree.body:
            for name in _names_defined(node):
                found[f"{module}.{name}"] |= set(_used(node, known, modules))
    return found


def path_to(targets: Collection[str], start: str, found: Calls) -> list[str]:
    """Return a way from one name to one of the targets, or nothing if there is none."""
    came_from: dict[str, str] = {start: ""}
    waiting = [start]
    for name in waiting:
        if name in targets:
            return list(_way_back(name, came_from))
        for used in found.get(name, ()):
            if used not in came_from:
                came_from[used] = name
                waiting.append(used)
    return []


def _way_back(name: str, came_from: Mapping[str, str]) -> Iterator[str]:
    while name:
        yield name
        name = came_from[name]


def _module_name(path: Path, package: Path) -> str:
    return ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")


def _names_defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    yield from (target.id for target in targets if isinstance(target, ast.Name))


def _own_names(module: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        for name in _names_defined(node):
            yield name, f"{module}.{name}"


def _imported_names(tree: ast.Module, package: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == package:
            for name in node.names:
                yield name.asname or name.name, f"{node.module}.{name.name}"


def _used(node: ast.AST, known: Mapping[str, str], modules: Collection[str]) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id in known:
            yield known[part.id]
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and known.get(part.value.id) in modules:
            yield f"{known[part.value.id]}.{part.attr}"
