"""Resume a subscription: take back a cancellation or a pause that is to come, or end a pause now and charge it."""

from typing import Final

from msgspec.structs import replace

from chalicelib import clock, idempotency
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import check_not_archived
from chalicelib.accounts.tax import tax_of
from chalicelib.backoff import attempts
from chalicelib.cards.payer import Payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.claim import Claim
from chalicelib.errors import Refusal
from chalicelib.http_input import MissingIdempotencyKey
from chalicelib.idempotency import Key
from chalicelib.payments.new_payment import check_card
from chalicelib.payments.payment import PREFIX, Payment
from chalicelib.subscriptions import table
from chalicelib.subscriptions.advance import ATTEMPTS, advance_subscription
from chalicelib.subscriptions.charge_now import ChargeResult, charge_now, resume_charge
from chalicelib.subscriptions.check_change import SubscriptionRenewing, check_expected
from chalicelib.subscriptions.make_payment import make_payment
from chalicelib.subscriptions.pause import end_pause_at
from chalicelib.subscriptions.payment_outcomes import apply_pending
from chalicelib.subscriptions.renewal import RECHECK_MS, Renewal, chargeable_renewal, pending_renewal
from chalicelib.subscriptions.renewal_hold import HOLD_CAUSES, RenewalHeld
from chalicelib.subscriptions.subscription import (
    Subscription,
    SubscriptionBusy,
    SubscriptionNotFound,
    SubscriptionPending,
)

OPERATION: Final = "subscription_resumption"


class NotCanceled(Refusal):
    """There is neither a cancellation nor a pause."""

    status = 409
    type = "not-canceled"
    title = "The subscription was neither canceled nor paused"

    def __init__(self, subscription: Subscription) -> None:
        super().__init__(
            "there is nothing to resume; one that has ended begins anew with PUT",
            subscription_status=subscription.status,
        )


def resume(
    payer: Payer, *, actor: str, catalog: Catalog, key: Key | None = None, expected_micros: int | None = None
) -> ChargeResult:
    """Take back what is to come at the period's end, for nothing; or end a pause now, which charges the next period.

    It continues when the payment succeeds, and stays paused if that fails. With a key that was used before, continue
    its payment, or do nothing. With `expected_micros`, nothing else is charged.

    Raises SubscriptionNotFound, AccountArchived, NotCanceled, SubscriptionPending, SubscriptionRenewing, RenewalHeld,
    QuoteChanged, MissingIdempotencyKey, IdempotencyConflict, SubscriptionBusy, and what `check_card` and `charge_now`
    raise.
    """
    account_id = payer.account_id
    for _ in attempts(ATTEMPTS):
        current = advance_subscription(account_id, catalog, take_steps=False)
        if current is None or not current.exists:
            raise SubscriptionNotFound(account_id)
        # The claim is read after the row, so that it is found if the row already has an effect of this key.
        claim = idempotency.find(account_id, key, operation=OPERATION, content={}) if key else None
        if claim and (before := _repeat(current, claim, catalog)):
            return before
        check_not_archived(accounts.get(account_id))
        now_ms, payment = clock.now_ms(), None
        renewal = _renewal_now(current, payer, catalog, now_ms)
        updated = current if renewal else _take_back(current)
        if renewal:
            _check_charge(renewal, payer, key, expected_micros)
        if key:
            claim = claim or idempotency.claim(account_id, key, operation=OPERATION, content={}, prefix=PREFIX)
        if renewal:
            payment_id = claim.resource_id if claim else ""
            updated, payment = _begin_renewal(current, payer, renewal, Claim(payment_id, now_ms), actor)
        updated = replace(updated, actor=actor, updated_at_ms=now_ms, version=current.version + 1)
        done = None if payment else key
        if table.write(updated, over=current, payment=payment, done=done, unless_archived=True, by=actor):
            return charge_now(payment, catalog) if payment else ChargeResult(updated, None)
    raise SubscriptionBusy(account_id=account_id)


def _repeat(current: Subscription, claim: Claim, catalog: Catalog) -> ChargeResult | None:
    """Continue an earlier request with the same key; None if it wrote nothing. Raises what `charge_now` raises."""
    before = resume_charge(current.account_id, claim, catalog)
    return ChargeResult(current, None) if before is None and claim.is_done else before


def _check_charge(renewal: Renewal, payer: Payer, key: Key | None, expected_micros: int | None) -> None:
    check_expected(renewal.quote, expected_micros, payer.account.currency)
    if renewal.quote.charge_micros:
        check_card(payer)
        if key is None:
            raise MissingIdempotencyKey


def _take_back(current: Subscription) -> Subscription:
    """Return a subscription without a cancellation or a pause that was to come. Raises NotCanceled."""
    if not current.cancel_at_period_end and (current.pause is None or current.status == "paused"):
        if current.pending:
            raise SubscriptionPending(current.pending)
        raise NotCanceled(current)
    pending = replace(current.pending, cancel_at_period_end=False) if current.pending else None
    pause = current.pause if current.status == "paused" else None
    return replace(current, cancel_at_period_end=False, cancellation=None, pause=pause, pending=pending)


def _renewal_now(current: Subscription, payer: Payer, catalog: Catalog, now_ms: int) -> Renewal | None:
    """Return the period that begins now if a pause is ended; None if nothing is paused, or its payment has not ended.

    Raises SubscriptionRenewing, RenewalHeld.
    """
    if current.status != "paused" or current.pending:
        return None
    if now_ms >= current.phase_end_ms:
        raise SubscriptionRenewing
    try:
        return chargeable_renewal(end_pause_at(current, now_ms), catalog, tax_of(payer.account, catalog))
    except HOLD_CAUSES as refusal:
        raise RenewalHeld(refusal.detail) from refusal


def _begin_renewal(
    current: Subscription, payer: Payer, renewal: Renewal, claim: Claim, actor: str
) -> tuple[Subscription, Payment | None]:
    """Return the subscription waiting for the payment of its next period; or with it, if that costs nothing."""
    now_ms = claim.created_at_ms
    if renewal.quote.charge_micros == 0:
        free = pending_renewal(current, renewal, payment_id="", automatic=False, purpose="resumption")
        return apply_pending(current, free, now_ms), None
    payment = make_payment(
        payer,
        claim,
        purpose="resumption",
        terms=renewal.terms,
        quote=renewal.quote,
        actor=actor,
        off_session=False,
    )
    pending = pending_renewal(current, renewal, payment_id=payment.payment_id, automatic=False, purpose="resumption")
    return replace(current, pending=pending, due_at_ms=now_ms + RECHECK_MS), payment
