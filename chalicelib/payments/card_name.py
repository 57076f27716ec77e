"""How people call a card. Pure."""

from typing import Final

from chalicelib.i18n.texts import Texts

BRANDS: Final = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}
"""Brands whose name is not Stripe's code with a capital."""

WALLETS: Final = {"apple_pay": "Apple Pay", "google_pay": "Google Pay", "link": "Link", "samsung_pay": "Samsung Pay"}


def brand_name(code: str) -> str:
    """Return the name of a brand of cards, from Stripe's code."""
    return BRANDS.get(code, code.replace("_", " ").capitalize())


def card_name(texts: Texts, brand: str, last_four: str, wallet: str | None = None) -> str:
    """Name a card: Visa ending in 4242, or Visa ending in 4242 (Apple Pay)."""
    name = texts.say("%(brand)s ending in %(last_four)s", brand=brand_name(brand), last_four=last_four)
    return f"{name} ({WALLETS.get(wallet, brand_name(wallet))})" if wallet else name
