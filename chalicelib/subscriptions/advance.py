"""Advance a subscription: read it, apply the result of its payment, take the next step, write it, queue a payment.

`advance_subscription` is the entry point; the functions below it are its steps, in order.
"""

from typing import Final

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.accounts.tax import tax_of
from chalicelib.backoff import pause
from chalicelib.cards.card import Card
from chalicelib.cards.payer import Payer
from chalicelib.cards.table import get_payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.issue import log_issued, next_invoice
from chalicelib.log import log
from chalicelib.payments import queue as charges
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.payments.queue import ChargeMessage
from chalicelib.stripe_api.stripe_account import StripeAccount
from chalicelib.subscriptions import table
from chalicelib.subscriptions.disputed_card import find_backup, is_card_disputed
from chalicelib.subscriptions.dunning import is_blocked_by_dispute, renewal_failed, renewal_failed_by_dispute
from chalicelib.subscriptions.make_payment import make_payment, renewal_claim
from chalicelib.subscriptions.payment_outcomes import apply_payment_result
from chalicelib.subscriptions.reminder import note_reminder
from chalicelib.subscriptions.renewal import RECHECK_MS, Means, NextStep, Renewal, next_step, pending_renewal
from chalicelib.subscriptions.renewal_hold import may_wait_for_stripe, resume_after_hold, waits_for_connection
from chalicelib.subscriptions.subscription import OWING, Subscription, SubscriptionBusy

ACTOR: Final = "renewal"
ATTEMPTS: Final = 30
"""More than there are writers of one row (a person, two streams, the queue) and of an account's invoice number."""


def advance_subscription(
    account_id: str, catalog: Catalog, *, payment_id: str | None = None, take_steps: bool = True
) -> Subscription | None:
    """Advance an account's subscription, and return it as it is then; None if there is none.

    The payment of a renewal is written together with the subscription, which then waits for it, before it is put on the
    charges queue. It is safe to call this at any time, any number of times. `payment_id` is a payment that has changed;
    it may no longer be pending. Without `take_steps`, only the result of a payment is applied. Raises SubscriptionBusy.
    """
    for attempt in range(ATTEMPTS):
        current = table.find(account_id)
        if current is None:
            return None
        payer, now_ms = get_payer(account_id), clock.now_ms()
        payment = _find_payment(current, payment_id)
        # Without steps nothing would try the backup now.
        backup = find_backup(payer, catalog.disputes, now_ms) if take_steps and _is_declined(payment) else None
        updated = apply_payment_result(current, payment, catalog, now_ms, backup=backup) if payment else current
        means = means_of(payer, payment)
        updated, new_payment = (
            _take_next_steps(updated, payer, means, catalog, now_ms) if take_steps else (updated, None)
        )
        if updated == current:
            _queue_payment(payment)
            return current
        updated = replace(updated, updated_at_ms=now_ms, version=current.version + 1)
        paid = payment if payment and _is_newly_paid(payment, current, updated) else None
        invoice = _make_invoice(paid, payer.account, catalog) if paid else None
        late_payment = paid if paid and paid.late == "undecided" else None
        if table.write(
            updated,
            over=current,
            payment=new_payment,
            invoice=invoice,
            late_payment=late_payment,
            by=paid.actor if paid else ACTOR,
        ):
            _log_change(current, updated, invoice)
            if updated.status == current.status or updated.status not in OWING:
                _queue_payment(new_payment)
                return updated
            # It became owed with the card that was read above. A card that was saved since then has triggered nothing,
            # because nothing was owed yet: loop once more to try it.
        else:
            pause(attempt)
    raise SubscriptionBusy(account_id=account_id)


def _find_payment(current: Subscription, payment_id: str | None) -> Payment | None:
    """Return the pending payment; else the last pending one, if it is `payment_id` or its end may not be known."""
    last = current.expired_pending
    if current.pending:
        return payments.get(current.account_id, current.pending.payment_id)
    if last and (last.payment_id == payment_id or may_wait_for_stripe(current)):
        return payments.get(current.account_id, last.payment_id)
    return None


def _take_next_steps(
    current: Subscription, payer: Payer, means: Means, catalog: Catalog, now_ms: int
) -> tuple[Subscription, Payment | None]:
    """Return the subscription after its next steps, and the payment of its next period if that is to be charged now."""
    # It has ended or never began, so there is no next step; unless it awaits a payment, which is to be checked again.
    if current.may_start and not current.pending:
        return current, None
    tax = tax_of(payer.account, catalog)
    if is_blocked_by_dispute(current) and means.card and not is_card_disputed(payer, catalog.disputes, now_ms):
        current = replace(current, due_at_ms=now_ms)  # the dispute is over, or answered: try the period at once
    if waits_for_connection(current) and not means.waits:
        current = resume_after_hold(current, now_ms)
    while True:
        step = next_step(current, means, catalog, now_ms, tax)
        if isinstance(step, Renewal) and (card := _card_to_charge(current, payer, catalog, now_ms)):
            return _begin_renewal(current, payer.paying_with(card), step, now_ms)
        step = _step_without_charge(current, step, means, catalog, now_ms)
        if step == current:
            return note_reminder(current, catalog, now_ms, tax), None
        current = step


