"""Take over customers and cards that another system has made at Stripe, after asking Stripe about each.

A customer is taken over if it exists, and belongs to no other account, here or by the mark that this system leaves on
its customers at Stripe. Then it gets that mark: Stripe's events about its cards are found by it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from chalicelib.accounts.account import check_not_forgotten
from chalicelib.cards import gateway, table
from chalicelib.cards.card import Card
from chalicelib.cards.card_setup import SavedCard
from chalicelib.cards.table import CardRow
from chalicelib.errors import Refusal
from chalicelib.stripe_api.deployment import is_ours
from chalicelib.stripe_api.stripe_account import StripeAccount
from chalicelib.typed import json_decoder
from ops.importing.record import CustomerRecord
from ops.importing.staging import RowResult, StagedRow
from ops.stripe_customers import find_customer, mark_customer

ACTOR: Final = "operator:import"
LONG_AGO_MS: Final = 1
"""When an imported card counts as set up: a card that a person saved or chose here is newer, and stays the default."""

Owners = dict[str, str]
"""The account of each customer that is known here, or that a row of this run has claimed it for."""


class NotOurs(Exception):
    """A customer or card that is not taken over; its text says why."""


def read_owners() -> Owners:
    """Read which account each customer belongs to. It scans the table of cards."""
    rows = CardRow.scan(attributes_to_get=["account_id", "stripe_customer_id"])
    return {row.stripe_customer_id: row.account_id for row in rows if row.stripe_customer_id}


def match_customers(rows: Sequence[StagedRow], *, owners: Owners, write: bool = True) -> list[RowResult]:
    """Take over the customers of a batch of rows; each is done, was done before, or is refused by itself."""
    return [_match(row, json_decoder(CustomerRecord).decode(row.record), owners, write=write) for row in rows]


def _match(row: StagedRow, record: CustomerRecord, owners: Owners, *, write: bool) -> RowResult:
    try:
        is_new = take_over(record, owners, write=write)
    except (NotOurs, Refusal) as why:
        return RowResult(row, "refused", str(why))
    return RowResult(row, "done" if is_new else "before")


def take_over(record: CustomerRecord, owners: Owners, *, write: bool) -> bool:
    """Take over a customer with its card; False if that was done before. Raises NotOurs, and refusals of Stripe's.

    Safe to cut off: the mark at Stripe comes first, then the customer, then the card, and each is looked at again.
    """
    payer = table.get_payer(record.account_id)
    check_not_forgotten(payer.account)
    stripe_account = payer.require_connected()
    found = find_customer(record.stripe_customer_id, stripe_account)
    if found is None:
        raise NotOurs(f"there is no customer {record.stripe_customer_id} at Stripe")
    card = _card_of(record, found, stripe_account)
    # After the card: a row that is refused for its own must not have claimed the customer of another one.
    check_is_free(record, found, owners, payer.customer_id)
    is_there = payer.customer_id == record.stripe_customer_id
    if is_there and (card is None or payer.find_card(card.payment_method_id)):
        return False
    if not write:
        return True
    mark_customer(record.stripe_customer_id, stripe_account, record.account_id)
    if table.keep_customer(record.account_id, stripe_account, record.stripe_customer_id) != record.stripe_customer_id:
        raise NotOurs("the account has another customer since a moment ago")
    if card:
        table.change(record.account_id, stripe_account, lambda cards: cards.with_another(card), by=ACTOR)
    return True


def check_is_free(record: CustomerRecord, found: Mapping[str, Any], owners: Owners, current: str | None) -> None:
    """Check that a customer belongs to no other account, and the account has no other; claim it. Raises NotOurs."""
    customer_id, account_id = record.stripe_customer_id, record.account_id
    marks = found.get("metadata") or {}
    if owners.get(customer_id, account_id) != account_id:
        raise NotOurs(f"customer {customer_id} belongs to account {owners[customer_id]}")
    if not is_ours(marks):
        raise NotOurs(f"customer {customer_id} is marked at Stripe as another deployment's")
    if marks.get("account_id") not in {None, account_id}:
        raise NotOurs(f"customer {customer_id} is marked at Stripe as account {marks['account_id']}'s")
    if current not in {None, customer_id}:
        raise NotOurs(f"the account has customer {current} already")
    # Last, and in one step: batches run at once, and a row in another one may name the same customer.
    if (owner := owners.setdefault(customer_id, account_id)) != account_id:
        raise NotOurs(f"customer {customer_id} belongs to account {owner}")


def _card_of(record: CustomerRecord, found: Mapping[str, Any], stripe_account: StripeAccount) -> Card | None:
    """Return the card to charge: the one that is named, or Stripe's default; None if there is no default."""
    default = (found.get("invoice_settings") or {}).get("default_payment_method")
    payment_method_id = record.payment_method_id or (default if isinstance(default, str) else None)
    if payment_method_id is None:
        return None
    saved: SavedCard | None = gateway.find_card(payment_method_id, stripe_account)
    if saved is None or saved.customer_id != record.stripe_customer_id:
        raise NotOurs(f"{payment_method_id} is not a card of customer {record.stripe_customer_id}")
    return saved.to_card(LONG_AGO_MS)
