"""The door to the table `cards`: the customer and the cards on file, by account and Stripe account."""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from msgspec.structs import replace
from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import KeysOnlyProjection

from chalicelib import clock
from chalicelib.accounts.account import Account, AccountNotFound
from chalicelib.accounts.table import AccountRow, account_of
from chalicelib.accounts.table import find_in as find_account_in
from chalicelib.backoff import attempts
from chalicelib.cards.card import Card, CardsOnFile
from chalicelib.cards.expiry import due_at_ms, watched
from chalicelib.cards.payer import Payer
from chalicelib.conflicts import conditional_write
from chalicelib.connection.connection import AT_STRIPE, PaysOn, Unconnected
from chalicelib.connection.table import connection_of
from chalicelib.due import shard_of
from chalicelib.due_index import DueIndex
from chalicelib.errors import Busy
from chalicelib.readable import read_or
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount
from chalicelib.tables import Keys, Rows, Table, TableMeta, image_reader, read_rows, read_together, set_or_remove
from chalicelib.typed import convert

Rule = Callable[[CardsOnFile], CardsOnFile]
ATTEMPTS: Final = 10
"""More than there are writers of one row at once: a person in two windows, a program, and Stripe's events."""


UNREADABLE: Final = "Its cards cannot be read at the moment."


class CardsBusy(Busy):
    """Too many concurrent changes of one account's cards."""

    type = "cards-busy"
    title = "The cards are being changed by others"


class ExpiryIndex(DueIndex["CardRow"]):
    """Cards by when their expiry is to be told next. The index holds only their keys."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    shard = UnicodeAttribute(hash_key=True, attr_name="due_shard")
    time = NumberAttribute(range_key=True, attr_name="due_at_ms")


class CardRow(Table):
    """One row for each account and Stripe account, from its first customer on. Its stream reports every change.

    `card` is the default. `card_changed_at_ms` is when the last change of it was requested; taking it off file is a
    change, too. Rows that are older than several cards have none of the attributes below `card_changed_at_ms`; those
    older than notices of expiry are in the index once these cards change, or by `ops daily-looks`.
    """

    class Meta(metaclass=TableMeta):
        setting = "cards_table"

    account_id = UnicodeAttribute(hash_key=True)
    stripe_account = UnicodeAttribute(range_key=True)
    stripe_customer_id = UnicodeAttribute(null=True)
    card = JSONAttribute(null=True)
    card_changed_at_ms = NumberAttribute(null=True)
    others = JSONAttribute(null=True)
    backup_id = UnicodeAttribute(null=True)
    removed = JSONAttribute(null=True)
    cards_version = NumberAttribute(null=True)
    changed_by = UnicodeAttribute(null=True)
    written_at_ms = NumberAttribute(null=True)
    due_shard = UnicodeAttribute(null=True)
    due_at_ms = NumberAttribute(null=True)
    due: ExpiryIndex = ExpiryIndex()


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
    return _payer_in(_card_rows(rows, account, on), account, on)


def find_payer_to_show(rows: Rows, account: Account, on: PaysOn, provider: str) -> Payer:
    """Find what `find_payer_in` does, for what is shown: if the cards cannot be read, the account cannot pay.

    `provider` is the name of whom a workspace is told to contact then, a client's own is that of its workspace.
    """
    of_cards = _card_rows(rows, account, on)
    unreadable = Unconnected(account.account_id, provider, UNREADABLE, cards_unknown=True)
    return read_or(
        lambda: _payer_in(of_cards, account, on),
        lambda: Payer(account, None, unconnected=unreadable),
        about={"account_id": account.account_id, "what": "cards"},
    )


def _card_rows(rows: Rows, account: Account, on: PaysOn) -> Rows:
    """Return the rows that have an account's cards: those that were read, or, for a client, others that are read."""
    if on.stripe_account in {None, PLATFORM}:
        return rows
    return read_rows({CardRow: _card_keys(account, on)})


def _card_keys(account: Account, on: PaysOn) -> list[tuple[str, str]]:
    return [(account.account_id, each.key) for each in (on.stripe_account, *on.earlier) if each]


def _payer_in(rows: Rows, account: Account, on: PaysOn) -> Payer:
    if on.stripe_account is None:
        return Payer(account, None, unconnected=on.unconnected)
    own, *earlier = _card_keys(account, on)
    row = rows.find(CardRow, own)
    payer = _payer(account, on.stripe_account, [row] if row else [])
    had_card = payer.card is None and any(found.card for each in earlier if (found := rows.find(CardRow, each)))
    return replace(payer, unconnected=on.unconnected, card_needed_again=had_card)


def find_payer_on(account_id: str, stripe_account: StripeAccount) -> Payer | None:
    """Read an account with its customer and card on a given Stripe account, wherever it pays now."""
    rows = read_together({AccountRow: [account_id], CardRow: [(account_id, stripe_account.key)]})
    if not rows[AccountRow]:
        return None
    return _payer(account_of(rows[AccountRow][0]), stripe_account, rows[CardRow])


def _payer(account: Account, stripe_account: StripeAccount, rows: Iterable[CardRow]) -> Payer:
    row = next((each for each in rows if each.stripe_account == stripe_account.key), None)
    if row is None:
        return Payer(account, stripe_account)
    on_file = cards_of(row)
    return Payer(
        account, stripe_account, on_file.customer_id, on_file.card, others=on_file.others, backup=on_file.backup
    )


def get_payer(account_id: str) -> Payer:
    """Read an account with its customer and card. Raises AccountNotFound."""
    payer = find_payer(account_id)
    if payer is None:
        raise AccountNotFound(account_id)
    return payer


