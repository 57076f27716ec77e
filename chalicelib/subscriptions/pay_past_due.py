"""Heal: pay by hand what a renewal owes. Another card heals by itself, for `follow` tries it at once."""

from typing import Final

from msgspec.structs import replace

from chalicelib import clock, idempotency
from chalicelib.accounts.account import Account
from chalicelib.accounts.tax import tax_of
from chalicelib.catalog.catalog import Catalog
from chalicelib.errors import Refusal
from chalicelib.idempotency import Claim, Key
from chalicelib.ledger.post import pause
from chalicelib.payments.new_payment import check_card
from chalicelib.payments.payment import PREFIX, Payment
from chalicelib.subscriptions import table
from chalicelib.subscriptions.advance import RACES, follow
from chalicelib.subscriptions.charge_now import Charged, charge_now, charged_before
from chalicelib.subscriptions.make_payment import make_payment
from chalicelib.subscriptions.payment_outcomes import paid
from chalicelib.subscriptions.renewal import LOOK_AGAIN_MS, Renewal, payable_renewal, pending_renewal
from chalicelib.subscriptions.renewal_hold import HOLDS, RenewalHeld
from chalicelib.subscriptions.subscription import (
    OWING,
    RUNNING,
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


def pay(account: Account, *, key: Key, actor: str, catalog: Catalog) -> Charged:
    """Charge the card on file for the period that is owed, with the customer there; the same key goes on with it.

    One that costs nothing by now is renewed without a payment.

    Raises SubscriptionNotFound, NothingOwed, SubscriptionPending, IdempotencyConflict, CardMissing, CardDeclined,
    PaymentCanceled, RenewalHeld, SubscriptionBusy.
    """
    account_id = account.account_id
    for attempt in range(RACES):
        followed = follow(account_id, catalog, begins=False)
        # Found after the row was read: whatever of this key's doing is in the row, its claim is there to tell of it.
        claim = idempotency.find(account_id, key, operation=OPERATION, content={})
        if claim and (before := charged_before(account_id, claim, catalog)):
            return before
        if claim and followed and followed.status in RUNNING:
            return Charged(followed, None)  # the key paid a renewal that cost nothing, or somebody else has paid it
        current = _owing(followed, account_id)
        due = _due(current, account, catalog)
        if due.quote.charge_micros:
            check_card(account)
        claim = claim or idempotency.claim(account_id, key, operation=OPERATION, content={}, prefix=PREFIX)
        wanted, payment = _paying(current, account, due, claim, actor)
        if table.write(wanted, over=current, payment=payment):
            return charge_now(payment, catalog) if payment else Charged(wanted, None)
        pause(attempt)
    raise SubscriptionBusy(account_id)


def _paying(
    current: Subscription, account: Account, due: Renewal, claim: Claim, actor: str
) -> tuple[Subscription, Payment | None]:
    """Return the subscription waiting for the payment of a period; renewed and without one if that costs nothing."""
    now_ms = clock.now_ms()
    if due.quote.charge_micros == 0:
        free = pending_renewal(current, due, payment_id="", automatic=False)
        return replace(paid(current, free, now_ms), updated_at_ms=now_ms, version=current.version + 1), None
    payment = make_payment(
        account,
        Claim(claim.resource_id, now_ms),
        purpose="renewal",
        terms=due.terms,
        quote=due.quote,
        actor=actor,
        off_session=False,
    )
    waiting = replace(
        current,
        pending=pending_renewal(current, due, payment_id=payment.payment_id, automatic=False),
        charged_card=payment.payment_method_id,
        due_at_ms=now_ms + LOOK_AGAIN_MS,
        updated_at_ms=now_ms,
        version=current.version + 1,
    )
    return waiting, payment


def _due(current: Subscription, account: Account, catalog: Catalog) -> Renewal:
    try:
        return payable_renewal(current, catalog, tax_of(account, catalog))
    except HOLDS as refusal:
        raise RenewalHeld(refusal.detail) from refusal


def _owing(current: Subscription | None, account_id: str) -> Subscription:
    if current is None or not current.exists:
        raise SubscriptionNotFound(account_id)
    if current.status not in OWING:
        raise NothingOwed(current)
    if current.pending:
        raise SubscriptionPending(current.pending)
    return current
