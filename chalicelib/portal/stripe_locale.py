"""The locale of Stripe's fields for the language of a page. Pure."""

from typing import Final

from babel import Locale

AUTO: Final = "auto"
"""The browser's language."""

LOCALES: Final = frozenset(
    "ar bg cs da de el en en-AU en-CA en-GB en-NZ es es-419 et fi fil fr fr-CA he hr hu id it ja ko lt lv ms mt nb nl "
    "pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW".split()
)
"""https://docs.stripe.com/js/appendix/supported_locales."""

OTHER_NAMES: Final = {"no": "nb", "nn": "nb", "iw": "he", "tl": "fil", "in": "id"}
LATIN_AMERICA: Final = frozenset("AR BO CL CO CR CU DO EC GT HN MX NI PA PE PR PY SV UY VE".split())


def stripe_locale(locale: Locale) -> str:
    """Return Stripe's name of a locale: with its region if Stripe has that, else its language, else `auto`."""
    language = OTHER_NAMES.get(locale.language, locale.language)
    tried = (f"{language}-{_region(locale, language)}", language)
    return next((name for name in tried if name in LOCALES), AUTO)


def _region(locale: Locale, language: str) -> str | None:
    if language == "es" and locale.territory in LATIN_AMERICA:
        return "419"
    if language == "zh" and locale.territory is None and locale.script == "Hant":
        return "TW"
    return locale.territory