def find_cards(account_id: str, stripe_account: StripeAccount) -> CardsOnFile:
    """Read the cards on file, strongly consistent."""
    row = _find(account_id, stripe_account)
    return cards_of(row) if row else CardsOnFile()


def find_card(account_id: str, stripe_account: StripeAccount) -> Card | None:
    """Read the default card, strongly consistent; None when there is none."""
    return find_cards(account_id, stripe_account).card


def _find(account_id: str, stripe_account: StripeAccount) -> CardRow | None:
    try:
        return CardRow.get(account_id, stripe_account.key, consistent_read=True)
    except CardRow.DoesNotExist:
        return None


def cards_of(row: CardRow) -> CardsOnFile:
    """Read the cards of a row."""
    return CardsOnFile(
        customer_id=row.stripe_customer_id,
        card=convert(row.card, Card) if row.card else None,
        others=convert(row.others or [], tuple[Card, ...]),
        backup_id=row.backup_id,
        changed_at_ms=int(row.card_changed_at_ms) if row.card_changed_at_ms else None,
        removed=tuple(row.removed or ()),
    )


def keep_customer(account_id: str, stripe_account: StripeAccount, customer_id: str) -> str:
    """Store the customer of an account, unless it has one already; return the one that it has."""
    kept = CardRow.stripe_customer_id.set(customer_id)
    has_none = CardRow.stripe_customer_id.does_not_exist()
    if conditional_write(CardRow(account_id, stripe_account.key).update, [kept], condition=has_none):
        return customer_id
    row = _find(account_id, stripe_account)
    return (row and row.stripe_customer_id) or customer_id


def forget_customer(account_id: str, stripe_account: StripeAccount, customer_id: str) -> bool:
    """Remove a customer that was deleted at Stripe, with its cards; False when the account has another customer."""

    def forget(before: CardsOnFile) -> CardsOnFile:
        if before.customer_id != customer_id:
            return before
        return CardsOnFile(changed_at_ms=clock.now_ms(), removed=before.removed)

    before, after = change(account_id, stripe_account, forget, by=AT_STRIPE)
    return before != after


def put_card(account_id: str, stripe_account: StripeAccount, card: Card) -> bool:
    """Make a card the default, in place of the one so far; False when a newer change was made, which is kept."""
    _, after = change(
        account_id, stripe_account, lambda cards: cards.with_default(card) if cards.accepts(card) else cards
    )
    return after.card == card


def remove_card(
    account_id: str, stripe_account: StripeAccount, payment_method_id: str, *, by: str | None = None
) -> bool:
    """Take a card off file; False when it is not, or no longer, on file."""
    now_ms = clock.now_ms()
    before, after = change(
        account_id, stripe_account, lambda cards: cards.without(payment_method_id, at_ms=now_ms), by=by
    )
    return before != after


def change(
    account_id: str, stripe_account: StripeAccount, rule: Rule, *, by: str | None = None
) -> tuple[CardsOnFile, CardsOnFile]:
    """Change the cards on file by a rule, and return them before and after. Without a customer nothing is changed.

    Raises CardsBusy.
    """
    for _ in attempts(ATTEMPTS):
        row = _find(account_id, stripe_account)
        if row is None:
            return CardsOnFile(), CardsOnFile()
        before = cards_of(row)
        after = rule(before)
        if after == before or _write(row, after, by):
            return before, after
    raise CardsBusy(account_id=account_id)


def _write(row: CardRow, after: CardsOnFile, by: str | None) -> bool:
    """Write the cards, unless others have changed them since; code that knows no versions may, while it is replaced."""
    of_default = _is_still(CardRow.card_changed_at_ms, row.card_changed_at_ms)
    is_unchanged = _is_still(CardRow.cards_version, row.cards_version) & of_default
    # A customer is kept without a new version, so one that has come since the row was read must not be removed.
    is_forgotten = row.stripe_customer_id and not after.customer_id
    actions = [
        *([CardRow.stripe_customer_id.remove()] if is_forgotten else []),
        set_or_remove(CardRow.card, msgspec.to_builtins(after.card)),
        set_or_remove(CardRow.others, msgspec.to_builtins(after.others) or None),
        set_or_remove(CardRow.backup_id, after.backup_id),
        set_or_remove(CardRow.removed, list(after.removed) or None),
        set_or_remove(CardRow.card_changed_at_ms, after.changed_at_ms),
        set_or_remove(CardRow.changed_by, by),
        CardRow.written_at_ms.set(clock.now_ms()),
        CardRow.cards_version.set(int(row.cards_version or 0) + 1),
        *_due_actions(row, after),
    ]
    update = CardRow(row.account_id, row.stripe_account).update
    return conditional_write(update, actions, condition=CardRow.account_id.exists() & is_unchanged)


def _due_actions(row: CardRow, after: CardsOnFile) -> list[Action]:
    """Have cards due before they expire, unless they are the same as before: those may have been told of."""
    if set(watched(cards_of(row))) == set(watched(after)):
        return []
    due_ms = due_at_ms(after, clock.now_ms())
    shard = None if due_ms is None else shard_of(row.account_id)
    return [set_or_remove(CardRow.due_at_ms, due_ms), set_or_remove(CardRow.due_shard, shard)]


def _is_still(attribute: NumberAttribute, value: float | None) -> Condition:
    return attribute.does_not_exist() if value is None else attribute == value


read_card_image: Final = image_reader(CardRow, cards_of)
