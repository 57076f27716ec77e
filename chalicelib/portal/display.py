"""How a person wants to see the portal: its language and its theme, kept in cookies of the portal. Pure.

`auto` leaves the theme to the device: the stylesheets ask for it. For another choice they are served with the question
answered (`themed`), so that each rule is written once, and the page has its colours from its first moment.
"""

import re
from typing import Final, Literal, get_args

import msgspec

from chalicelib.i18n.language import language_of, languages

Theme = Literal["auto", "light", "dark"]
THEMES: Final[tuple[Theme, ...]] = get_args(Theme)

ALWAYS: Final = "(min-width: 0)"
NEVER: Final = "(max-width: 0)"
_ASKS_FOR_DARK: Final = re.compile(r"\(prefers-color-scheme: ?dark\)")
_IS_BOTH: Final = re.compile(r"color-scheme: ?light dark")


class Display(msgspec.Struct, frozen=True):
    """A person's choices; without a language, the session, the browser and the account decide."""

    language: str | None = None
    theme: Theme = "auto"

    @property
    def suffix(self) -> str:
        """Return what the names of stylesheets have before their `.css`."""
        return "" if self.theme == "auto" else f".{self.theme}"

    @property
    def color_scheme(self) -> str:
        """Return the theme as CSS names it."""
        return "light dark" if self.theme == "auto" else self.theme

    def locales(self, *preferred: str | None) -> list[str]:
        """Return locales in the order in which they are wanted: of the chosen language, then as they are given.

        With a browser that asks for en-GB, English is British.
        """
        given = [each for each in preferred if each]
        if self.language is None:
            return given
        return [*(each for each in given if language_of(each) == self.language), self.language, *given]


def read_display(language: str | None, theme: str | None) -> Display:
    """Return the choices of a form or of cookies; what is not known is not chosen."""
    chosen: Theme = next((each for each in THEMES if each == theme), "auto")
    return Display(language if language in languages("portal") else None, chosen)


def themed(stylesheet: str, theme: Theme) -> str:
    """Return a stylesheet for a theme."""
    if theme == "auto":
        return stylesheet
    answered = _ASKS_FOR_DARK.sub(ALWAYS if theme == "dark" else NEVER, stylesheet)
    return _IS_BOTH.sub(f"color-scheme:{theme}", answered)
