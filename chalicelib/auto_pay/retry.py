"""Look at the accounts that are due by themselves: a back-off that is over, a month that has turned, a lost trigger."""

import time
from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.auto_pay import table
from chalicelib.auto_pay.refill import consider
from chalicelib.auto_pay.rule import Charge
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
        super().__init__(f"{retried.failed} of {retried.looked_at} accounts could not be looked at; see the log")
        self.retried = retried


def retry(catalog: Catalog) -> Retried:
    """Look at the accounts that are due now. Raises RetryIncomplete at the end, if any of them met a bug."""
    retried = Retried()
    begun = time.monotonic()
    now_ms = clock.now_ms()
    for account_id, version in table.due(now_ms, A_SHARD):
        if time.monotonic() - begun > BUDGET_SECONDS:
            break
        # Put off first: an account that kills the function must not be the first one of every run.
        if table.claim(account_id, version, again_at_ms=now_ms + AGAIN_MS):
            _count(account_id, catalog, retried)
    if retried.looked_at:
        log().info("auto-pay looked again", **msgspec.to_builtins(retried))
    if retried.failed:
        raise RetryIncomplete(retried)
    return retried


def _count(account_id: str, catalog: Catalog, retried: Retried) -> None:
    retried.looked_at += 1
    try:
        decision = consider(account_id, catalog)
    except Exception:  # noqa: BLE001 - one bad account never stops the others; the run fails at its end
        log().exception("auto-pay could not look at an account", account_id=account_id)
        retried.failed += 1
    else:
        retried.charged += isinstance(decision, Charge)
