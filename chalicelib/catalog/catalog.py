"""The catalog as types, read from `catalog.toml`. Everything is checked here, so callers need no checks."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from chalicelib.catalog.check_amounts import check_price
from chalicelib.catalog.connect_fee import ConnectFee, ConnectFeeEntry
from chalicelib.catalog.currency_limits import CurrencyEntry, CurrencyLimits, read_limits
from chalicelib.catalog.errors import InvalidCatalog, require
from chalicelib.catalog.meter import Meter, MeterEntry, check_parts, read_meter
from chalicelib.catalog.policies import Disputes, Dunning, PaymentPolicy, Retries, Trials
from chalicelib.catalog.seller import Seller
from chalicelib.catalog.tax import Tax, TaxEntry, TaxInvalid
from chalicelib.errors import Refusal
from chalicelib.money import parse_micros
from chalicelib.png import LARGEST_SIDE
from chalicelib.text import Country, WrongText
from chalicelib.typed import read_toml

FILE: Final = Path(__file__).with_name("catalog.toml")
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")


class UnknownCurrency(Refusal):
    """A currency that is not in the catalog."""

    status = 422
    type = "unknown-currency"
    title = "The currency is not in the catalog"

    def __init__(self, currency: str, known: list[str]) -> None:
        super().__init__(f"{currency!r} is not sold in; take one of: {', '.join(known)}", field="currency", known=known)


class UsageLimits(msgspec.Struct, frozen=True):
    """Limits of usage events.

    With `give_back_repeats`, the nightly audit gives back what was charged twice.
    """

    maximum_age_ms: int
    maximum_future_ms: int
    maximum_quantity_micros: int
    maximum_amount_micros: int
    give_back_repeats: bool = False


LONGEST_PAUSE_DAYS: Final = 365

MOST_OF_AN_ADD_ON: Final = 10_000
"""The limit of an add-on for which the catalog sets no lower one."""


class Product(msgspec.Struct, frozen=True):
    """A plan or an add-on, with its amount by currency: an add-on's for a month, a plan's for its `months`.

    `unit` says what one of an add-on is, for whoever shows it: nothing here reads it. It is empty for a plan.
    `trial_add_ons` are included in a plan's trial. A plan may be paused for `pausable_days` after its period, if any.
    An account has at most `maximum` of an add-on. A `retired` product is no longer sold; accounts that have it keep it.
    """

    name: str
    unit: str
    amounts_micros: dict[str, int]
    months: int = 1
    trial_days: int = 0
    trial_add_ons: dict[str, int] = {}
    retired: bool = False
    maximum: int = MOST_OF_AN_ADD_ON
    pausable_days: int = 0


class Catalog(msgspec.Struct, frozen=True):
    """Everything that is sold, and the limits."""

    usage: UsageLimits
    currencies: dict[str, CurrencyLimits]
    meters: dict[str, Meter]
    plans: dict[str, Product]
    add_ons: dict[str, Product]
    auto_pay: Retries
    dunning: Dunning
    seller: Seller
    taxes: dict[str, Tax]
    trials: Trials = Trials()
    payments: PaymentPolicy = PaymentPolicy()
    disputes: Disputes = Disputes()
    connect: ConnectFee = ConnectFee()

    def limits(self, currency: str, kind: Literal["workspace", "client"] = "workspace") -> CurrencyLimits:
        """Return the limits of the accounts of a currency. Raises UnknownCurrency."""
        limits = self.currencies.get(currency)
        if limits is None:
            raise UnknownCurrency(currency, sorted(self.currencies))
        return limits.of_clients() if kind == "client" else limits


class _Usage(msgspec.Struct, forbid_unknown_fields=True):
    maximum_age_days: int
    maximum_future_minutes: int
    maximum_quantity: str
    maximum_amount: str
    give_back_repeats: bool = False


class _Plan(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    amounts: dict[str, str]
    interval: Literal["month", "year"] = "month"
    trial_days: Annotated[int, Meta(ge=0, le=365)] = 0
    trial_add_ons: dict[str, Annotated[int, Meta(ge=1, le=MOST_OF_AN_ADD_ON)]] = {}
    pausable_days: Annotated[int, Meta(ge=1, le=LONGEST_PAUSE_DAYS)] | None = None
    retired: bool = False


class _AddOn(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    unit: str
    amounts: dict[str, str]
    retired: bool = False
    maximum: Annotated[int, Meta(ge=1, le=MOST_OF_AN_ADD_ON)] = MOST_OF_AN_ADD_ON


class _Dunning(msgspec.Struct, forbid_unknown_fields=True):
    retry_after_days: list[Annotated[int, Meta(ge=1, le=60)]]
    grace_days: Annotated[int, Meta(ge=0, le=60)]
    ends_as: Literal["unpaid", "canceled"]


class _AutoPay(msgspec.Struct, forbid_unknown_fields=True):
    retry_after_hours: list[Annotated[int, Meta(ge=1, le=720)]]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    usage: _Usage
    currencies: dict[str, CurrencyEntry]
    meters: dict[str, MeterEntry]
    plans: dict[str, _Plan]
    add_ons: dict[str, _AddOn]
    auto_pay: _AutoPay
    dunning: _Dunning
    seller: Seller
    trials: Trials = Trials()
    payments: PaymentPolicy = PaymentPolicy()
    disputes: Disputes = Disputes()
    taxes: dict[str, TaxEntry] = {}
    connect: ConnectFeeEntry = ConnectFeeEntry()


@cache
def catalog() -> Catalog:
    """Return the catalog that is deployed with the code, read on first use."""
    return read_catalog(FILE.read_bytes())


def read_catalog(toml: bytes) -> Catalog:
    """Read a catalog. Raises InvalidCatalog with the place and the reason."""
    try:
        found = read_toml(toml, _File)
        for name in (*found.meters, *found.plans, *found.add_ons):
            require(bool(NAME.fullmatch(name)), f"{name!r} is not a name of lower-case letters, digits and underscores")
        for name, meter in found.meters.items():
            check_parts(name, meter.parts, found.meters)
        taxes: dict[str, Tax] = {_country(country): _tax(country, tax) for country, tax in found.taxes.items()}
        for name, product in (found.plans | found.add_ons).items():
            for currency, amount in product.amounts.items():
                check_price(f"{name} in {currency}", parse_micros(amount), currency, taxes.values())
        return Catalog(
            usage=_usage_limits(found.usage),
            currencies={currency: read_limits(currency, limits) for currency, limits in found.currencies.items()},
            meters={name: read_meter(name, meter, found.currencies) for name, meter in found.meters.items()},
            plans={name: _plan(name, plan, found) for name, plan in found.plans.items()},
            add_ons={name: _add_on(name, add_on, found.currencies) for name, add_on in found.add_ons.items()},
            auto_pay=Retries(tuple(hours * 60 * 60 * 1000 for hours in found.auto_pay.retry_after_hours)),
            dunning=_dunning(found.dunning),
            trials=found.trials,
            seller=_seller(found.seller),
            taxes=taxes,
            payments=found.payments,
            disputes=found.disputes,
            connect=found.connect.read(found.currencies),
        )
    except (msgspec.DecodeError, UnicodeDecodeError, WrongText, Refusal) as error:
        raise InvalidCatalog(str(error)) from error


def _country(code: str) -> Country:
    try:
        return Country(code)
    except WrongText as error:
        raise InvalidCatalog(f"taxes.{code}: {error}") from None


def _usage_limits(usage: _Usage) -> UsageLimits:
    return UsageLimits(
        maximum_age_ms=usage.maximum_age_days * 24 * 60 * 60 * 1000,
        maximum_future_ms=usage.maximum_future_minutes * 60 * 1000,
        maximum_quantity_micros=parse_micros(usage.maximum_quantity),
        maximum_amount_micros=parse_micros(usage.maximum_amount),
        give_back_repeats=usage.give_back_repeats,
    )


def _plan(name: str, plan: _Plan, found: _File) -> Product:
    months, included = {"month": 1, "year": 12}[plan.interval], plan.trial_add_ons
    require(plan.trial_days or not included, f"{name}: add-ons are included in a trial, and there is none")
    for add_on in included:
        require(add_on in found.add_ons, f"{name}: its trial's {add_on!r} is not among the add-ons")
        require(
            included[add_on] <= found.add_ons[add_on].maximum, f"{name}: its trial has more {add_on!r} than allowed"
        )
    amounts = _amounts(name, plan.amounts, found.currencies)
    pausable_days = plan.pausable_days or 0
    return Product(plan.name, "", amounts, months, plan.trial_days, included, plan.retired, pausable_days=pausable_days)


def _add_on(name: str, add_on: _AddOn, currencies: Mapping[str, CurrencyEntry]) -> Product:
    amounts = _amounts(name, add_on.amounts, currencies)
    return Product(add_on.name, add_on.unit, amounts, retired=add_on.retired, maximum=add_on.maximum)


def _amounts(name: str, amounts: Mapping[str, str], currencies: Mapping[str, CurrencyEntry]) -> dict[str, int]:
    for currency in amounts:
        require(currency in currencies, f"{name}: {currency!r} is not among the currencies")
    return {currency: parse_micros(amount) for currency, amount in amounts.items()}


def _dunning(dunning: _Dunning) -> Dunning:
    days = tuple(dunning.retry_after_days)
    require(days and days == tuple(sorted(set(days))), "dunning: the days of retries must rise, and be at least one")
    return Dunning(days, dunning.grace_days, dunning.ends_as)


def _seller(seller: Seller) -> Seller:
    wanted = f"a PNG of at most {LARGEST_SIDE} pixels a side"
    require(seller.is_complete(), f"the seller's logo {seller.logo} is not beside the catalog, or is not {wanted}")
    return seller


def _tax(country: str, entry: TaxEntry) -> Tax:
    try:
        return entry.read()
    except TaxInvalid as refusal:
        raise InvalidCatalog(f"{country}: {refusal.detail}") from None
