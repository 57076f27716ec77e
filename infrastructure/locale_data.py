"""Reduce babel's data to what can be read of each locale: `python locale_data.py DIRECTORY LANGUAGE ...`.

Runs by itself in the Python that packages, because the files are pickles of babel's own classes.

Texts, amounts and dates are written in the languages that the product has texts in, whose locales stay whole. Every
other locale is only known by its name (an account may have it), and by its decimal separator, which a spreadsheet has
in any language (`chalicelib.i18n.words.decimal_sign`).
"""

import pickle
import sys
from pathlib import Path

ALWAYS = "root"
"""What all locales inherit from."""

OF_OTHERS = ("number_symbols", "default_numbering_system", "character_order")


def reduce(directory: Path, languages: frozenset[str]) -> None:
    """Reduce the files of all locales of other languages."""
    for path in sorted(directory.glob("*.dat")):
        if path.stem != ALWAYS and path.stem.partition("_")[0] not in languages:
            data = pickle.loads(path.read_bytes())  # noqa: S301 - a file of the library that is packaged
            kept = {key: data[key] for key in OF_OTHERS if key in data}
            path.write_bytes(pickle.dumps(kept, protocol=2))


if __name__ == "__main__":
    reduce(Path(sys.argv[1]), frozenset(sys.argv[2:]))
