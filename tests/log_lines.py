"""What no line of the log may have: the rules that every test's captured lines are held to."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.log import EMAIL_ADDRESS, SECRET

CARD_NUMBER = re.compile(r"\b(?:4\d{15}|5[1-5]\d{14}|3[47]\d{13})\b")
PERSONAL = frozenset(
    "name email address line1 line2 city phone tax_id card_number last4 ip user_agent cookie authorization password "
    "token secret client_secret body payload NewImage OldImage".split()
)
"""Fields, at any depth, that are about a person or open a door."""


def wrong_lines(output: str) -> Iterator[str]:
    """Yield what is wrong with the lines of the log in a captured output; other lines are not looked at."""
    for text in output.splitlines():
        line = read(text)
        for path, value in leaves(line):
            names = path.split(".")
            if PERSONAL.intersection(names):
                yield f"{line.get('event')}: the field {path}"
            elif isinstance(value, str) and _is_telling(names[-1], value):
                yield f"{line.get('event')}: {path} is {value[:200]!r}"


def read(text: str) -> Mapping[str, Any]:
    """Return a line of the log; empty for any other text."""
    if not text.startswith("{"):
        return {}
    try:
        line = json.loads(text)
    except ValueError:
        return {}
    return line if isinstance(line, dict) and {"event", "level", "timestamp"} <= line.keys() else {}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value that is no object or list, with the names of its fields."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from leaves(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, path)
    else:
        yield path, value


def _is_telling(field: str, value: str) -> bool:
    if SECRET.search(value) or CARD_NUMBER.search(value):
        return True
    return not field.endswith("_id") and EMAIL_ADDRESS.search(value) is not None
