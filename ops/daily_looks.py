"""Add looks to rows that were last written before these looks existed: to be run once, after they are deployed."""

import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

import click

from chalicelib import clock
from chalicelib.auto_pay import table as auto_pay
from chalicelib.batches import Failure, each
from chalicelib.cards import expiry_index
from chalicelib.subscriptions import table as subscriptions
from ops.console import WRONG, out, tracked


@click.command("daily-looks")
def give_daily_looks() -> None:
    """Have every enabled auto-pay and every unpaid subscription checked once a day. Safe to repeat.

    Yearly subscriptions and trials are checked when their reminder is due, and cards before they expire. Rows that were
    written since are left as they are. Exits with 1 if a row cannot be written.
    """
    now_ms = clock.now_ms()
    failures: list[Failure[Any]] = [
        *_each("auto-pays", auto_pay.without_due(), partial(auto_pay.mark_due, moment_ms=now_ms)),
        *_each(
            "unpaid subscriptions",
            subscriptions.without_due(),
            partial(subscriptions.schedule_daily_look, now_ms=now_ms),
        ),
        *_each("reminders", subscriptions.without_look(), partial(subscriptions.schedule_reminder, now_ms=now_ms)),
        *_each("cards", expiry_index.without_due(), partial(expiry_index.schedule_notice, now_ms=now_ms)),
    ]
    for failure in failures:
        out.print(f"{failure.item}: {failure.error!r}")
    if failures:
        sys.exit(WRONG)


def _each(what: str, keys: Iterable[Any], give: "partial[None]") -> list[Failure[Any]]:
    wanted = list(keys)
    failures = each(
        tracked(wanted, f"Giving looks: {what}"),
        give,
        message="a row was given no look",
        about=lambda key: {"key": key},
    )
    out.print(f"{what}: {len(wanted) - len(failures)} given a look, {len(failures)} failed")
    return failures
