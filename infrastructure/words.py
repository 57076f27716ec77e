"""Bring the translations up to date with the texts of the code: `python -m infrastructure.words` (`make words`).

It collects the texts of the code and the templates, updates each language's `texts.po`, and compiles it to a catalog
for each surface whose texts are all translated. It exits with 1 if a text is not translated for a surface that already
has a catalog of that language, or if a translation has other placeholders than its text.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args
from unicodedata import bidirectional

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from chalicelib.i18n.language import FOLDER, NAME, Surface

CODE: Final = FOLDER.parent.parent
SURFACES: Final[tuple[Surface, ...]] = get_args(Surface)
SURFACES_BY_PATH: Final[dict[str, tuple[Surface, ...]]] = {
    "history/spreadsheet.py": ("spreadsheet",),
    "access/view.py": ("portal",),
    "auto_pay/decision.py": ("portal",),
    "budgets/names.py": ("portal", "mails"),
    "clients/client.py": ("portal",),
    "connection/": ("portal",),
    "invoices/": ("paper",),
    "moves/": ("portal",),
    "notices/": ("mails",),
    "payments/card_name.py": ("portal", "paper"),
    "payments/words.py": ("portal", "mails"),
    "portal/": ("portal",),
    "history/names.py": ("portal", "mails", "paper"),
    "statements/": ("paper",),
}
"""The surfaces that use the texts of a file, by the beginning of the file's path."""

FROM_RIGHT: Final = frozenset({"R", "AL"})
PLACEHOLDER: Final = re.compile(r"%\(\w+\)s")
METHODS: Final = [("**.py", "python"), ("portal/templates/**.html", "jinja2")]
OPTIONS: Final = {"portal/templates/**.html": {"silent": "false"}}
KEYWORDS: Final = {
    "_": None,
    "say": None,
    "mark": None,
    "count": (1, 2),
    "mark_count": (1, 2),
    "say_in": ((1, "c"), 2),
}
NOISE: Final = (
    b"POT-Creation-Date",
    b"PO-Revision-Date",
    b"Generated-By",
    b"Report-",
    b"Last-",
    b"Language-Team",
    b"Project-",
)


class Text(NamedTuple):
    """A text in English: two forms if it depends on a number, and a context if its meaning differs without one."""

    id: str | tuple[str, ...]
    context: str | None


@cache
def collected() -> dict[Text, list[Surface]]:
    """Collect all texts of the code and the templates, with the surfaces that use them.

    Raises ValueError if the surfaces of a text are not known, or if a surface has no texts: it would count as complete.
    """
    found: dict[Text, set[Surface]] = defaultdict(set)
    for path, _line, message, _comments, context in extract_from_dir(CODE, METHODS, OPTIONS, KEYWORDS):
        found[Text(message, context)].update(surfaces_of(path))
    if silent := set(SURFACES) - set().union(*found.values()):
        raise ValueError(f"no texts of {', '.join(silent)} are found")
    texts = {text: [each for each in SURFACES if each in surfaces] for text, surfaces in found.items()}
    return dict(sorted(texts.items(), key=_place))


def _place(item: tuple[Text, list[Surface]]) -> tuple[list[int], str, str]:
    text, surfaces = item
    return [SURFACES.index(each) for each in surfaces], str(text.id), text.context or ""


def surfaces_of(path: str) -> tuple[Surface, ...]:
    """Return the surfaces that use a file's texts. Raises ValueError for a file whose surfaces are not known."""
    for beginning, surfaces in SURFACES_BY_PATH.items():
        if path.startswith(beginning):
            return surfaces
    raise ValueError(f"chalicelib/{path} has texts: name the surfaces that say them in SURFACES_BY_PATH")


def merged(language: str) -> Catalog:
    """Return all texts with a language's translations; texts that are no longer used are dropped."""
    catalog = read(language) if po_path(language).exists() else Catalog(locale=language, fuzzy=False)
    template = Catalog()
    for text, surfaces in collected().items():
        template.add(text.id, context=text.context, auto_comments=[", ".join(surfaces)])
    catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    return catalog


def of_surface(catalog: Catalog, surface: Surface) -> list[Message]:
    """Return the messages of a language's catalog that a surface uses."""
    found = (catalog.get(text.id, text.context) for text, surfaces in collected().items() if surface in surfaces)
    return [message for message in found if message]


def missing(messages: Iterable[Message]) -> list[str]:
    """Return the texts that are not translated."""
    return [str(message.id) for message in messages if message.fuzzy or not _is_complete(message.string)]


def _is_complete(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


def po_path(language: str) -> Path:
    """Return the path of a language's texts."""
    return FOLDER / language / "texts.po"


def read(language: str) -> Catalog:
    """Read a language's texts."""
    with po_path(language).open("rb") as file:
        return read_po(file, locale=language)


def po_bytes(catalog: Catalog) -> bytes:
    """Write a catalog as text, without what differs from run to run."""
    file = BytesIO()
    write_po(file, catalog, width=120, no_location=True)
    lines = [line for line in file.getvalue().splitlines(keepends=True) if not _is_noise(line)]
    return b"".join(lines)


def _is_noise(line: bytes) -> bool:
    return line.startswith((b"# ", b"#\n")) or (line.startswith(b'"') and line[1:].startswith(NOISE))


def mo_bytes(catalog: Catalog, surface: Surface) -> bytes:
    """Compile the texts of a surface. The header's date is fixed, so that the same texts give the same bytes."""
    compiled = Catalog(locale=catalog.locale)
    compiled.creation_date = compiled.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    from_right = bool(catalog.locale) and catalog.locale.text_direction == "rtl"
    for message in of_surface(catalog, surface):
        compiled.add(message.id, _isolated(message.string) if from_right else message.string, context=message.context)
    file = BytesIO()
    write_mo(file, compiled)
    return file.getvalue()


def _isolated(string: Any) -> Any:
    """Isolate the values in a text that is read from right to left: each keeps the order that it has by itself.

    A text that begins with a value or a foreign name begins with a mark, so that it is known where it is read from.
    """
    if not isinstance(string, str):
        return tuple(map(_isolated, string))
    directions = [bidirectional(each) for each in string]
    mark = "\u200f" if directions[0] not in FROM_RIGHT and not FROM_RIGHT.isdisjoint(directions) else ""
    return mark + PLACEHOLDER.sub("\u2068\\g<0>\u2069", string)


def name_of(language: str) -> str:
    """Return a language's name in itself, as it stands in a list."""
    name = str(Locale.parse(language).get_display_name(language))
    return name[:1].upper() + name[1:]


def update(language: str) -> list[str]:
    """Update a language's name, texts and catalogs; return their errors."""
    (FOLDER / language / NAME).write_text(f"{name_of(language)}\n", "utf-8")
    po_path(language).write_bytes(po_bytes(merged(language)))
    catalog = read(language)  # exactly what the file contains is compiled
    wrong = [f"{message.id}: {error}" for message, errors in catalog.check() for error in errors]
    for surface in SURFACES:
        path = FOLDER / language / f"{surface}.mo"
        untranslated = missing(of_surface(catalog, surface))
        if not untranslated:
            path.write_bytes(mo_bytes(catalog, surface))
        elif path.exists():
            wrong += [f"{surface}: not translated: {text}" for text in untranslated]
        else:
            print(f"{language}: {surface} is in English: {len(untranslated)} texts are not translated")
    return wrong


def languages() -> list[str]:
    """Return the languages that have a folder."""
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def main() -> int:
    """Update all languages; return the exit status."""
    wrong = [f"{language}: {each}" for language in languages() for each in update(language)]
    for each in wrong:
        print(each, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
