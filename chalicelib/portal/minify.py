"""Make stylesheets and scripts shorter as they are served: without comments and indentation. Pure.

In a stylesheet, strings and addresses are left as they are. In a script only whole lines of comment and the spaces
around a line go: line breaks stay, because they may end a statement.
"""

import re
from typing import Final

_STYLE: Final = re.compile(
    r"""(?P<kept>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|url\([^)"']*\))"""
    r"|(?P<comment>/\*.*?\*/)"
    r"|;?\s*(?P<close>\})\s*"
    r"|\s*(?P<mark>[{;,])\s*"
    r"|(?P<colon>:)\s+"
    r"|(?P<space>\s+)",
    re.DOTALL,
)


def minified(text: str, suffix: str) -> str:
    """Return the text of a file with this suffix as it is served."""
    return shorter_style(text) if suffix == ".css" else shorter_script(text)


def shorter_style(text: str) -> str:
    """Return a stylesheet without comments, and with no more spaces than it needs."""
    return _STYLE.sub(_style_part, _without_comments(text)).strip()


def _without_comments(text: str) -> str:
    return _STYLE.sub(lambda found: " " if found["comment"] else found[0], text)


def _style_part(found: re.Match[str]) -> str:
    if found["space"]:
        return " "
    return found["kept"] or found["close"] or found["mark"] or ":"


def shorter_script(text: str) -> str:
    """Return a script without lines of comment and without indentation, or as it is if that could change a string."""
    lines = text.split("\n")
    if any(line.count("`") % 2 or line.endswith("\\") or "/*" in line for line in lines):
        return text
    kept = (line.strip() for line in lines)
    return "\n".join(line for line in kept if line and not line.startswith("//"))
