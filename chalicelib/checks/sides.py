"""Read all sides of a span of time: Stripe's lists, and the rows and ledger of every account.

This is the operator's own reconciliation (`ops reconcile`): it takes whatever time it takes, and finds also what the
daily one does not look for, such as an entry of the ledger for which there is nothing else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final, TypeVar

from chalicelib.accounts.table import AccountRow
from chalicelib.batches import each
from chalicelib.checks.at_stripe import add_up, is_of_ours, list_params, record_of, resource
from chalicelib.checks.compare import Key, Kind, LedgerEntry, Row, Sides, StripeRecord
from chalicelib.checks.own_side import Own, own_key, row_of
from chalicelib.checks.plan import KINDS
from chalicelib.checks.row_check import SOURCES
from chalicelib.clock import DAY_MS
from chalicelib.connection.table import connected_stripe_accounts
from chalicelib.ledger.page_table import read_pages
from chalicelib.ledger.read_page import transactions_of
from chalicelib.ledger.table import read_wallet
from chalicelib.ledger.transaction import Transaction
from chalicelib.ledger.wallet import END_OF_TIME_MS
from chalicelib.payments import table
from chalicelib.reversals import table as reversals
from chalicelib.stripe_api.client import ask
from chalicelib.stripe_api.errors import StripeUnavailable
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount

MARGIN_MS: Final = 2 * DAY_MS
"""How far beyond the span both sides are read: Stripe may have a payment up to 23 hours after its row."""

ItemT = TypeVar("ItemT")
Track = Callable[[Iterable[Any], str], Iterable[Any]]
"""Shows the progress of a long iteration with its name, and yields its items."""


def read_sides(from_ms: int, to_ms: int, track: Track) -> Sides:
    """Read everything that may belong to a span of time, on the platform's own Stripe account and the connected ones.

    What is on an account that cannot be read, such as one that was disconnected, is on no side. Raises
    StripeUnavailable if the platform's own cannot be read.
    """
    span = from_ms - MARGIN_MS, to_ms + MARGIN_MS
    unread: dict[str, str] = {}
    stripe = {PLATFORM.id: stripe_side(PLATFORM, *span, track, unread)}
    for stripe_account in connected_stripe_accounts():
        try:
            stripe[stripe_account.id] = stripe_side(stripe_account, *span, track, unread)
        except StripeUnavailable as error:
            unread[stripe_account.key] = error.reason
    rows: dict[Key, Row] = {}
    ledger: dict[Key, LedgerEntry] = {}

    def read(account_id: str) -> None:
        found, posted = row_side(account_id, *span), ledger_side(account_id, span[0])
        elsewhere = {key: each.stripe_account for key, each in found.items() if each.stripe_account not in stripe}
        unread.update({str(each): unread.get(str(each), "it is not connected") for each in elsewhere.values()})
        rows.update({key: each for key, each in found.items() if key not in elsewhere})
        ledger.update({key: entry for key, entry in posted.items() if key not in elsewhere})

    names = sorted(row.account_id for row in AccountRow.scan(attributes_to_get=["account_id"]))
    _each(track(names, "Rows and ledger"), read, unread, name=str)
    facts = {key: fact for key, fact in _at_stripe(stripe, rows).items() if fact.account_id not in unread}
    return Sides(facts, rows, ledger, unread)


def _at_stripe(
    stripe: Mapping[str | None, Mapping[Key, StripeRecord]], rows: Mapping[Key, Row]
) -> dict[Key, StripeRecord]:
    """Return what all Stripe accounts have; of what we have a row, only what is on the row's own Stripe account.

    A workspace can write on its own account whatever it likes, also the ids of another one's payment.
    """
    found: dict[Key, StripeRecord] = {}
    for stripe_account_id, side in stripe.items():
        for key, fact in side.items():
            if key not in rows or rows[key].stripe_account == stripe_account_id:
                found.setdefault(key, fact)
    return found


def stripe_side(
    stripe_account: StripeAccount, from_ms: int, to_ms: int, track: Track, unread: dict[str, str]
) -> dict[Key, StripeRecord]:
    """Read Stripe's succeeded payments, refunds and disputes that were created in a span. Raises StripeUnavailable.

    On a connected account the workspace may do business of its own, which does not count.
    """
    found: dict[Key, StripeRecord] = {}

    def read(v1: Any) -> None:
        for kind in KINDS:
            listed = resource(v1, kind).list(list_params(kind, from_ms, to_ms))
            bodies = (there.to_dict() for there in track(listed.auto_paging_iter(), f"{kind.capitalize()}s at Stripe"))
            ours = (body for body in bodies if is_of_ours(body, stripe_account))
            _each(ours, partial(_add, found, kind), unread, name=lambda body: str(body["id"]))

    ask("reconcile", stripe_account, read)
    return found


def _add(found: dict[Key, StripeRecord], kind: Kind, body: dict[str, Any]) -> None:
    record = record_of(kind, body)
    if record is not None:
        key: Key = (kind, record.payment_id if kind == "payment" else body["id"])
        found[key] = add_up(found[key], record) if key in found else record


def _each(
    items: Iterable[ItemT], read: Callable[[ItemT], None], unread: dict[str, str], name: Callable[[ItemT], str]
) -> None:
    """Read each item; record those that cannot be read by name, with the reason. They do not stop the others."""
    failures = each(items, read, message="it could not be reconciled", about=lambda item: {"name": name(item)})
    unread.update({name(failure.item): repr(failure.error) for failure in failures})


def row_side(account_id: str, from_ms: int, to_ms: int) -> dict[Key, Row]:
    """Read an account's succeeded payments of a span, and all of its refunds and disputes that Stripe has."""
    refunds, disputes = reversals.of_account(account_id)
    found: dict[Key, Row] = {}
    every: list[Own] = [*table.between(account_id, from_ms, to_ms), *refunds, *disputes]
    for own in every:
        row = row_of(own)
        if row is not None:
            found[own_key(own)] = row
    return found


def ledger_side(account_id: str, from_ms: int) -> dict[Key, LedgerEntry]:
    """Read what an account's ledger has for payments, refunds and disputes, from a time on.

    It is read to its end: what follows from a refund or dispute is posted later, with its own times.
    """
    currency = read_wallet(account_id).currency
    found: dict[Key, LedgerEntry] = {}
    for transaction in _transactions(account_id, from_ms):
        kind = SOURCES.get(transaction.identity.source)
        if kind is None:
            continue
        key: Key = (kind, transaction.identity.event_id.partition("/")[0])
        before = found.get(key)
        at_ms = (
            min(transaction.identity.occurred_at_ms, before.at_ms) if before else transaction.identity.occurred_at_ms
        )
        micros = transaction.leg.signed_micros + (before.micros if before else 0)
        found[key] = LedgerEntry(account_id, transaction.content.payment_id or "", at_ms, micros, currency)
    return found


def _transactions(account_id: str, from_ms: int) -> Iterator[Transaction]:
    for page in read_pages(account_id, from_ms, END_OF_TIME_MS):
        yield from transactions_of(page)
