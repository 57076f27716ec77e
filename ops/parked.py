"""Webhook events that are parked: show them, and process them again."""

import sys

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chalicelib.log import log
from chalicelib.payments import webhook, webhook_table
from chalicelib.payments.webhook import WebhookUnprocessed

WRONG = 1
out = Console(soft_wrap=True)


@click.command("parked")
@click.option("--limit", default=20, show_default=True)
def show_parked(limit: int) -> None:
    """Show webhook events that wait for somebody to look."""
    table = Table("event", "type", "received", "attempts", "reason")
    for row in webhook_table.parked(limit):
        table.add_row(row.event_id, row.type, row.received_at, str(int(row.attempts)), row.reason or "")
    out.print(table)


@click.command()
@click.argument("events", nargs=-1, required=True)
def replay(events: tuple[str, ...]) -> None:
    """Process parked webhook events again, once their cause is mended. Nothing is done twice.

    Exits with 1 when one of them is still parked, or is none that waits.
    """
    table = Table("event", "now", "reason")
    wrong = 0
    for event_id in events:
        state, reason = _replayed(event_id)
        wrong += state not in {"processed", "ignored"}
        table.add_row(event_id, state, reason)
    out.print(table)
    sys.exit(WRONG if wrong else 0)


def _replayed(event_id: str) -> tuple[str, str]:
    try:
        verdict = webhook.replay(event_id)
    except WebhookUnprocessed as error:
        return "parked", str(error.__cause__)
    except Exception as error:  # noqa: BLE001 - one that cannot even be read stops no other
        log().exception("a parked webhook could not be processed", event_id=event_id)
        return "unread", escape(repr(error))
    if verdict is None:
        return "unknown", "no event of this id waits, or it was too large to be kept: let Stripe send it again"
    return verdict.state, verdict.reason or ""
