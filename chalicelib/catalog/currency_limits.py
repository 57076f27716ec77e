"""The limits of the accounts of one currency. Pure."""

import msgspec

from chalicelib.catalog.check_amounts import check_chargeable
from chalicelib.catalog.errors import require
from chalicelib.money import parse_micros
from chalicelib.text import CURRENCIES


class CurrencyLimits(msgspec.Struct, frozen=True):
    """Limits of the accounts of one currency.

    `floor_micros` is the balance at which access ends: zero, or minus the overdraft. Below `low_balance_micros`, a
    wallet without auto-pay counts as low. The limits of auto-pay apply to its amount, and to one charge of several such
    amounts. No card can be charged less than `charge_minimum_micros`. The limits of a client's top-ups are those of
    `client_top_up_...`, where they are set.
    """

    top_up_minimum_micros: int
    top_up_maximum_micros: int
    top_up_shortcuts_micros: tuple[int, ...]
    floor_micros: int
    low_balance_micros: int
    auto_pay_minimum_micros: int
    auto_pay_maximum_micros: int
    charge_minimum_micros: int
    client_top_up_minimum_micros: int | None = None
    client_top_up_maximum_micros: int | None = None

    def of_clients(self) -> "CurrencyLimits":
        """Return the limits of a client."""
        lowest, highest = self.client_top_up_minimum_micros, self.client_top_up_maximum_micros
        return msgspec.structs.replace(
            self,
            top_up_minimum_micros=self.top_up_minimum_micros if lowest is None else lowest,
            top_up_maximum_micros=self.top_up_maximum_micros if highest is None else highest,
        )


class CurrencyEntry(msgspec.Struct, forbid_unknown_fields=True):
    """The limits of one currency as written in the catalog's file."""

    top_up_minimum: str
    top_up_maximum: str
    top_up_shortcuts: list[str]
    overdraft: str
    low_balance: str
    auto_pay_minimum: str
    auto_pay_maximum: str
    charge_minimum: str
    client_top_up_minimum: str | None = None
    client_top_up_maximum: str | None = None


def read_limits(currency: str, limits: CurrencyEntry) -> CurrencyLimits:
    """Return the limits of a currency. Raises InvalidCatalog, InvalidDecimal."""
    require(currency in CURRENCIES, f"{currency!r} is no currency's code in lower case (ISO 4217)")
    minimum, maximum = parse_micros(limits.top_up_minimum), parse_micros(limits.top_up_maximum)
    shortcuts = tuple(parse_micros(shortcut) for shortcut in limits.top_up_shortcuts)
    require(0 < minimum <= maximum, f"{currency}: the top-up minimum is above the maximum, or zero")
    for amount in (minimum, maximum, *shortcuts):
        check_chargeable(f"{currency}: top-ups", amount, currency)
        require(minimum <= amount <= maximum, f"{currency}: the shortcut of {amount} micros is outside the limits")
    lowest, highest = parse_micros(limits.auto_pay_minimum), parse_micros(limits.auto_pay_maximum)
    require(0 < lowest <= highest, f"{currency}: auto-pay's minimum is above its maximum, or zero")
    for amount in (lowest, highest):
        check_chargeable(f"{currency}: auto-pay", amount, currency)
    least = parse_micros(limits.charge_minimum)
    require(0 < least <= minimum, f"{currency}: the smallest charge is above the smallest top-up, or zero")
    check_chargeable(f"{currency}: the smallest charge", least, currency)
    read = CurrencyLimits(
        top_up_minimum_micros=minimum,
        top_up_maximum_micros=maximum,
        top_up_shortcuts_micros=shortcuts,
        floor_micros=-parse_micros(limits.overdraft),
        low_balance_micros=parse_micros(limits.low_balance),
        auto_pay_minimum_micros=lowest,
        auto_pay_maximum_micros=highest,
        charge_minimum_micros=least,
        client_top_up_minimum_micros=_optional(limits.client_top_up_minimum),
        client_top_up_maximum_micros=_optional(limits.client_top_up_maximum),
    )
    _check_clients(currency, read.of_clients())
    return read


def _optional(amount: str | None) -> int | None:
    return None if amount is None else parse_micros(amount)


def _check_clients(currency: str, limits: CurrencyLimits) -> None:
    """Check the limits of clients. Raises InvalidCatalog."""
    lowest, highest = limits.top_up_minimum_micros, limits.top_up_maximum_micros
    require(limits.charge_minimum_micros <= lowest <= highest, f"{currency}: a client's top-up minimum does not fit")
    for amount in (lowest, highest):
        check_chargeable(f"{currency}: a client's top-ups", amount, currency)
    for amount in limits.top_up_shortcuts_micros:
        require(
            lowest <= amount <= highest, f"{currency}: the shortcut of {amount} micros is outside a client's limits"
        )
