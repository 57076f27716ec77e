"""A difference that was found: between a wallet and its pages, or between Stripe, our rows and the ledger. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.checks.compare import Difference
from chalicelib.stripe_api.stripe_account import StripeAccount

Kind = Literal["wallet", "payment", "refund", "dispute"]

WALLET: Final = "wallet"
AT_STRIPE: Final = "stripe#"
"""The prefix of what stands for the account of something at Stripe that names no payment of ours. No account's id has
a `#`."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A difference, open until `resolved_at_ms`. An amount is None if a side does not have it at all.

    `object_id` is our id of a payment, Stripe's of a refund or dispute; None for a wallet, whose `problem` is the
    sentence that verification gives. `stripe_ids` are the objects at Stripe that were compared. `found_at_ms` is when
    it was first found, `seen_at_ms` when it was last.
    """

    account_id: str
    kind: Kind
    problem: str
    found_at_ms: int
    seen_at_ms: int
    object_id: str | None = None
    payment_id: str | None = None
    stripe_account: str | None = None
    stripe_ids: tuple[str, ...] = ()
    at_ms: int | None = None
    currency: str | None = None
    stripe_micros: int | None = None
    row_micros: int | None = None
    ledger_micros: int | None = None
    resolved_at_ms: int | None = None

    @property
    def finding_id(self) -> str:
        """Return what distinguishes it from the account's others: an account has one difference of its wallet."""
        return finding_id(self.kind, self.object_id)

    @property
    def is_open(self) -> bool:
        """Tell whether it has not been resolved."""
        return self.resolved_at_ms is None

    @property
    def owner_id(self) -> str | None:
        """Return the account that it is about; None for something at Stripe that names no payment of ours."""
        return None if self.account_id.startswith(AT_STRIPE) else self.account_id


def finding_id(kind: Kind, object_id: str | None) -> str:
    """Return the id of a finding within its account."""
    return kind if object_id is None else f"{kind}#{object_id}"


def wallet_finding(account_id: str, difference: str, now_ms: int) -> Finding:
    """Return the finding of a wallet that does not add up."""
    return Finding(account_id=account_id, kind=WALLET, problem=difference, found_at_ms=now_ms, seen_at_ms=now_ms)


def account_at(stripe_account: StripeAccount) -> str:
    """Return what stands for the account of something on a Stripe account that names no payment of ours."""
    return AT_STRIPE + stripe_account.key


def payment_finding(
    difference: Difference, *, account_id: str, stripe_account: StripeAccount, stripe_ids: tuple[str, ...], now_ms: int
) -> Finding:
    """Return the finding of a payment, refund or dispute on which the sides differ."""
    return Finding(
        account_id=account_id,
        kind=difference.kind,
        problem=difference.problem,
        found_at_ms=now_ms,
        seen_at_ms=now_ms,
        object_id=difference.id,
        payment_id=difference.payment_id or None,
        stripe_account=stripe_account.id,
        stripe_ids=stripe_ids,
        at_ms=difference.at_ms,
        currency=difference.currency,
        stripe_micros=difference.stripe_micros,
        row_micros=difference.row_micros,
        ledger_micros=difference.ledger_micros,
    )
