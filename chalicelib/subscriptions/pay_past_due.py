"""Pay a past-due renewal by hand. A new card does not need this: `advance_subscription` tries it at once."""

from typing import Final

from msgspec.structs import replace

from chalicelib import clock, idempotency
from chalicelib.accounts.account import Account, check_not_archived
from chalicelib.accounts.tax import tax_of
from chalicelib.backoff import attempts
from chalicelib.cards.payer import Payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.claim import Claim
from chalicelib.errors import Refusal
from chalicelib.idempotency import Key
from chalicelib.payments.new_payment import check_card
from chalicelib.payments.payment import PREFIX, Payment
from chalicelib.subscriptions import table
from chalicelib.subscriptions.advance import ATTEMPTS, advance_subscription
from chalicelib.subscriptions.charge_now import ChargeResult, charge_now, resume_charge
from chalicelib.subscriptions.check_change import check_expected
from chalicelib.subscriptions.check_closed_payment import check_closed_payment
from chalicelib.subscriptions.make_payment import make_payment
from chalicelib.subscriptions.payment_outcomes import apply_pending
from chalicelib.subscriptions.renewal import RECHECK_MS, Renewal, chargeable_renewal, pending_renewal
from chalicelib.subscriptions.renewal_hold import HOLD_CAUSES, RenewalHeld
from chalicelib.subscriptions.subscription import (
    OWING,
    RENEWED,
    Subscription,
    SubscriptionBusy,
    SubscriptionNotFound,
    SubscriptionPending,
)

OPERATION: Final = "subscription_payment"


class NothingOwed(Refusal):
    """No renewal is unpaid."""

    status = 409
    type = "nothing-owed"
    title = "Nothing is owed"

    def __init__(self, subscription: Subscription) -> None:
        super().__init__("the subscription owes nothing", subscription_status=subscription.status)


def pay_past_due(
    payer: Payer, *, key: Key, actor: str, catalog: Catalog, expected_micros: int | None = None
) -> ChargeResult:
    """Charge the card on file for the period that is owed, with the customer present.

    The same key continues the same payment. A period that costs nothing by now is renewed without a payment. With
    `expected_micros`, nothing else is charged.

    Raises SubscriptionNotFound, NothingOwed, SubscriptionPending, AccountArchived, IdempotencyConflict, QuoteChanged,
    CardMissing, WorkspaceNotConnected, CardDeclined, PaymentCanceled, RenewalHeld, StripeUnavailable, SubscriptionBusy.
    """
    account_id = payer.account_id
    for _ in attempts(ATTEMPTS):
        found = advance_subscription(account_id, catalog, take_steps=False)
        # The claim is read after the row, so that it is found if the row already has an effect of this key.
        claim = idempotency.find(account_id, key, operation=OPERATION, content={})
        if claim and (before := resume_charge(account_id, claim, catalog)):
            return before
        if claim and found and found.status in RENEWED:
            return ChargeResult(found, None)  # the key renewed a period that cost nothing, or it was paid otherwise
        current = _require_past_due(found, account_id)
        if check_closed_payment(current):
            continue
        check_not_archived(payer.account)
        renewal = _due_renewal(current, payer.account, catalog)
        check_expected(renewal.quote, expected_micros, payer.account.currency)
        if renewal.quote.charge_micros:
            check_card(payer)
        claim = claim or idempotency.claim(account_id, key, operation=OPERATION, content={}, prefix=PREFIX)
        updated, payment = _begin_payment(current, payer, renewal, claim, actor)
        if table.write(updated, over=current, payment=payment, by=actor):
            return charge_now(payment, catalog) if payment else ChargeResult(updated, None)
    raise SubscriptionBusy(account_id=account_id)


def _begin_payment(
    current: Subscription, payer: Payer, renewal: Renewal, claim: Claim, actor: str
) -> tuple[Subscription, Payment | None]:
    """Return the subscription waiting for the payment of a period, or renewed without one if it costs nothing."""
    now_ms = clock.now_ms()
    if renewal.quote.charge_micros == 0:
        free = pending_renewal(current, renewal, payment_id="", automatic=False)
        return replace(apply_pending(current, free, now_ms), updated_at_ms=now_ms, version=current.version + 1), None
    payment = make_payment(
        payer,
        Claim(claim.resource_id, now_ms),
        purpose="renewal",
        terms=renewal.terms,
        quote=renewal.quote,
        actor=actor,
        off_session=False,
    )
    waiting = replace(
        current,
        pending=pending_renewal(current, renewal, payment_id=payment.payment_id, automatic=False),
        charged_card=payment.payment_method_id,
        due_at_ms=now_ms + RECHECK_MS,
        updated_at_ms=now_ms,
        version=current.version + 1,
    )
    return waiting, payment


def _due_renewal(current: Subscription, account: Account, catalog: Catalog) -> Renewal:
    try:
        return chargeable_renewal(current, catalog, tax_of(account, catalog))
    except HOLD_CAUSES as refusal:
        raise RenewalHeld(refusal.detail) from refusal


def _require_past_due(current: Subscription | None, account_id: str) -> Subscription:
    if current is None or not current.exists:
        raise SubscriptionNotFound(account_id)
    if current.status not in OWING:
        raise NothingOwed(current)
    if current.pending:
        raise SubscriptionPending(current.pending)
    return current
