"""The paper's own texts, whose marks of direction are kept. Those of names and descriptions are not. Pure."""

from typing import Final

DIRECTING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the direction of the text after them: a name with one could change how a document reads."""


class OwnText(str):
    """A text of the paper, with values that have no such characters of their own."""

    __slots__ = ()


def own_value(value: object) -> str:
    """Return a value for a text of the paper."""
    return value if isinstance(value, OwnText) else "".join(each for each in str(value) if each not in DIRECTING)
