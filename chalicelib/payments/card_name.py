"""How people call a card. Pure."""

from typing import Final

from chalicelib.i18n.texts import Texts

BRANDS: Final = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}
"""Brands whose name is not Stripe's code with a capital."""


def brand_name(code: str) -> str:
    """Return the name of a brand of cards, from Stripe's code."""
    return BRANDS.get(code, code.replace("_", " ").capitalize())


def card_name(texts: Texts, brand: str, last_four: str) -> str:
    """Name a card: Visa ending in 4242."""
    return texts.say("%(brand)s ending in %(last_four)s", brand=brand_name(brand), last_four=last_four)
