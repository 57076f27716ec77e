"""The available languages, and the choice of one for a locale."""

from functools import cache
from pathlib import Path
from typing import Final, Literal

Surface = Literal["portal", "mails", "paper", "spreadsheet"]
"""Where people read texts. A surface supports a language that it is complete in: its catalog `<surface>.mo` exists."""

SOURCE_LANGUAGE: Final = "en"
SOURCE_NAME: Final = "English"
NAME: Final = "name.txt"
FOLDER: Final = Path(__file__).with_name("languages")


@cache
def languages(surface: Surface) -> frozenset[str]:
    """Return the languages that a surface supports."""
    return frozenset({SOURCE_LANGUAGE, *(path.parent.name for path in FOLDER.glob(f"*/{surface}.mo"))})


def own_name(language: str) -> str:
    """Return a language's name in itself, which is a file in its folder: babel would read the data of all of them."""
    return SOURCE_NAME if language == SOURCE_LANGUAGE else (FOLDER / language / NAME).read_text("utf-8").strip()


@cache
def _with_region() -> dict[str, str]:
    """Return the languages whose texts are a region's, by the language alone: `pt_BR` by `pt`."""
    folders = [path.name for path in FOLDER.iterdir() if path.is_dir()]
    return {name.partition("_")[0]: name for name in folders if "_" in name}


def language_of(locale: str) -> str:
    """Return the language of a locale: `de` of `de-AT` and of `de_AT`, `pt_BR` of `pt`, of `pt-BR` and of `pt-PT`."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    return _with_region().get(language, language)


def choose_locale(surface: Surface, *preferred: str) -> str:
    """Return the first locale whose language a surface supports; English if there is none."""
    return next((each for each in preferred if language_of(each) in languages(surface)), SOURCE_LANGUAGE)
