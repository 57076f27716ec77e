"""What is parked for the operator: webhook events, which can be processed again, and unneeded payments."""

import sys
from typing import Final

import click
from msgspec.structs import replace
from rich.table import Column

from chalicelib.batches import each
from chalicelib.clock import iso
from chalicelib.log import log
from chalicelib.money import format_amount
from chalicelib.payments import table as payments
from chalicelib.payments import unresolved_index
from chalicelib.settings import settings
from chalicelib.webhooks import receive
from chalicelib.webhooks import table as webhooks
from chalicelib.webhooks.receive import WebhookUnprocessed
from ops.console import WRONG, new_table, out

WIDTH_OF_ID: Final = 36
"""A payment's id is never cut off, also in piped output (80 columns): the next command needs it."""

EVENT: Final = "event"
"""The column of events' ids, which are never cut off either."""


@click.command("parked")
@click.option("--limit", default=20, show_default=True, help="At most so many of each.")
def show_parked(limit: int) -> None:
    """Show the webhook events and the payments that wait for the operator. Exits with 1 if a payment cannot be read."""
    table = new_table(Column(EVENT, no_wrap=True), "type", "received", "attempts", "reason")
    for row in webhooks.parked(limit):
        table.add_row(row.event_id, row.type, row.received_at, str(int(row.attempts)), row.reason or "")
    out.print(table)
    unneeded = new_table(
        "account", Column("payment that brought nothing", min_width=WIDTH_OF_ID), "amount", "succeeded"
    )

    def add(key: tuple[str, str]) -> None:
        payment = payments.get(*key)
        amount = f"{format_amount(payment.amount_micros, payment.currency)} {payment.currency}"
        unneeded.add_row(*key, amount, iso(payment.state_at_ms))

    unread = each(
        unresolved_index.parked(limit),
        add,
        message="a parked payment cannot be read",
        about=lambda key: {"account_id": key[0], "payment_id": key[1]},
    )
    for failure in unread:
        unneeded.add_row(*failure.item, "cannot be read", "")
    out.print(unneeded)
    sys.exit(WRONG if unread else 0)


@click.command("keep-payment")
@click.argument("account_id", metavar="ACCOUNT")
@click.argument("payment_id", metavar="PAYMENT")
def keep_payment(account_id: str, payment_id: str) -> None:
    """Keep a parked payment: nothing is refunded, and it is no longer parked. Exits with 1 if it was not parked."""
    payment = payments.find(account_id, payment_id)
    if payment is None or not payment.is_parked:
        raise click.ClickException("no payment of this id waits")
    kept = payments.change(payment, lambda found: replace(found, late="kept") if found.is_parked else found)
    out.print(f"{payment_id}: {kept.late}")


@click.command()
@click.argument("events", nargs=-1, required=True)
def replay(events: tuple[str, ...]) -> None:
    """Process parked webhook events again, once their cause is fixed. Nothing is done twice.

    Exits with 1 if one of them is still parked, or was not parked.
    """
    settings()
    table = new_table(Column(EVENT, no_wrap=True), "now", "reason")
    wrong = 0
    for event_id in events:
        state, reason = _replayed(event_id)
        wrong += state not in {"processed", "ignored"}
        table.add_row(event_id, state, reason)
    out.print(table)
    sys.exit(WRONG if wrong else 0)


def _replayed(event_id: str) -> tuple[str, str]:
    try:
        verdict = receive.replay(event_id)
    except WebhookUnprocessed as error:
        return "parked", str(error.__cause__)
    except Exception as error:  # noqa: BLE001 - one that cannot even be read does not stop others
        log().exception("a parked webhook could not be processed", event_id=event_id)
        return "unread", repr(error)
    if verdict is None:
        return "unknown", "no event of this id waits, or it was too large to be kept: let Stripe send it again"
    return verdict.state, verdict.reason or ""
