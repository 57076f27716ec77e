"""Repeats: usage events that were charged again, and the correction that gives one back. Pure."""

from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from typing import Final, Literal

import msgspec

from chalicelib.ledger.daily_usage import DAY_MS
from chalicelib.ledger.posting import CREDIT, DEBIT, Content, Identity, Leg, Posting
from chalicelib.ledger.transaction import Transaction

WINDOW_DAYS: Final = 35
"""The longest time between two events of which the later is a repeat: no producer retries for longer."""

WINDOW_MS: Final = WINDOW_DAYS * DAY_MS

SOURCE: Final = "/audit/repeats"
KIND: Final = "repeat_given_back"
USAGE: Final = "usage"

State = Literal["found", "to_give_back", "given_back"]
"""`found`: it stays charged, because the catalog did not give repeats back when this one was found."""


class Repeat(msgspec.Struct, frozen=True):
    """A usage event that was charged again, with another time than the original's.

    `account_id` is the wallet's, `event_account_id` the account that the event is about: nearly always the same.
    """

    account_id: str
    transaction_id: str
    event_account_id: str
    source: str
    event_id: str
    occurred_at_ms: int
    original_transaction_id: str
    original_occurred_at_ms: int
    amount_micros: int
    currency: str
    found_at_ms: int
    state: State


def is_audited(transaction: Transaction) -> bool:
    """Tell whether the audit checks a transaction: of an event in two wallets, only the workspace's.

    The workspace's wallet has all usage of its clients, also what was used while they were not rebilled.
    """
    is_own = transaction.identity.account_id == transaction.account_id
    return transaction.content.kind == USAGE and not (is_own and transaction.sibling)


def find_repeats(transactions: Iterable[Transaction], *, found_at_ms: int, give_back: bool) -> Iterator[Repeat]:
    """Yield the transactions that have an earlier one with the same source and id within the window.

    Earlier is by the events' own times, not by when they were posted. The original is the first of a series in which
    each event is within the window of the one before.
    """
    state: State = "to_give_back" if give_back else "found"
    for _, group in groupby(sorted(transactions, key=_by_key_and_time), key=lambda each: each.identity.key):
        alike = list(group)
        original = alike[0]
        for earlier, later in pairwise(alike):
            apart_ms = later.identity.occurred_at_ms - earlier.identity.occurred_at_ms
            if apart_ms > WINDOW_MS:
                original = later
            elif apart_ms:
                yield _repeat(later, original, found_at_ms, state)


def _by_key_and_time(transaction: Transaction) -> tuple[object, int]:
    return transaction.identity.key, transaction.identity.occurred_at_ms


def _repeat(later: Transaction, original: Transaction, found_at_ms: int, state: State) -> Repeat:
    return Repeat(
        account_id=later.account_id,
        transaction_id=later.id,
        event_account_id=later.identity.account_id,
        source=later.identity.source,
        event_id=later.identity.event_id,
        occurred_at_ms=later.identity.occurred_at_ms,
        original_transaction_id=original.id,
        original_occurred_at_ms=original.identity.occurred_at_ms,
        amount_micros=later.leg.amount_micros,
        currency=later.currency,
        found_at_ms=found_at_ms,
        state=state,
    )


def make_correction(repeat: Repeat, transaction: Transaction, sibling: Transaction | None) -> Posting:
    """Return the posting that gives a repeat back: for each wallet, exactly the amount posted there.

    Its time is when the repeat was found, and its id is that of the repeat's transaction, so posting it again changes
    nothing.
    """
    content = transaction.content
    return Posting(
        Identity(repeat.event_account_id, SOURCE, repeat.transaction_id, repeat.found_at_ms),
        Content(
            KIND,
            "Given back, as it was charged twice" + (f": {content.description}" if content.description else ""),
            amount_micros=transaction.leg.amount_micros,
            url=content.url,
            metadata={
                "repeated_transaction_id": repeat.transaction_id,
                "original_transaction_id": repeat.original_transaction_id,
            },
        ),
        tuple(_reverse(each.leg) for each in (transaction, sibling) if each),
    )


def _reverse(leg: Leg) -> Leg:
    return Leg(leg.account_id, DEBIT if leg.type == CREDIT else CREDIT, leg.amount_micros)
