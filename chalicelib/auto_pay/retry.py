"""Look at the accounts that are due by themselves: a back-off that is over, a month that has turned, a lost trigger."""

from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.auto_pay import table
from chalicelib.auto_pay.refill import consider
from chalicelib.auto_pay.rule import Charge
from chalicelib.batches import each, within
from chalicelib.catalog.catalog import Catalog
from chalicelib.log import log

A_SHARD: Final = 100
"""Accounts taken of each shard in one run: 800 in all, at some 50 ms each."""

BUDGET_SECONDS: Final = 45
"""When a run looks at no further account; the next one begins within a minute."""

AGAIN_MS: Final = 5 * 60 * 1000
"""When an account is due again that could not be looked at."""


class Retried(msgspec.Struct):
    """What one run came to: accounts looked at, and of them those that are charged now, or that met a bug."""

    looked_at: int = 0
    charged: int = 0
    failed: int = 0


class RetryIncomplete(Exception):
    """Some accounts could not be looked at; all others were."""

    def __init__(self, retried: Retried) -> None:
        super().__init__(f"{retried.failed} accounts could not be looked at; see the log")
        self.retried = retried


def retry(catalog: Catalog) -> Retried:
    """Look at the accounts that are due now. Raises RetryIncomplete at the end, if any of them met a bug."""
    retried, now_ms = Retried(), clock.now_ms()
    failures = each(
        within(BUDGET_SECONDS, table.due(now_ms, A_SHARD)),
        lambda due: _look_again(*due, now_ms, catalog, retried),
        message="auto-pay could not look at an account",
        about=lambda due: {"account_id": due[0]},
    )
    retried.failed = len(failures)
    if retried.looked_at or failures:
        log().info("auto-pay looked again", **msgspec.to_builtins(retried))
    if failures:
        raise RetryIncomplete(retried)
    return retried


def _look_again(account_id: str, due_at_ms: int, now_ms: int, catalog: Catalog, retried: Retried) -> None:
    # Put off first: an account that kills the function must not be the first one of every run.
    if table.claim(account_id, due_at_ms, again_at_ms=now_ms + AGAIN_MS):
        retried.looked_at += 1
        retried.charged += isinstance(consider(account_id, catalog), Charge)
