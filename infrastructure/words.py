"""Bring the portal's catalogs up to date with its texts: `python -m infrastructure.words` (`make words`).

It collects the texts of the code and the templates into `portal.pot`, merges them into each language's `portal.po`,
and compiles that into `portal.mo`. The English catalog says what the code says. It ends with 1 if a text is not
translated.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).resolve().parent.parent
PORTAL: Final = ROOT / "chalicelib" / "portal"
WORDS: Final = PORTAL / "words"
SOURCE_LANGUAGE: Final = "en"
METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2")]
NOISE: Final = (
    b"POT-Creation-Date",
    b"PO-Revision-Date",
    b"Generated-By",
    b"Report-",
    b"Last-",
    b"Language-Team",
    b"Project-",
)
KEYWORDS: Final = {
    **dict.fromkeys(("_", "gettext", "say", "mark")),
    **dict.fromkeys(("ngettext", "count", "mark_count"), (1, 2)),
}


def collected() -> Catalog:
    """Collect all texts from the code and the templates."""
    catalog = Catalog(project="billing-portal", charset="utf-8", fuzzy=False)
    options = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
    found = extract_from_dir(PORTAL, METHODS, options, KEYWORDS, ("Translators:",))
    for name, _line, message, comments, context in sorted(found, key=lambda each: (each[0], each[1])):
        catalog.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    return catalog


def merged(language: str, texts: Catalog) -> Catalog:
    """Return a language's catalog with all texts; what is no longer said is dropped."""
    path = WORDS / language / "LC_MESSAGES" / "portal.po"
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file, locale=language)
    else:
        catalog = Catalog(locale=language, charset="utf-8", fuzzy=False)
    catalog.update(texts, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    if language == SOURCE_LANGUAGE:
        for message in catalog:
            if message.id:
                message.string = message.id
    return catalog


def missing(catalog: Catalog) -> list[str]:
    """Return the texts that a catalog does not translate."""
    return [str(message.id) for message in catalog if message.id and not _is_complete(message.string)]


def _is_complete(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


def po_bytes(catalog: Catalog) -> bytes:
    """Write a catalog as text, without what differs from run to run."""
    file = BytesIO()
    write_po(file, catalog, width=120, omit_header=False, sort_output=True, no_location=True)
    lines = [line for line in file.getvalue().splitlines(keepends=True) if not _is_noise(line)]
    return b"".join(lines)


def _is_noise(line: bytes) -> bool:
    return line.startswith((b"# ", b"#\n")) or (line.startswith(b'"') and line[1:].startswith(NOISE))


def mo_bytes(catalog: Catalog) -> bytes:
    """Compile a catalog. Its header always has the same date, so that the same texts are the same bytes."""
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def languages() -> Iterator[str]:
    """Yield the languages that have a folder."""
    for folder in sorted(WORDS.glob("*/LC_MESSAGES")):
        yield folder.parent.name


def main() -> int:
    """Update all catalogs; return the exit status."""
    texts, untranslated = collected(), 0
    (WORDS / "portal.pot").write_bytes(po_bytes(texts))
    for language in languages():
        catalog = merged(language, texts)
        folder = WORDS / language / "LC_MESSAGES"
        (folder / "portal.po").write_bytes(po_bytes(catalog))
        # Read back: what is compiled is what the text says, and no more.
        with (folder / "portal.po").open("rb") as file:
            (folder / "portal.mo").write_bytes(mo_bytes(read_po(file, locale=language)))
        for text in missing(catalog):
            untranslated += 1
            print(f"{language}: not translated: {text}", file=sys.stderr)
    return 1 if untranslated else 0


if __name__ == "__main__":
    sys.exit(main())
