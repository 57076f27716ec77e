"""What goes when an account is forgotten, place by place: how much of it there is, and its removal. Safe to repeat."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec
from pynamodb.expressions.operand import Path

from chalicelib.batches import each
from chalicelib.buckets import client
from chalicelib.budgets.table import BudgetsRow
from chalicelib.cards import table as cards
from chalicelib.cards.table import CardRow
from chalicelib.idempotency import IdempotencyRow
from chalicelib.invoices.archive import LENT
from chalicelib.notices.table import NoticeRow
from chalicelib.portal.invitation_table import InvitationRow
from chalicelib.portal.table import SessionRow
from chalicelib.settings import settings
from chalicelib.stripe_api.errors import AccessGone
from chalicelib.stripe_api.stripe_account import PLATFORM, StripeAccount
from chalicelib.tables import Table, query_items
from ops.exporting.sources import scan_sessions
from ops.forgetting.log_table import clear_entry, find_entries
from ops.forgetting.unread_row import clear, key_row
from ops.stripe_customers import delete_customer

CUSTOMER: Final = ("stripe_customer_id", "card", "others", "backup_id")
"""Attributes of a row of cards that say whose they are."""

Note = Callable[[str], None]
"""Tells the operator something that a person must know."""


class Step(msgspec.Struct, frozen=True):
    """One place: how many rows or objects are to go or to be cleared, and how they are."""

    place: str
    find: Callable[[str], Iterator[Any]]
    remove: Callable[[Any, Note], None]

    def count(self, account_id: str) -> int:
        """Return how much there is to do."""
        return sum(1 for _ in self.find(account_id))

    def run(self, account_id: str, note: Note) -> int:
        """Do it, and return how much it was. One row that fails keeps back no other. Raises RowsFailed."""
        found = list(self.find(account_id))
        message = "what is to be forgotten could not be removed"
        failures = each(
            found, lambda row: self.remove(row, note), message=message, about=lambda _: {"place": self.place}
        )
        if failures:
            raise RowsFailed(f"{len(failures)} of {len(found)} failed, the first with {failures[0].error!r}")
        return len(found)


class RowsFailed(Exception):
    """Some rows of a place could not be removed."""


def _rows(table: type[Table]) -> Callable[[str], Iterator[Any]]:
    """Return a reader of the keys of an account's rows, which need not be readable to be deleted."""
    return lambda account_id: (key_row(table, item) for item in query_items(table, account_id))


def _delete(row: Any, _note: Note) -> None:
    row.delete()


def _find_customers(account_id: str) -> Iterator[CardRow]:
    """Yield the rows with a customer or a card, with nothing but the customer's id, if it has one."""
    for item in query_items(CardRow, account_id):
        if any("NULL" not in item.get(name, {"NULL": True}) for name in CUSTOMER):
            row = key_row(CardRow, item)
            setattr(row, CUSTOMER[0], item.get(CUSTOMER[0], {}).get("S"))
            yield row


def _delete_customer(row: CardRow, note: Note) -> None:
    """Delete a customer at Stripe, then here. One on an account that cannot be reached any more stays there.

    Cards without a customer, which no version of this system writes, are nobody's at Stripe, and go here.
    """
    customer_id: str | None = getattr(row, CUSTOMER[0])
    if customer_id is None:
        clear(row, [Path([name]).remove() for name in CUSTOMER])
        return
    stripe_account = PLATFORM if row.stripe_account == PLATFORM.key else StripeAccount(row.stripe_account)
    try:
        delete_customer(customer_id, stripe_account)
    except AccessGone:
        note(f"customer {customer_id} stays at {stripe_account.id}, which was disconnected: its owner can delete it")
    cards.forget_customer(row.account_id, stripe_account, customer_id)


def _find_answers(account_id: str) -> Iterator[IdempotencyRow]:
    found = query_items(IdempotencyRow, account_id)
    return (key_row(IdempotencyRow, item) for item in found if "NULL" not in item.get("answer", {"NULL": True}))


def _clear_answer(row: IdempotencyRow, _note: Note) -> None:
    clear(row, [IdempotencyRow.answer.remove()])


def _find_sessions(account_id: str) -> Iterator[SessionRow]:
    return (key_row(SessionRow, item) for item in scan_sessions(account_id))


def _find_lent(account_id: str) -> Iterator[Mapping[str, str]]:
    """Yield all versions of what was lent, and the marks of what was deleted before."""
    pages = client().get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=settings().invoices_bucket, Prefix=f"{LENT}{account_id}/"):
        for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            yield {"Key": version["Key"], "VersionId": version["VersionId"]}


def _delete_version(version: Mapping[str, str], _note: Note) -> None:
    client().delete_object(Bucket=settings().invoices_bucket, **version)


STEPS: Final = (
    Step("cards", _find_customers, _delete_customer),
    Step("portal_sessions", _find_sessions, _delete),
    Step("invitations", _rows(InvitationRow), _delete),
    Step("notices", _rows(NoticeRow), _delete),
    Step("budgets", _rows(BudgetsRow), _delete),
    Step("idempotency", _find_answers, _clear_answer),
    Step("invoices/lent/*", _find_lent, _delete_version),
    Step("account_log", find_entries, lambda found, _: clear_entry(found)),
)
"""After the account itself, which is cleared first: then nobody can act for it, and nothing new comes."""
