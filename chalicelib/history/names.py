"""What kinds of transactions, units and what the catalog sells are called, for people. Pure.

Names from the catalog are shown translated if there is a translation, and unchanged if not.
"""

from typing import Final

from chalicelib.catalog.meter import Meter
from chalicelib.i18n.texts import Texts, mark, mark_count
from chalicelib.money import MICROS

KINDS: Final = {
    "top_up": mark("Balance added"),
    "auto_pay": mark("Auto-pay"),
    "adjustment": mark("Adjustment"),
    "refund": mark("Refund"),
    "refund_failed": mark("Refund that came back"),
    "dispute": mark("Disputed payment"),
    "dispute_reversal": mark("Dispute won back"),
    "usage": mark("Usage"),
    "allowance": mark("Allowance"),
    "allowance_end": mark("Unused allowance"),
    "settlement": mark("Balance settled on moving"),
    "repeat_given_back": mark("Charged twice, given back"),
    "opening_balance": mark("Balance brought over"),
    "imported": mark("Transaction brought over"),
}

UNITS: Final = {
    "message": mark_count("%(number)s message", "%(number)s messages"),
    "minute": mark_count("%(number)s minute", "%(number)s minutes"),
    "request": mark_count("%(number)s request", "%(number)s requests"),
    "number": mark_count("%(number)s number", "%(number)s numbers"),
    "call": mark_count("%(number)s call", "%(number)s calls"),
    "lookup": mark_count("%(number)s lookup", "%(number)s lookups"),
}

FRACTION: Final = 100
"""A whole number with the plural of a fraction: 1.5 minutes. Arabic has forms of its own for two, and for up to 99."""

CATALOG: Final = (
    mark("SMS message"),
    mark("Voice call"),
    mark("Email"),
    mark("AI model"),
    mark("Phone number"),
    mark("Voice features"),
    mark("Starter"),
    mark("Agency"),
    mark("Solo"),
    mark("Starter, yearly"),
    mark("Agency, yearly"),
    mark("AI call"),
    mark("Voice engine"),
    mark("Language model"),
    mark("Knowledge base"),
    mark("Telephony"),
    mark("Web audio"),
)
"""Names in the catalog that comes with the project, to be translated; operators add their own names here."""


def name_of_kind(texts: Texts, kind: str) -> str:
    """Name a kind of transaction; one that is not known, by its key in readable form."""
    return texts.say(KINDS[kind]) if kind in KINDS else readable(kind)


def name_of_meter(texts: Texts, meter: str, found: Meter | None) -> str:
    """Name a meter; one that is not in the catalog any more, by its key in readable form."""
    return texts.say(found.name) if found else readable(meter)


def plural_of(quantity_micros: int) -> int:
    """Return a whole number with the plural of a quantity."""
    return FRACTION if quantity_micros % MICROS else quantity_micros // MICROS


def readable(key: str) -> str:
    """Write a key as a name."""
    return key.replace("_", " ").capitalize()
