"""The subscriptions that are due: list them, show what a run would charge, and start such a run."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from math import inf

import click
import msgspec

from chalicelib import clock
from chalicelib.accounts.tax import tax_of
from chalicelib.batches import Failure, each
from chalicelib.cards.table import get_payer
from chalicelib.catalog.catalog import Catalog, catalog
from chalicelib.clock import Deadline
from chalicelib.money import format_amount
from chalicelib.payments import table as payments
from chalicelib.subscriptions import renew, table
from chalicelib.subscriptions.advance import means_of
from chalicelib.subscriptions.disputed_card import is_card_disputed
from chalicelib.subscriptions.payment_outcomes import apply_payment_result
from chalicelib.subscriptions.renewal import Renewal, next_step
from chalicelib.subscriptions.renewal_hold import waits_for_connection
from chalicelib.subscriptions.subscription import Subscription, format_period
from ops.console import WRONG, new_table, out, tracked

AT = click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]),
    help="The moment (UTC) instead of now: 2027-02-28 or 2027-02-28T10:00:00.",
)


class Outlook(msgspec.Struct, frozen=True):
    """What a run at a moment would do with a subscription that is due then. `amount_micros` is what it would charge."""

    subscription: Subscription
    does: str
    amount_micros: int = 0
    is_wrong: bool = False


@click.group("subscriptions")
def subscriptions() -> None:
    """Subscriptions and their renewals."""


@subscriptions.command("due")
@AT
def show_due(at: datetime | None) -> None:
    """List the subscriptions that are due. Exits with 1 if one of them cannot be read."""
    now_ms = moment_ms(at)
    rows = new_table("account", "status", "plan", "due since", "attempt", "waits for")
    found = 0

    def show(account_id: str) -> None:
        nonlocal found
        if it := find_due(account_id, now_ms):
            waits_for = it.pending.payment_id if it.pending else ""
            since, plan = clock.iso(it.due_at_ms or 0), it.terms.contents.plan
            rows.add_row(it.account_id, it.status, plan, since, str(it.attempt), waits_for)
            found += 1

    unread = _each(table.due(now_ms), show)
    for failure in unread:
        rows.add_row(failure.item, "cannot be read", "", "", "", repr(failure.error))
    out.print(rows)
    out.print(f"{found + len(unread)} due at {clock.iso(now_ms)}")
    sys.exit(WRONG if unread else 0)


@click.command("renew")
@AT
@click.option("--dry-run", is_flag=True, help="Only say what a run would charge.")
def renew_due(at: datetime | None, dry_run: bool) -> None:
    """Put due subscriptions on the renewals queue, as the schedule does, or show what that would charge, with sums."""
    now_ms = moment_ms(at)
    if not dry_run:
        if at is not None:
            raise click.UsageError("only a dry run can be at another time than now")
        out.print(f"{renew.queue_due(now_ms, Deadline(inf))} put on the renewals queue")
        return
    rows = new_table("account", "status", "what", "amount")
    sums: Counter[str] = Counter()
    wrong = 0

    def show(account_id: str) -> None:
        nonlocal wrong
        found = find_due(account_id, now_ms)
        if found is None:
            return
        seen = outlook(found, catalog(), now_ms)
        sums[found.currency] += seen.amount_micros
        wrong += seen.is_wrong
        amount = f"{format_amount(seen.amount_micros, found.currency)} {found.currency}" if seen.amount_micros else ""
        rows.add_row(account_id, found.status, seen.does, amount)

    for failure in _each(tracked(list(table.due(now_ms)), "Looking"), show):
        rows.add_row(failure.item, "", f"fail: {failure.error!r}", "")
        wrong += 1
    out.print(rows)
    for currency, micros in sorted(sums.items()):
        out.print(f"{format_amount(micros, currency)} {currency} in all")
    sys.exit(WRONG if wrong else 0)


def moment_ms(at: datetime | None) -> int:
    """Return the requested moment, or now."""
    return clock.now_ms() if at is None else clock.to_ms(at.replace(tzinfo=UTC))


def find_due(account_id: str, now_ms: int) -> Subscription | None:
    """Read a subscription again from the table itself; None when it is not due any more."""
    found = table.find(account_id)
    return found if found and found.due_at_ms is not None and found.due_at_ms <= now_ms else None


def _each(account_ids: Iterable[str], show: Callable[[str], None]) -> list[Failure[str]]:
    """Show accounts; one that cannot be read does not hide others."""
    about = "a subscription that is due could not be read"
    return each(account_ids, show, message=about, about=lambda account_id: {"account_id": account_id})


def outlook(subscription: Subscription, catalog: Catalog, now_ms: int) -> Outlook:
    """Return what a run would do with a subscription: by the same rules, and without writing anything."""
    current = subscription
    if current.pending:
        current = apply_payment_result(
            current, payments.get(current.account_id, current.pending.payment_id), catalog, now_ms
        )
    if current.pending:
        return Outlook(subscription, f"wait for payment {current.pending.payment_id}")
    payer = get_payer(current.account_id)
    means, tax = means_of(payer), tax_of(payer.account, catalog)
    step = next_step(current, means, catalog, now_ms, tax)
    while isinstance(step, Subscription) and step != current and "paused" in {step.status, current.status}:
        current, step = step, next_step(step, means, catalog, now_ms, tax)
    if isinstance(step, Renewal) and is_card_disputed(payer, catalog.disputes, now_ms):
        return Outlook(subscription, "charge nothing: a payment with its card is disputed")
    if isinstance(step, Renewal):
        return Outlook(subscription, f"charge {format_period(step.terms)}", step.quote.charge_micros)
    if waits_for_connection(step):
        return Outlook(subscription, "wait for the connection of its workspace")
    if step.held:
        return Outlook(subscription, f"be held: {step.held.detail}", is_wrong=True)
    return Outlook(subscription, f"become {step.status}" if step.status != subscription.status else "go on unchanged")
