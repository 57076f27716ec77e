"""Values in pages that are read from right to left: the page's direction does not change how they read. Pure.

`+49 30 1234` and `acme.lumen · Starter` would otherwise be written with their parts in the wrong order. What a template
puts between elements is isolated here, with the direction of its own first letter. Values within texts are isolated in
the catalogs (`infrastructure.words`), and amounts are elements of their own.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup, escape

ISOLATED: Final = Markup('<span dir="auto">{}</span>')
ALONE: Final = re.compile(r"<(/?)(?:title|textarea|option|bdi)\b")
"""Elements that contain no others, or are isolated as a whole."""

FROM_RIGHT: Final = frozenset({"R", "AL"})


def isolated(value: object) -> object:
    """Return a value as it is put between elements: one that is HTML, a number, or read from the right as it is."""
    is_text = type(value) is str and value and unicodedata.bidirectional(value[0]) not in FROM_RIGHT
    return ISOLATED.format(value) if is_text else escape(value)


class Isolation(Extension):
    """Isolates the values that a template puts between elements; those of attributes and of elements `ALONE` stay."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Yield a template's tokens with the filter around each such value."""
        written, title, isolates = "", False, False
        for token in stream:
            if token.type == "data":
                written += token.value
            elif token.type == "name" and token.value in {"title", "endblock"}:
                title = token.value == "title"
            if token.type == "variable_begin":
                isolates = not title and _is_between_elements(written)
                yield token
                if isolates:
                    yield Token(token.lineno, "lparen", "(")
            elif token.type == "variable_end" and isolates:
                yield from (
                    Token(token.lineno, kind, text)
                    for kind, text in (("rparen", ")"), ("pipe", "|"), ("name", "isolated"))
                )
                yield token
            else:
                yield token


def _is_between_elements(written: str) -> bool:
    if written.rfind("<") > written.rfind(">"):
        return False
    tags = ALONE.findall(written)
    return not tags or tags[-1] == "/"
