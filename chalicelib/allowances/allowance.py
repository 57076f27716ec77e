"""The allowance of a client for a month: its postings, and what is left of it at the end. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.clock import end_of_month_ms
from chalicelib.ledger.posting import CREDIT, DEBIT, Posting, one_leg
from chalicelib.pricing.rebilling import Rebilling
from chalicelib.pricing.tariff import Tariff

SOURCE: Final = "/allowances"
DAY_MS: Final = 24 * 60 * 60 * 1000

WAIT_MS: Final = DAY_MS
"""How long after its month an allowance ends: usage of the month's last hours may still be on its way."""

State = Literal["opened", "credited", "ending", "ended"]


class Allowance(msgspec.Struct, frozen=True):
    """A client's allowance for a month, in micros, fixed when it is opened.

    `opened`: its credit may have been posted. `credited`: it has been. `ending`: `unused_micros` is fixed, and its
    debit may have been posted. `ended`: it has been.
    """

    account_id: str
    month: str
    amount_micros: int
    opened_at_ms: int
    state: State = "opened"
    unused_micros: int | None = None

    @property
    def is_credited(self) -> bool:
        """Tell whether its credit is known to be posted."""
        return self.state != "opened"


def ends_at_ms(month: str) -> int:
    """Return when the allowance of a month ends."""
    return end_of_month_ms(month) + WAIT_MS


def allowance_to_open(tariff: Tariff, month: str, now_ms: int) -> int:
    """Return the allowance, in micros, that a month's usage of a client opens now; 0 for none.

    It is the one that is valid now, or was at the month's end. A month that is over and ended opens none.
    """
    if now_ms >= ends_at_ms(month):
        return 0
    return tariff.rebilling.allowance_at(min(now_ms, end_of_month_ms(month) - 1))


def credit_of(allowance: Allowance) -> Posting:
    """Return the credit of an allowance. It is made only of what never changes, so every path posts the same one."""
    return one_leg(
        allowance.account_id,
        type=CREDIT,
        kind="allowance",
        amount_micros=allowance.amount_micros,
        source=SOURCE,
        event_id=f"allowance/{allowance.month}",
        occurred_at_ms=allowance.opened_at_ms,
        description=f"Allowance for {allowance.month}",
    )


def uncredited(rebilling: Rebilling, allowance: Allowance | None, now_ms: int) -> int:
    """Return what the client's next usage would credit, in micros, by the allowance of this month if there is one."""
    if not rebilling.is_on(now_ms) or (allowance and allowance.is_credited):
        return 0
    return allowance.amount_micros if allowance else rebilling.allowance_at(now_ms)


class AllowanceCredit(Posting, frozen=True, gc=False, kw_only=True):
    """The credit of an allowance that is being opened."""

    allowance: Allowance

    @classmethod
    def of(cls, allowance: Allowance) -> "AllowanceCredit":
        """Return the credit of an allowance."""
        credit = credit_of(allowance)
        return cls(credit.identity, credit.content, credit.legs, credit.actor, allowance=allowance)


def unused_of(allowance: Allowance, used_micros: int) -> int:
    """Return what was not used of an allowance, by what the client used in its month, in micros."""
    return max(0, allowance.amount_micros - used_micros)


def debit_of_unused(allowance: Allowance) -> Posting | None:
    """Return the debit of what was not used of an allowance that is `ending`; None if all of it was used."""
    if not allowance.unused_micros:
        return None
    return one_leg(
        allowance.account_id,
        type=DEBIT,
        kind="allowance_end",
        amount_micros=allowance.unused_micros,
        source=SOURCE,
        event_id=f"allowance-end/{allowance.month}",
        occurred_at_ms=end_of_month_ms(allowance.month),
        description=f"Allowance for {allowance.month} that was not used",
    )
