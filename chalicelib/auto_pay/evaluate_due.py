"""Look at the accounts that are due by themselves: a back-off that is over, a month that has turned, a lost trigger."""

from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.auto_pay import table
from chalicelib.auto_pay.decision import Charge, Decision, Refuse
from chalicelib.auto_pay.evaluate import consider
from chalicelib.batches import each, within
from chalicelib.cards import card_on_file as card
from chalicelib.catalog.catalog import Catalog
from chalicelib.log import log
from chalicelib.stripe_api.errors import StripeUnavailable

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
        decision = consider(account_id, catalog)
        if decision == Refuse("card_expired"):
            decision = _with_card_of_today(account_id, catalog, decision)
        retried.charged += isinstance(decision, Charge)


def _with_card_of_today(account_id: str, catalog: Catalog, decision: Decision) -> Decision:
    """Look again with the card as Stripe keeps it now: its bank may have renewed it, and the webhook may be lost."""
    on_file = accounts.get(account_id).card
    try:
        is_known = on_file is not None and card.refresh(on_file.payment_method_id)
    except StripeUnavailable as error:
        log().warning("whether a card was renewed is not known", account_id=account_id, reason=error.reason)
        return decision
    return consider(account_id, catalog) if is_known else decision
