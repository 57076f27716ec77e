"""The door to the table `cards`: the customer and the card on file, by account and Stripe account."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute

from chalicelib import clock
from chalicelib.accounts.account import Account, AccountNotFound
from chalicelib.accounts.table import AccountRow, account_of
from chalicelib.accounts.table import find_in as find_account_in
from chalicelib.cards.card import Card, CustomerCard
from chalicelib.cards.payer import Payer
from chalicelib.conflicts import conditional_write
from chalicelib.connection.connection import PaysOn
from chalicelib.connection.table import connection_of
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount
from chalicelib.tables import Keys, Rows, Table, TableMeta, image_reader, read_rows, read_together
from chalicelib.typed import convert


class CardRow(Table):
    """One row for each account and Stripe account, from its first customer on. Its stream reports every change.

    `card_changed_at_ms` is when the last change of the card was requested; taking it off file is a change, too.
    """

    class Meta(metaclass=TableMeta):
        setting = "cards_table"

    account_id = UnicodeAttribute(hash_key=True)
    stripe_account = UnicodeAttribute(range_key=True)
    stripe_customer_id = UnicodeAttribute(null=True)
    card = JSONAttribute(null=True)
    card_changed_at_ms = NumberAttribute(null=True)


def find_payer(account_id: str) -> Payer | None:
    """Read an account with its customer and card, strongly consistent; None if it does not exist.

    It is one call for a workspace, whose row on the platform's own Stripe account is read with it. For a client two
    more are made: its workspace's connection, and its cards on that Stripe account and on the earlier ones.
    """
    rows = read_rows(payer_keys(account_id))
    account = find_account_in(rows, account_id)
    return find_payer_in(rows, account, connection_of(account)) if account else None


def payer_keys(account_id: str) -> Keys:
    """Return the rows of an account, and of its card if it pays on the platform's own Stripe account."""
    return {AccountRow: [account_id], CardRow: [(account_id, PLATFORM.key)]}


def find_payer_in(rows: Rows, account: Account, on: PaysOn) -> Payer:
    """Find the customer and card of an account on its Stripe account, by the rows of `payer_keys`.

    A client's, on its workspace's Stripe account and on the earlier ones, are read.
    """
    if on.stripe_account is None:
        return Payer(account, None, unconnected=on.unconnected)
    if on.stripe_account == PLATFORM:
        row = rows.find(CardRow, (account.account_id, PLATFORM.key))
        found = [row] if row else []
    else:
        found = _find_cards(account.account_id, (on.stripe_account, *on.earlier))
    payer = _payer(account, on.stripe_account, found)
    had_card = any(row.card for row in found)
    return replace(payer, unconnected=on.unconnected, card_needed_again=payer.card is None and had_card)


def find_payer_on(account_id: str, stripe_account: StripeAccount) -> Payer | None:
    """Read an account with its customer and card on a given Stripe account, wherever it pays now."""
    rows = read_together({AccountRow: [account_id], CardRow: [(account_id, stripe_account.key)]})
    if not rows[AccountRow]:
        return None
    return _payer(account_of(rows[AccountRow][0]), stripe_account, rows[CardRow])


def _find_cards(account_id: str, stripe_accounts: Iterable[StripeAccount]) -> list[CardRow]:
    return read_together({CardRow: [(account_id, each.key) for each in stripe_accounts]})[CardRow]


def _payer(account: Account, stripe_account: StripeAccount, rows: Iterable[CardRow]) -> Payer:
    row = next((each for each in rows if each.stripe_account == stripe_account.key), None)
    if row is None:
        return Payer(account, stripe_account)
    return Payer(account, stripe_account, row.stripe_customer_id, _card(row))


def get_payer(account_id: str) -> Payer:
    """Read an account with its customer and card. Raises AccountNotFound."""
    payer = find_payer(account_id)
    if payer is None:
        raise AccountNotFound(account_id)
    return payer


def find_card(account_id: str, stripe_account: StripeAccount) -> Card | None:
    """Read the card on file, strongly consistent; None when there is none."""
    row = _find(account_id, stripe_account)
    return _card(row) if row else None


def _find(account_id: str, stripe_account: StripeAccount) -> CardRow | None:
    try:
        return CardRow.get(account_id, stripe_account.key, consistent_read=True)
    except CardRow.DoesNotExist:
        return None


def _card(row: CardRow) -> Card | None:
    return convert(row.card, Card) if row.card else None


def keep_customer(account_id: str, stripe_account: StripeAccount, customer_id: str) -> str:
    """Store the customer of an account, unless it has one already; return the one that it has."""
    kept = CardRow.stripe_customer_id.set(customer_id)
    has_none = CardRow.stripe_customer_id.does_not_exist()
    if conditional_write(CardRow(account_id, stripe_account.key).update, [kept], condition=has_none):
        return customer_id
    row = _find(account_id, stripe_account)
    return (row and row.stripe_customer_id) or customer_id


def forget_customer(account_id: str, stripe_account: StripeAccount, customer_id: str) -> bool:
    """Remove a customer that was deleted at Stripe, with its card; False when the account has another customer."""
    return _change_card(
        account_id,
        stripe_account,
        [CardRow.stripe_customer_id.remove(), CardRow.card.remove(), CardRow.card_changed_at_ms.set(clock.now_ms())],
        CardRow.stripe_customer_id == customer_id,
    )


def put_card(account_id: str, stripe_account: StripeAccount, card: Card) -> bool:
    """Put a card on file; False when a newer change of the card was made, which is kept."""
    newer_wins = CardRow.card_changed_at_ms.does_not_exist() | (CardRow.card_changed_at_ms <= card.set_up_at_ms)
    return _change_card(
        account_id,
        stripe_account,
        [CardRow.card.set(msgspec.to_builtins(card)), CardRow.card_changed_at_ms.set(card.set_up_at_ms)],
        newer_wins,
    )


def remove_card(account_id: str, stripe_account: StripeAccount, payment_method_id: str) -> bool:
    """Take a card off file; False when it is not, or no longer, on file."""
    before = find_card(account_id, stripe_account)
    if before is None or before.payment_method_id != payment_method_id:
        return False
    unchanged = CardRow.card_changed_at_ms == before.set_up_at_ms
    return _change_card(
        account_id, stripe_account, [CardRow.card.remove(), CardRow.card_changed_at_ms.set(clock.now_ms())], unchanged
    )


def _change_card(account_id: str, stripe_account: StripeAccount, actions: list[Any], condition: Any) -> bool:
    """Change the row if it exists, which it does from the first customer on."""
    row, exists = CardRow(account_id, stripe_account.key), CardRow.account_id.exists()
    return conditional_write(row.update, actions, condition=exists & condition)


read_card_image: Final = image_reader(CardRow, lambda row: CustomerCard(row.stripe_customer_id, _card(row)))
