"""Money: integer micros with a currency, decimal strings outside, whole minor units on a card. Pure.

One unit of a currency is 1,000,000 micros. `round_half_up` is the only place that rounds.
"""

from functools import lru_cache
from typing import Annotated, Final

from msgspec import Meta

from chalicelib.card_limits import largest_charge
from chalicelib.errors import Refusal
from chalicelib.text import whole

MICROS: Final = 1_000_000
PLACES: Final = 6

# https://docs.stripe.com/currencies, "Zero-decimal" and "Three-decimal currencies"; all others have two.
ZERO_DECIMAL: Final = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL: Final = frozenset("bhd jod kwd omr tnd".split())
# The same page, "Special cases": sent to Stripe with two decimals, but only whole units can be charged.
WHOLE_UNITS_ONLY: Final = frozenset("isk ugx".split())

MAXIMUM_DIGITS: Final = 12
"""Whole digits an amount or quantity may have: far above any real one, far below what a DynamoDB number holds."""


Decimal = Annotated[
    str,
    Meta(
        pattern=whole(r"[0-9]{1,12}(\.[0-9]{1,6})?"),
        description="A decimal string with at most 12 digits before the point and 6 behind it, without sign.",
        examples=["25.00", "0.0025"],
    ),
]
"""How an amount or a quantity is written in a request; `parse_micros` reads it."""

SignedDecimal = Annotated[
    str,
    Meta(
        pattern=whole(r"-?[0-9]{1,30}(\.[0-9]{1,6})?"),
        description="A decimal string with at most 6 digits behind the point, which may be negative: a balance.",
        examples=["25.00", "-0.0025"],
    ),
]
"""How a balance is written in a request; `parse_signed_micros` reads it."""

Currency = Annotated[str, Meta(pattern=whole("[a-z]{3}"), description="ISO 4217 code, lower-case.", examples=["usd"])]


class InvalidDecimal(Refusal):
    """Not a plain decimal with at most six places."""

    status = 422
    type = "invalid-decimal"
    title = "Not a valid decimal"

    def __init__(self, text: str) -> None:
        super().__init__(
            f'{text[:40]!r} is not a decimal such as "12.50" with at most {PLACES} places', value=text[:40]
        )


class NotChargeable(Refusal):
    """An amount that a card in this currency cannot be charged."""

    status = 422
    type = "amount-not-chargeable"
    title = "The amount cannot be charged to a card"


@lru_cache(maxsize=8192)
def parse_micros(text: str) -> int:
    """Read a non-negative decimal string as micros (also a quantity as millionths); exact or refused.

    Raises InvalidDecimal for anything but digits with at most six places: no sign, exponent, NaN, blank or grouping.
    """
    whole, point, fraction = text.partition(".")
    digits = whole + fraction
    if (
        not (digits.isascii() and digits.isdigit())
        or not whole
        or len(whole) > MAXIMUM_DIGITS
        or len(fraction) > PLACES
        or (point and not fraction)
    ):
        raise InvalidDecimal(text)
    return int(whole) * MICROS + int(fraction.ljust(PLACES, "0"))


def parse_signed_micros(text: SignedDecimal) -> int:
    """Read a balance, as answers write it, as micros."""
    whole, _, fraction = text.removeprefix("-").partition(".")
    micros = int(whole) * MICROS + int(fraction.ljust(PLACES, "0"))
    return -micros if text.startswith("-") else micros


def format_micros(amount_micros: int, places: int = 0) -> str:
    """Write micros as a decimal string with `places` places, or with more if the amount needs them."""
    whole, fraction = divmod(abs(amount_micros), MICROS)
    decimals = f"{fraction:06d}".rstrip("0").ljust(places, "0")
    sign = "-" if amount_micros < 0 else ""
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"


def format_amount(amount_micros: int, currency: str) -> str:
    """Write an amount as the API does: at least the currency's own places, never rounded."""
    return format_micros(amount_micros, places_of(currency))


def places_of(currency: str) -> int:
    """Return how many decimal places the currency has in ISO 4217: none where only whole units can be charged."""
    return 0 if currency in WHOLE_UNITS_ONLY else decimals_of(currency)


def decimals_of(currency: str) -> int:
    """Return how many decimals Stripe's minor unit has: 0, 2 or 3. For display use `places_of`."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def cost_micros(unit_price_micros: int, quantity_micros: int) -> int:
    """Multiply a unit price (micros) by a quantity (millionths), rounded half up to micros."""
    if quantity_micros % MICROS == 0:  # nearly every event: whole units need no rounding
        return unit_price_micros * (quantity_micros // MICROS)
    return round_half_up(unit_price_micros * quantity_micros, MICROS)


def round_half_up(numerator: int, denominator: int) -> int:
    """Divide, rounded half up to a whole number: the only rounding. Neither may be negative."""
    return (2 * numerator + denominator) // (2 * denominator)


def round_estimate(amount_micros: int, currency: str) -> int:
    """Round an estimate to three digits, but not below the currency's own places, nor to zero: it is not exact."""
    step = MICROS // 10 ** places_of(currency)
    while amount_micros >= step * 1000:
        step *= 10
    return max(round_half_up(amount_micros, step), 1) * step if amount_micros > 0 else 0


def to_card_amount(amount_micros: int, currency: str) -> int:
    """Return the amount as Stripe accepts it, an integer of minor units.

    Raises NotChargeable unless it is positive and a multiple of the currency's card step, which is ten minor units in
    three-decimal currencies (https://docs.stripe.com/currencies#three-decimal); also if it has more digits than Stripe
    accepts.
    """
    step = card_step_micros(currency)
    if amount_micros <= 0 or amount_micros % step:
        raise NotChargeable(
            f"{format_amount(amount_micros, currency)} {currency} cannot be charged: "
            f"cards take multiples of {format_micros(step)} {currency}",
            step=format_micros(step),
            currency=currency,
        )
    minor_units = amount_micros // (MICROS // _minor_units(currency))
    largest = largest_charge(currency)
    if minor_units > largest:
        most = format_amount(from_card_amount(largest, currency), currency)
        raise NotChargeable(f"a card takes at most {most} {currency} at once", maximum=most, currency=currency)
    return minor_units


def from_card_amount(minor_units: int, currency: str) -> int:
    """Return an amount in Stripe's minor units as micros."""
    return minor_units * (MICROS // _minor_units(currency))


def card_step_micros(currency: str) -> int:
    """Return the smallest step, in micros, in which a card can be charged in this currency."""
    if currency in WHOLE_UNITS_ONLY:
        return MICROS
    step = MICROS // _minor_units(currency)
    return step * 10 if currency in THREE_DECIMAL else step


def _minor_units(currency: str) -> int:
    """Return how many minor units make one unit of the currency."""
    return {0: 1, 2: 100, 3: 1000}[decimals_of(currency)]
