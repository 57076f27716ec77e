"""Repeats: which events were charged again, and the posting that gives one back. Pure."""

from collections.abc import Iterable, Iterator
from itertools import groupby, pairwise
from typing import Final, Literal

import msgspec

from chalicelib.ledger.daily_usage import DAY_MS
from chalicelib.ledger.posting import CREDIT, DEBIT, Content, Identity, Leg, Posting
from chalicelib.ledger.transaction import Transaction

WINDOW_DAYS: Final = 35
"""How far apart two events may be, at most, for the later one to be a repeat: no producer tries for longer."""

WINDOW_MS: Final = WINDOW_DAYS * DAY_MS

SOURCE: Final = "/audit/repeats"
KIND: Final = "repeat_given_back"
USAGE: Final = "usage"

State = Literal["found", "to_give_back", "given_back"]
"""`found`: it stays charged, as the catalog did not say that repeats are given back when it was found."""


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
    """Tell whether a transaction stands for its event: an event in two wallets is looked at in its own account's."""
    is_own = transaction.identity.account_id == transaction.account_id
    return transaction.content.kind == USAGE and (is_own or transaction.sibling is None)


def find_repeats(transactions: Iterable[Transaction], *, found_at_ms: int, give_back: bool) -> Iterator[Repeat]:
    """Yield each transaction of which there is an earlier one with the same source and id, within the window.

    Earlier by the events' own times: what was posted first does not matter. The original is the earliest of those that
    follow each other within the window.
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


def correction(repeat: Repeat, transaction: Transaction, sibling: Transaction | None) -> Posting:
    """Return the posting that gives a repeat back: in each wallet that it moved, exactly what it moved there.

    It has the time at which the repeat was found, and its id is made of the repeat's: posted again, it is the same.
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
        tuple(_given_back(each.leg) for each in (transaction, sibling) if each),
    )


def _given_back(leg: Leg) -> Leg:
    return Leg(leg.account_id, DEBIT if leg.type == CREDIT else CREDIT, leg.amount_micros)
