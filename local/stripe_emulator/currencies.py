"""Currencies: decimals, smallest charges, and the amounts that Stripe accepts.

Sources: https://docs.stripe.com/currencies (zero-decimal, three-decimal, minimum and maximum charge amounts).
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from local.stripe_emulator.errors import invalid

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
TWO_DECIMAL = frozenset(
    """usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop
    crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs khr
    kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php
    pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx uyu uzs wst
    xcd xcg yer zar zmw""".split()
)
# Sent with two decimals that must be 00, because fractions of them cannot be charged.
WHOLE_UNITS_ONLY = frozenset({"isk", "ugx"})
SUPPORTED = ZERO_DECIMAL | TWO_DECIMAL | THREE_DECIMAL

PUBLISHED = (Path(__file__).parent / "published_limits.txt").read_text()
MINIMUM_AMOUNTS = {code.lower(): amount for amount, code in re.findall(r"- ([0-9.]+) ([A-Z]{3})\n", PUBLISHED)}
DIGITS = {whose: int(digits) for digits, whose in re.findall(r"- (\d+) digits for (.+)\n", PUBLISHED)}


def check_currency(currency: str) -> str:
    """Return the currency in lower case, or refuse one that Stripe does not accept."""
    lowered = currency.lower()
    if lowered in SUPPORTED:
        return lowered
    raise invalid(
        f"Invalid currency: {currency}. Stripe currently supports these currencies: {', '.join(sorted(SUPPORTED))}",
        param="currency",
    )


def check_amount(amount: int, currency: str) -> int:
    """Return the amount in the currency's minor unit, or refuse it as Stripe does."""
    if amount < 1:
        message = "This value must be greater than or equal to 1."
        raise invalid(message, param="amount", code="parameter_invalid_integer")
    step = smallest_step(currency)
    if amount % step:
        message = f"Invalid amount: {currency.upper()} amounts must be a multiple of {step}, but received {amount}."
        raise invalid(message, param="amount", code="parameter_invalid_integer")
    if amount < minimum_amount(currency):
        least = display(minimum_amount(currency), currency)
        raise invalid(f"Amount must be at least {least}", param="amount", code="amount_too_small")
    if amount > maximum_amount(currency):
        most = display(maximum_amount(currency), currency)
        raise invalid(f"Amount must be no more than {most}", param="amount", code="amount_too_large")
    return amount


def smallest_step(currency: str) -> int:
    """Return the step, in minor units, that every amount of the currency must be a multiple of."""
    if currency in WHOLE_UNITS_ONLY:
        return 100
    return 10 if currency in THREE_DECIMAL else 1


def minimum_amount(currency: str) -> int:
    """Return the smallest charge, in minor units; a guess for a currency whose minimum is not published."""
    decimals = decimals_of(currency)
    if currency not in MINIMUM_AMOUNTS:
        return {0: 50, 2: 50, 3: 200}[decimals]
    return int(Decimal(MINIMUM_AMOUNTS[currency]).scaleb(decimals))


def maximum_amount(currency: str) -> int:
    """Return the largest charge, in minor units."""
    return int(10 ** DIGITS.get(currency.upper(), DIGITS["all other currencies"])) - 1


def decimals_of(currency: str) -> int:
    """Return how many decimals the currency has at Stripe."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def display(amount: int, currency: str) -> str:
    """Return an amount as Stripe's messages write it, such as `$0.50 usd`."""
    decimals = decimals_of(currency)
    whole, fraction = divmod(amount, 10**decimals)
    digits = f"{whole}.{fraction:0{decimals}d}" if decimals else str(whole)
    symbol = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}.get(currency, "")
    return f"{symbol}{digits} {currency}"
