"""Compare what Stripe has with what we have, in both directions. Pure."""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

Kind = Literal["payment", "refund", "dispute"]
Problem = Literal["missed here", "row missing", "not in the ledger", "unknown to Stripe", "amount differs"]
Key = tuple[Kind, str]


class StripeRecord(msgspec.Struct, frozen=True):
    """A payment, refund or dispute, as one side records it. Amounts are never negative.

    `moved_micros` is the money that it has moved so far: 0 for a refund that was returned, or a dispute that was won.
    `at_ms` is when it was created.
    """

    account_id: str
    payment_id: str
    at_ms: int
    moved_micros: int
    currency: str


class Row(msgspec.Struct, frozen=True):
    """A record of our rows, with the amount that the ledger should have for it: 0 for a subscription's."""

    fact: StripeRecord
    wallet_micros: int
    stripe_account: str | None = None


class LedgerEntry(msgspec.Struct, frozen=True):
    """What the ledger has for a payment, refund or dispute, all of its entries together. Debits are negative."""

    account_id: str
    payment_id: str
    at_ms: int
    micros: int
    currency: str


class Sides(msgspec.Struct, frozen=True):
    """What each side has, by kind and id: our id of a payment, Stripe's of a refund or dispute.

    `unread` maps what could not be read to the reason: accounts, by their rows or ledger, which are then on no side,
    and objects at Stripe.
    """

    stripe: Mapping[Key, StripeRecord]
    rows: Mapping[Key, Row]
    ledger: Mapping[Key, LedgerEntry]
    unread: Mapping[str, str] = {}


class Difference(msgspec.Struct, frozen=True):
    """A payment, refund or dispute on which the sides differ. An amount is None if a side does not have it at all."""

    kind: Kind
    id: str
    problem: Problem
    account_id: str
    payment_id: str
    at_ms: int
    currency: str
    stripe_micros: int | None
    row_micros: int | None
    ledger_micros: int | None


def differences(sides: Sides, from_ms: int, to_ms: int) -> list[Difference]:
    """Return the differences of what was created in the span (its end excluded), in the order of time.

    The sides must cover more than the span: each of them has its own clock.
    """
    found = [difference for key in _keys(sides) for difference in _of(key, sides)]
    in_span = [each for each in found if from_ms <= each.at_ms < to_ms]
    return sorted(in_span, key=lambda each: (each.at_ms, each.kind, each.id))


def _keys(sides: Sides) -> Iterator[Key]:
    yield from sorted({*sides.stripe, *sides.rows, *sides.ledger})


def _of(key: Key, sides: Sides) -> Iterator[Difference]:
    stripe, row, posted = sides.stripe.get(key), sides.rows.get(key), sides.ledger.get(key)
    problem = _problem(stripe, row, posted)
    known: StripeRecord | LedgerEntry | None = stripe or (row.fact if row is not None else posted)
    if problem is None or known is None:
        return
    kind, identifier = key
    yield Difference(
        kind,
        identifier,
        problem,
        account_id=known.account_id,
        payment_id=known.payment_id,
        at_ms=known.at_ms,
        currency=known.currency,
        stripe_micros=stripe.moved_micros if stripe else None,
        row_micros=row.fact.moved_micros if row else None,
        ledger_micros=posted.micros if posted else None,
    )


def _problem(stripe: StripeRecord | None, row: Row | None, posted: LedgerEntry | None) -> Problem | None:
    """Return the first problem with what the three sides have for one payment, refund or dispute."""
    if stripe is None:
        return "unknown to Stripe"
    if row is None:
        return "missed here" if posted is None else "row missing"
    if stripe.currency != row.fact.currency or stripe.moved_micros != row.fact.moved_micros:
        return "amount differs"
    if posted is None and row.wallet_micros:
        return "not in the ledger"
    ledger_micros = posted.micros if posted else 0
    return None if ledger_micros == row.wallet_micros else "amount differs"
