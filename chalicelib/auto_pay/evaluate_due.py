"""Evaluate the accounts that are due: after a back-off, in a new month, or because a trigger was lost."""

from typing import Final

from chalicelib import clock
from chalicelib.auto_pay import table
from chalicelib.auto_pay.decision import Block, Charge, Decision
from chalicelib.auto_pay.evaluate import evaluate_account
from chalicelib.batches import each, within
from chalicelib.cards.refresh_card import refresh_card
from chalicelib.cards.table import get_payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.log import log
from chalicelib.runs import Run, end_run
from chalicelib.stripe_api.errors import StripeUnavailable

ACCOUNTS_PER_SHARD: Final = 100
"""The most accounts of one shard in one run: 800 in all, at about 50 ms each."""

BUDGET_SECONDS: Final = 45
"""After this time a run starts no further account; the next run starts within a minute."""

RETRY_AFTER_MS: Final = 5 * 60 * 1000
"""When an account that could not be evaluated is due again."""


class DueRun(Run):
    """How many accounts a run evaluated, and how many of them are charged now."""

    evaluated: int = 0
    charged: int = 0


def evaluate_due(catalog: Catalog) -> DueRun:
    """Evaluate the accounts that are due now. Raises RunIncomplete at the end if one of them failed."""
    run, now_ms = DueRun(), clock.now_ms()
    failures = each(
        within(BUDGET_SECONDS, table.due(now_ms, ACCOUNTS_PER_SHARD)),
        lambda due: _evaluate_one(*due, now_ms, catalog, run),
        message="auto-pay could not be evaluated",
        about=lambda due: {"account_id": due[0]},
    )
    return end_run(run, failures, summary="auto-pay evaluated what was due")


def _evaluate_one(account_id: str, due_at_ms: int, now_ms: int, catalog: Catalog, run: DueRun) -> None:
    # Postpone the account first: one that crashes the function must not be the first of every run.
    if table.claim(account_id, due_at_ms, again_at_ms=now_ms + RETRY_AFTER_MS):
        run.evaluated += 1
        decision = evaluate_account(account_id, catalog)
        if decision == Block("card_expired"):
            decision = _evaluate_with_refreshed_card(account_id, catalog, decision)
        run.charged += isinstance(decision, Charge)


def _evaluate_with_refreshed_card(account_id: str, catalog: Catalog, decision: Decision) -> Decision:
    """Evaluate again with the card as it is at Stripe now: the bank may have renewed it and the webhook been lost."""
    payer = get_payer(account_id)
    try:
        card, stripe_account = payer.chargeable_card, payer.stripe_account
        is_known = bool(card and stripe_account and refresh_card(card.payment_method_id, stripe_account))
    except StripeUnavailable as error:
        log().warning("Stripe could not say whether a card was renewed", account_id=account_id, reason=error.reason)
        return decision
    return evaluate_account(account_id, catalog) if is_known else decision
