"""What a person or a program sends to set a budget, and how it is checked. Pure."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.accounts.account import CurrencyMismatch
from chalicelib.budgets.budget import PERCENTS, PERIODS, Budget, BudgetInvalid, BudgetNotFound, Percent, Period
from chalicelib.catalog.meter import Meter
from chalicelib.money import PLACES, Currency, Decimal, parse_micros, places_of

Percents = Annotated[
    list[Percent], Meta(max_length=len(PERCENTS), description="At which percentages of the limit to tell: 50, 75, 100.")
]


class BudgetRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A budget; what is left out stays as it is. A new one tells of 50, 75 and 100 %, and closes nothing.

    `limit` is above zero, with at most the decimals of the account's currency. With `close`, access is closed at 100 %,
    which is told in any case. `currency` is optional; if it is sent, it must be the account's.
    """

    limit: Decimal
    tell: Percents | UnsetType = UNSET
    close: bool | UnsetType = UNSET
    currency: Currency | None = None

    def over(
        self, kept: Budget | None, meter: str | None, period: Period, *, currency: str, actor: str, now_ms: int
    ) -> Budget:
        """Return the budget that this makes of a stored one, or of none. Raises BudgetInvalid, CurrencyMismatch."""
        if self.currency not in {None, currency}:
            raise CurrencyMismatch(str(self.currency), currency)
        tell = (kept.tell if kept else PERCENTS) if self.tell is UNSET else tuple(sorted({*self.tell}))
        return Budget(
            meter=meter,
            period=period,
            limit_micros=_limit_micros(self.limit, currency),
            currency=currency,
            tell=tell,
            close=(kept.close if kept else False) if self.close is UNSET else self.close,
            actor=actor,
            updated_at_ms=now_ms,
            told=kept.told if kept else None,
        )


def _limit_micros(text: str, currency: str) -> int:
    """Return a limit in micros. Raises BudgetInvalid."""
    micros, places = parse_micros(text), places_of(currency)
    if micros <= 0:
        raise BudgetInvalid("limit: must be above zero; to stop all usage, suspend the account", field="limit")
    if micros % 10 ** (PLACES - places):
        raise BudgetInvalid(f"limit: {text} has more than the {places} decimals of {currency}", field="limit")
    return micros


def read_budget_id(budget_id: str, meters: dict[str, Meter]) -> tuple[str | None, Period]:
    """Return what a budget is for: a meter of the catalog, or None for the whole account, and the period.

    Raises BudgetNotFound.
    """
    meter, _, name = budget_id.rpartition(".")
    period = next((each for each in PERIODS if each == name), None)
    if period == budget_id:
        return None, period
    if period is None or meter not in meters or meters[meter].parts:
        raise BudgetNotFound(
            f"{budget_id[:64]!r} names no budget: it is day or month, or a meter of the catalog and one of them, "
            "such as sms.month; of a meter that has parts, each part can have a budget"
        )
    return meter, period
