"""Add looks to rows that were last written before these looks existed: to be run once, after they are deployed."""

from collections.abc import Iterable
from functools import partial

import click
from rich.console import Console
from rich.progress import track

from chalicelib import clock
from chalicelib.auto_pay import table as auto_pay
from chalicelib.batches import Failure, each
from chalicelib.subscriptions import table as subscriptions

out = Console(soft_wrap=True)


@click.command("daily-looks")
def give_daily_looks() -> None:
    """Have every enabled auto-pay and every unpaid subscription checked once a day. Safe to repeat.

    Yearly subscriptions and trials are checked when their reminder is due. Rows that were written since are left as
    they are. Exits with 1 if a row cannot be written.
    """
    now_ms = clock.now_ms()
    failures = [
        *_each(auto_pay.without_due(), partial(auto_pay.mark_due, moment_ms=now_ms)),
        *_each(subscriptions.without_due(), partial(subscriptions.schedule_daily_look, now_ms=now_ms)),
        *_each(subscriptions.without_look(), partial(subscriptions.schedule_reminder, now_ms=now_ms)),
    ]
    for failure in failures:
        out.print(f"{failure.item}: {failure.error!r}", markup=False)
    if failures:
        raise SystemExit(1)


def _each(account_ids: Iterable[str], give: "partial[None]") -> list[Failure[str]]:
    return each(
        track(list(account_ids), "Giving looks", console=Console(stderr=True)),
        give,
        message="an account was given no daily look",
        about=lambda account_id: {"account_id": account_id},
    )
