"""Values that are wrong somewhere: too long, empty, too early, too late, too many, of the wrong type, unwritable."""

import base64
import json
from typing import Any, Final

HUGE: Final = "9" * 5_000
"""More digits than Python reads as a number."""


def cursor(value: Any) -> str:
    """Return a text as the lists' cursors are written."""
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


GENERAL: Final = {
    "empty": "",
    "blank": " ",
    "too many characters": "x" * 3_000,
    "too many bytes": "\U0001f4a9" * 257,
    "just too many bytes": "é" * 200 + "\u4e00" * 56 + "\U0001f4a9" * 200,
    "a control character": "a\x07b",
    "NUL": "\x00",
    "a line feed": "a\n",
    "a lone surrogate": "\ud800",
    "a noncharacter": "\uffff",
    "a direction": "\u202eacme",
    "digits of another script": "\u0663\u0664",
    "a huge number": HUGE,
    "a long exponent": "1e999999999",
    "a long fraction": "1e-999999999",
    "no number": "NaN",
    "without end": "Infinity",
    "below zero": "-1",
    "an encoding that is broken": "%zz%",
    "a way up": "../../etc",
}
"""Wrong for whatever a text should be."""

DAYS: Final = {
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "no day": "2026-02-30",
    "a day of another calendar": "2026-W53-7",
    "before the first moment": "0001-01-01T00:00:00+14:00",
    "after the last moment": "9999-12-31T23:59:59-14:00",
    "a group of the last day": "9999-12-31.sms",
    "a group of no day": "2026-11-23x.sms",
}
IDS: Final = {
    "a long id": "pay_" + "0" * 2_000,
    "an id of many bytes": "txn_" + "\U0001f4a9" * 60,
    "an id of a time that cannot be written": "txn_" + "7" * 24,
    "a cursor of nothing": cursor("[[[["),
    "a cursor far away": cursor([10**18, 1, "~"]),
    "a cursor with a long key": cursor([1, 1, "x" * 2_000]),
    "a cursor of a long id": cursor("pay_" + "x" * 2_000),
    "a cursor of a huge number": cursor(HUGE),
    "a cursor with NUL": cursor([1, 1, "\x00"]),
    "a cursor with a lone surrogate": "WzEsMSwiXHVkODAwIl0",
}
TEXTS: Final = {**GENERAL, **DAYS, **IDS}


def nested(depth: int) -> Any:
    """Return a list in a list in a list."""
    found: Any = []
    for _ in range(depth):
        found = [found]
    return found


OTHERS: Final[dict[str, Any]] = {
    "null": None,
    "true": True,
    "zero": 0,
    "a number below zero": -1,
    "a large number": 2**64,
    "a huge number": 10**400,
    "half": 0.5,
    "a large half": 1e308,
    "an empty list": [],
    "an empty object": {},
    "a deep list": nested(100),
    "a long list": ["x"] * 5_000,
    "a large object": {f"name-{number}": number for number in range(2_000)},
    "an object with strange names": {"": "x", "\x00": "x", "\n": 1, "x" * 3_000: 1},
}
"""JSON that is no text."""


def beside(text: str) -> dict[str, str]:
    """Return what looks like a good text and is not the same."""
    return {
        "a line feed behind it": f"{text}\n",
        "NUL behind it": f"{text}\x00",
        "a direction before it": f"\u202e{text}",
        "much behind it": text + "0" * 3_000,
    }
