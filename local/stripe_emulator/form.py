"""Form-encoded parameters with nesting: `a[b]=c`, `list[]=x`, `list[0][name]=y`, as Stripe reads them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from local.stripe_emulator.errors import Json, malformed


def decode(encoded: str) -> Json:
    """Return the nested dictionaries and lists of a query string or form body; every leaf is a string."""
    tree: Json = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        _place(tree, _path(name), value)
    return {name: _lists(branch) for name, branch in tree.items()}


def _path(name: str) -> list[str]:
    head, bracket, rest = name.partition("[")
    if not bracket:
        return [name]
    if not rest.endswith("]") or not head:
        raise malformed(f"Invalid parameter name: {name}", param=name)
    return [head, *rest[:-1].split("][")]


def _place(tree: Json, path: list[str], value: str) -> None:
    branch = tree
    for index, step in enumerate(path[:-1]):
        branch = branch.setdefault(_step(branch, step), {})
        if not isinstance(branch, dict):
            raise malformed(f"Invalid object: {path[0]}", param="[".join(path[: index + 1]))
    branch[_step(branch, path[-1])] = value


def _step(branch: Json, step: str) -> str:
    return step or str(len(branch))


def _lists(branch: Any) -> Any:
    if not isinstance(branch, dict):
        return branch
    if branch and all(name.isdigit() for name in branch):
        return [_lists(branch[name]) for name in sorted(branch, key=int)]
    return {name: _lists(value) for name, value in branch.items()}
