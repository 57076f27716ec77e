"""What prices mean, in sentences for a workspace: what it pays, what its client pays, what it keeps."""

from typing import Final

from chalicelib.clients.rebilling_prices import LevelOrNone, MeterPrice
from chalicelib.clients.warnings import Code
from chalicelib.i18n.texts import mark
from chalicelib.money import format_micros
from chalicelib.portal.names import Names
from chalicelib.portal.words import Words
from chalicelib.pricing.client_price import ClientPrice

SOURCES: Final[dict[LevelOrNone, str]] = {
    "client_meter": mark("set for this client"),
    "client": mark("this client's default"),
    "workspace_meter": mark("your default for this meter"),
    "workspace": mark("your default for all meters"),
    "none": mark("nothing is set: at cost"),
}
"""Whose setting a price is."""

WARNINGS: Final[dict[Code, str]] = {
    "nothing_earned": mark("Charging is on, but none of your prices is above your cost, so you don't earn anything."),
    "below_cost": mark(
        "This price is below your cost, so you lose money on every use. If you entered a multiple: 1.5 "
        "means your cost plus 50 percent; 0.5 means half your cost."
    ),
    "high_markup": mark(
        "This price is more than ten times your cost. If you entered a multiple: 1.5 means your cost plus "
        "50 percent; 50 means fifty times your cost."
    ),
    "price_void": mark(
        "A price is for a different unit than the one we count, now or from a later date. From then on it "
        "doesn't apply and the client pays your cost. Set a price for the new unit."
    ),
    "switch_off": mark("Charging is off, so these prices don't apply until you turn it on."),
}

OF_DEFAULTS: Final[dict[Code, str]] = {
    **WARNINGS,
    "switch_off": mark("New clients aren't charged at first. These prices apply to clients with charging turned on."),
}
"""The same where they are about the defaults for all clients."""


class PriceTexts:
    """Sentences about prices in one language and currency."""

    def __init__(self, words: Words, names: Names, currency: str) -> None:
        self._words, self._names, self._currency = words, names, currency

    def sentence(self, found: MeterPrice) -> str:
        """Say what one unit means: what you pay, what your client pays, what you keep."""
        say = self._words.say
        if found.cost_micros is None or found.price_micros is None or found.margin_micros is None:
            return self._without_unit_price(found.valid)
        shown = {
            "unit": self._names.one(found.unit),
            "cost": self._words.amount(found.cost_micros, self._currency),
            "price": self._words.amount(found.price_micros, self._currency),
            "margin": self._words.amount(abs(found.margin_micros), self._currency),
        }
        if found.margin_micros > 0:
            return say("%(unit)s: you pay %(cost)s, your client pays %(price)s, you keep %(margin)s.", **shown)
        if found.margin_micros:
            return say("%(unit)s: you pay %(cost)s, your client pays %(price)s, you lose %(margin)s.", **shown)
        return say("%(unit)s: you pay %(cost)s, your client pays %(price)s, you keep nothing.", **shown)

    def _without_unit_price(self, price: ClientPrice) -> str:
        say = self._words.say
        if price.state == "absorbed":
            return say("Your client pays nothing. You pay for each use.")
        if price.markup_micros is not None:
            multiple = self._words.number(format_micros(price.markup_micros))
            example = self._words.amount(price.markup_micros, self._currency)
            one = self._words.amount(1_000_000, self._currency)
            return say(
                "Your client pays %(multiple)s times what you pay: %(price)s where you pay %(cost)s.",
                multiple=multiple,
                price=example,
                cost=one,
            )
        return say("Your client pays what you pay, so you keep nothing.")

    def void(self, found: MeterPrice) -> str | None:
        """Say why a price is void; None if it is valid."""
        if not found.is_void or found.chosen.unit_price_micros is None:
            return None
        price = self._words.amount(found.chosen.unit_price_micros, self._currency)
        if found.cost_micros is None:
            return self._words.say(
                "The price of %(price)s no longer applies, because each event now has its own price. The "
                "client pays your cost.",
                price=price,
            )
        return self._words.say(
            "The price of %(price)s no longer applies: it's for %(old)s, and we now charge for %(new)s. The "
            "client pays your cost until you set a price for the new unit.",
            price=price,
            old=self._names.one(found.chosen.unit or ""),
            new=self._names.one(found.unit),
        )

    def setting(self, price: ClientPrice | None) -> str:
        """Name a setting for all meters."""
        say = self._words.say
        if price is None:
            return say("nothing is set")
        if price.markup_micros is not None:
            return say("%(multiple)s times the cost", multiple=self._words.number(format_micros(price.markup_micros)))
        return say("free for the client") if price.state == "absorbed" else say("at cost")