def _card_to_charge(current: Subscription, payer: Payer, catalog: Catalog, now_ms: int) -> Card | None:
    """Return the default, or the backup if the default was declined in this attempt; None if a bank objects to it."""
    if current.declined_default:
        return find_backup(payer, catalog.disputes, now_ms)
    return None if is_card_disputed(payer, catalog.disputes, now_ms) else payer.card


def _step_without_charge(
    current: Subscription, step: NextStep, means: Means, catalog: Catalog, now_ms: int
) -> Subscription:
    """Return the next step of a subscription for which no card is charged now.

    If that was to be the backup, the attempt has failed, for the reason why the default was declined.
    """
    was_to_continue = isinstance(step, Renewal) or (step.declined_default and not step.pending)
    if current.declined_default and was_to_continue:
        return renewal_failed(current, current.declined_default, catalog.dunning, now_ms, automatic=True)
    if isinstance(step, Renewal):
        return renewal_failed_by_dispute(current, means.card, catalog.dunning, now_ms)
    return step


def _is_declined(payment: Payment | None) -> bool:
    return payment is not None and payment.state == "failed"


def means_of(payer: Payer, last: Payment | None = None) -> Means:
    """Return what a period can be charged to. `last` is the payment that was tried last, if it is at hand.

    If its end is not known because of a break, and the same Stripe account is connected again, Stripe is asked first
    (`check_closed_payment`): the card may have been charged.
    """
    card = payer.chargeable_card
    is_same_account = last is not None and StripeAccount(last.stripe_account) == payer.stripe_account
    is_unknown = last is not None and last.closed_at_break_ms is not None and is_same_account
    waits = payer.waits_for_connection or is_unknown
    return Means(card.payment_method_id if card and not waits else None, waits, payer.card_needed_again)


def _begin_renewal(current: Subscription, payer: Payer, renewal: Renewal, now_ms: int) -> tuple[Subscription, Payment]:
    """Make the payment of a period, and return it with the subscription waiting for it."""
    claim = renewal_claim(
        current.account_id,
        renewal.terms,
        attempt=current.attempt,
        now_ms=now_ms,
        never_made_attempts=current.never_made_attempts,
        backup=current.declined_default is not None,
    )
    payment = make_payment(
        payer, claim, purpose="renewal", terms=renewal.terms, quote=renewal.quote, actor=ACTOR, off_session=True
    )
    waiting = replace(
        current,
        pending=pending_renewal(current, renewal, payment_id=payment.payment_id, automatic=True),
        charged_card=current.charged_card if current.declined_default else payment.payment_method_id,
        held=None,
        due_at_ms=now_ms + RECHECK_MS,
    )
    return waiting, payment


def _is_newly_paid(payment: Payment, before: Subscription, after: Subscription) -> bool:
    """Tell whether this change applies the success of a payment."""
    return before.paid_payment_id != payment.payment_id == after.paid_payment_id


def _make_invoice(payment: Payment, account: Account, catalog: Catalog) -> Invoice | None:
    """Return the invoice to write together with a paid period; None if the payment has one already.

    A period that was paid for takes effect even if its invoice fails: then the invoices queue issues it.
    """
    try:
        return next_invoice(payment, account, catalog)
    except Exception:  # noqa: BLE001 - as above; what the queue cannot issue either is parked, with an alarm
        log().exception("an invoice was not drawn up", account_id=payment.account_id, payment_id=payment.payment_id)
        return None


def _queue_payment(payment: Payment | None) -> None:
    """Queue an automatic payment that Stripe may not have yet: a new one, or one whose run was cut off before this."""
    if payment and payment.off_session and payment.state == "created":
        charges.send(ChargeMessage(payment.account_id, payment.payment_id))


def _log_change(before: Subscription, after: Subscription, invoice: Invoice | None) -> None:
    log().info(
        "a subscription changed",
        account_id=after.account_id,
        before=before.status,
        status=after.status,
        period_end_ms=after.terms.period_end_ms,
        payment_id=after.pending.payment_id if after.pending else after.paid_payment_id,
        code=after.failure.code if after.failure else None,
    )
    if waits_for_connection(after):
        log().info("a renewal waits for the connection of its workspace", account_id=after.account_id)
    elif hold := after.held:
        log().error("a renewal is held", account_id=after.account_id, reason=hold.reason, detail=hold.detail)
    if invoice:
        log_issued(invoice)
