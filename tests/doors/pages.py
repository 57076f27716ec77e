"""What the portal's pages read: the names in their addresses and forms, found in the code that reads them."""

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from chalicelib.catalog.catalog import catalog
from chalicelib.portal.pages import VIEWS

READERS = frozenset({"get", "number", "quantity", "day", "one_of", "amount"})
"""Methods and functions that are given the name of a field."""


def names_read(view: str) -> list[str]:
    """Return the names of all fields that a view reads, itself or by what it calls in the modules of pages."""
    reached = _reached(VIEWS[view].__module__, VIEWS[view].__name__, {})
    found = {name for function in reached.values() for name in _names(function)}
    add_ons = [f"add_on_{name}" for name in catalog().add_ons] if "plan" in found else []
    return sorted([*found, *add_ons])


def _reached(module: str, name: str, found: dict[tuple[str, str], ast.stmt]) -> dict[tuple[str, str], ast.stmt]:
    """Return what a module defines under a name, and all that this uses of the modules of pages."""
    definition = _definitions(module).get(name)
    if definition is None or (module, name) in found:
        return found
    found[module, name] = definition
    for node in ast.walk(definition):
        if isinstance(node, ast.Name):
            origin = getattr(vars(sys.modules[module]).get(node.id), "__module__", module)
            _reached(origin if origin in sys.modules else module, node.id, found)
    return found


@cache
def _definitions(module: str) -> dict[str, ast.stmt]:
    if not module.startswith(("chalicelib.portal.pages.", "chalicelib.portal.selection")):
        return {}
    return dict(_defined(ast.parse(Path(str(sys.modules[module].__file__)).read_text()).body))


def _defined(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name, statement


def _names(definition: ast.stmt) -> set[str]:
    nodes: list[ast.AST] = []
    for node in ast.walk(definition):
        match node:
            case ast.Call(func=ast.Attribute(attr=attribute), args=given) if attribute in READERS:
                nodes += given
            case ast.AnnAssign(target=ast.Name(id="FIELDS"), value=ast.Tuple(elts=names)):
                nodes += names
            case ast.AnnAssign(target=ast.Name(id="FIELDS"), value=ast.Dict(keys=keys)):
                nodes += [key for key in keys if key]
            case ast.Compare(left=name, ops=[ast.In() | ast.NotIn()]):
                nodes.append(name)
    texts = [node.value for node in nodes if isinstance(node, ast.Constant)]
    return {text for text in texts if isinstance(text, str) and text.isidentifier()}
