"""Texts in the language of a locale. The English in the code is the source; `mark` marks texts translated elsewhere."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from typing import Final

from chalicelib.i18n.language import FOLDER, SOURCE_LANGUAGE, Surface, choose_locale, language_of

COMMAS: Final = dict.fromkeys(("ar", "fa", "ur"), "\u060c ")
COLONS: Final = {"fr": "\u202f: "}


def mark(text: str) -> str:
    """Mark a text for translation; it is translated where it is used."""
    return text


def mark_count(one: str, many: str) -> tuple[str, str]:
    """Mark a text that depends on a number."""
    return one, many


class Texts:
    """The texts of a surface, in the language of the first of several locales that it supports."""

    def __init__(self, surface: Surface, *preferred: str) -> None:
        self.locale_name = choose_locale(surface, *preferred)
        self.language = language_of(self.locale_name)
        self.translations = _translations(surface, self.language)

    @property
    def comma(self) -> str:
        """Return what separates the names of a list."""
        return COMMAS.get(self.language, ", ")

    @property
    def colon(self) -> str:
        """Return what stands between a label and its value."""
        return COLONS.get(self.language, ": ")

    @property
    def tag(self) -> str:
        """Return the language as HTML and PDF name it: pt-BR."""
        return self.language.replace("_", "-")

    def say(self, text: str, /, **values: object) -> str:
        """Translate a text and fill in its `%(names)s`."""
        translated = self.translations.gettext(text)
        return translated % values if values else translated

    def say_in(self, context: str, text: str) -> str:
        """Translate a short text whose meaning depends on the context."""
        return self.translations.pgettext(context, text)

    def plural(self, forms: tuple[str, str], number: int, /, **values: object) -> str:
        """Translate a text that depends on a number and fill in its `%(names)s`."""
        return self.translations.ngettext(*forms, number) % values


@cache
def _translations(surface: Surface, language: str) -> NullTranslations:
    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    with (FOLDER / language / f"{surface}.mo").open("rb") as file:
        return GNUTranslations(file)
