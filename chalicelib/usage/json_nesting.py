"""Measure how deep JSON nests, and split an array, without parsing: a parser fails on too deep nesting. Pure."""

import re
from typing import Final

MAXIMUM_DEPTH: Final = 300
"""How deep an event's JSON may nest. The parser's own limit is higher, and depends on its caller's stack depth."""

BLANK: Final = " \t\r\n"

# A string, to its end or the text's end, or a structural character of JSON. The possessive quantifiers keep it linear.
TOKENS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)


def is_too_deep(text: str) -> bool:
    """Tell whether JSON nests too deeply. The text need not be JSON."""
    # No text nests deeper than it has opening brackets, and nearly all have few.
    return text.count("{") + text.count("[") > MAXIMUM_DEPTH and _depth(text) > MAXIMUM_DEPTH


def _depth(text: str) -> int:
    deepest = depth = 0
    for token in TOKENS.finditer(text):
        depth += _step(token[0])
        deepest = max(deepest, depth)
    return deepest


def _step(token: str) -> int:
    if token in {"[", "{"}:
        return 1
    return -1 if token in {"]", "}"} else 0


def split_array(text: str) -> list[str] | None:
    """Split a JSON array at its own commas, whatever is between them; None if its brackets do not match."""
    elements: list[str] = []
    depth = 0
    start = 1
    for token in TOKENS.finditer(text):
        depth += _step(token[0])
        if depth == 0 or (depth == 1 and token[0] == ","):
            elements.append(text[start : token.start()].strip(BLANK))
            start = token.end()
        if depth == 0:
            return elements if start == len(text) else None
    return None
