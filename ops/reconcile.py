"""Compare Stripe with the rows and the ledger, and show the differences."""

import sys
from datetime import UTC, datetime

import click

from chalicelib import clock
from chalicelib.checks.compare import Difference, differences
from chalicelib.checks.finding import Finding
from chalicelib.checks.sides import read_sides
from chalicelib.money import format_amount
from chalicelib.stripe_api.errors import StripeUnavailable
from ops.console import UNREAD, WRONG, tracked

ON_ITS_WAY_MS = 15 * 60 * 1000
"""Anything younger than this may not be settled yet: the sweeper checks it within minutes."""


@click.command()
@click.option("--from", "start", type=click.DateTime(), required=True, help="Beginning, in UTC: 2026-11-01.")
@click.option("--to", "end", type=click.DateTime(), help="End, not included; a quarter of an hour ago if left out.")
def reconcile(start: datetime, end: datetime | None) -> None:
    """Compare every payment, refund and dispute at Stripe with the rows and the ledger, in both directions.

    Exits with 1 if anything does not agree or could not be read, with 2 if Stripe could not be reached.
    """
    from_ms = clock.to_ms(start.replace(tzinfo=UTC))
    to_ms = clock.to_ms(end.replace(tzinfo=UTC)) if end else clock.now_ms() - ON_ITS_WAY_MS
    if from_ms >= to_ms:
        raise click.UsageError("--from must be before --to")
    try:
        sides = read_sides(from_ms, to_ms, tracked)
    except StripeUnavailable as error:
        click.echo(f"Stripe could not be read: {error.reason}", err=True)
        sys.exit(UNREAD)
    found = differences(sides, from_ms, to_ms)
    for each in found:
        click.echo(line(each))
    for name, reason in sides.unread.items():
        click.echo(f"{name} could not be read, and nothing of it was compared: {reason}")
    click.echo(f"{len(found)} differences from {clock.iso(from_ms)} to {clock.iso(to_ms)}")
    sys.exit(WRONG if found or sides.unread else 0)


def line(found: Difference) -> str:
    """Write a difference as one line, for people and for grep: what, whose, when, and the amount of each side."""
    what = f"{found.kind} {found.problem}: {found.id}"
    whose = f"payment {found.payment_id or 'unknown'}, account {found.account_id or 'unknown'}"
    return f"{what} ({whose}, {clock.iso(found.at_ms)}): {amounts_of(found, found.currency)}"


def amounts_of(found: Difference | Finding, currency: str) -> str:
    """Write the amount of each side of a difference."""
    amounts = {"Stripe": found.stripe_micros, "rows": found.row_micros, "ledger": found.ledger_micros}
    sides = (
        f"{name} {'none' if amount is None else format_amount(amount, currency)}" for name, amount in amounts.items()
    )
    return f"{', '.join(sides)} {currency}"
