"""Follow: look at a subscription as it is now, account for what became of its payment, and take the next step."""

from typing import Final

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.accounts.tax import tax_of
from chalicelib.catalog.catalog import Catalog
from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.issue import log_issued, next_invoice
from chalicelib.ledger.post import pause
from chalicelib.log import log
from chalicelib.payments import queue as charges
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.payments.queue import ChargeMessage
from chalicelib.subscriptions import table
from chalicelib.subscriptions.disputed_card import is_card_disputed
from chalicelib.subscriptions.dunning import held, is_held
from chalicelib.subscriptions.make_payment import make_payment, renewal_claim
from chalicelib.subscriptions.payment_outcomes import landed
from chalicelib.subscriptions.renewal import LOOK_AGAIN_MS, Renewal, next_step, pending_renewal
from chalicelib.subscriptions.subscription import OWING, Subscription, SubscriptionBusy

ACTOR: Final = "renewal"
RACES: Final = 30
"""Writers of one row at once: a person, two streams, the queue. And the account's next invoice has one number."""


def follow(
    account_id: str, catalog: Catalog, *, payment_id: str | None = None, begins: bool = True
) -> Subscription | None:
    """Move an account's subscription on, and return it as it then is; None when there is none.

    The payment of a period is on its row, with the subscription waiting for it, before it goes onto the charges queue.
    Anybody may call this at any time, any number of times. `payment_id` names a payment that has moved: it may be one
    that is no longer awaited. Unless it `begins` anything, it only accounts for what has been. Raises SubscriptionBusy.
    """
    for attempt in range(RACES):
        current = table.find(account_id)
        if current is None:
            return None
        account, now_ms = accounts.get(account_id), clock.now_ms()
        awaited = _awaited(current, payment_id)
        wanted = landed(current, awaited, catalog, now_ms) if awaited else current
        wanted, made = _step(wanted, account, catalog, now_ms) if begins else (wanted, None)
        if wanted == current:
            return _sent(current, awaited)
        wanted = replace(wanted, updated_at_ms=now_ms, version=current.version + 1)
        paid = awaited if awaited and _brings(awaited, current, wanted) else None
        invoice = _invoice_of(paid, account, catalog) if paid else None
        late = paid if paid and paid.late == "undecided" else None
        if table.write(wanted, over=current, payment=made, invoice=invoice, applied=late):
            _log(current, wanted, invoice)
            if wanted.status == current.status or wanted.status not in OWING:
                return _sent(wanted, made)
            # It is owed by a card, or for want of one, that was read before; who saved another did not find it owed.
        else:
            pause(attempt)
    raise SubscriptionBusy(account_id)


def _awaited(current: Subscription, payment_id: str | None) -> Payment | None:
    """Return the payment that is awaited; where none is, the last one that was, if that is the one that has moved."""
    if current.pending:
        return payments.get(current.account_id, current.pending.payment_id)
    if payment_id and current.lapsed and current.lapsed.payment_id == payment_id:
        return payments.get(current.account_id, payment_id)
    return None


def _brings(payment: Payment, before: Subscription, after: Subscription) -> bool:
    """Tell whether a subscription has what a payment was for, and had not before."""
    return before.paid_payment_id != payment.payment_id == after.paid_payment_id


def _invoice_of(payment: Payment, account: Account, catalog: Catalog) -> Invoice | None:
    """Return the invoice that is written with what a payment brings; None when it has one.

    Nobody waits for what they paid because of its paper: if that cannot be drawn up, the invoices' queue tries again.
    """
    try:
        return next_invoice(payment, account, catalog)
    except Exception:  # noqa: BLE001 - as above; what the queue cannot issue either is parked, with an alarm
        log().exception("an invoice was not drawn up", account_id=payment.account_id, payment_id=payment.payment_id)
        return None


def _step(
    current: Subscription, account: Account, catalog: Catalog, now_ms: int
) -> tuple[Subscription, Payment | None]:
    """Return the subscription after its next steps, with the new payment that it then waits for, if any."""
    if current.may_start and not current.pending:
        return current, None
    if is_held(current) and card_of(account) and not is_card_disputed(account, catalog.disputes, now_ms):
        current = replace(current, due_at_ms=now_ms)  # the dispute was won, or answered: the period is tried at once
    while True:
        step = next_step(current, card_of(account), catalog, now_ms, tax_of(account, catalog))
        if isinstance(step, Renewal):
            if not is_card_disputed(account, catalog.disputes, now_ms):
                return _begun(current, account, step, now_ms)
            step = held(current, card_of(account), catalog.dunning, now_ms)
        if step == current:
            return current, None
        current = step


def card_of(account: Account) -> str | None:
    """Return the payment method that can be charged, if there is one."""
    return account.card.payment_method_id if account.card and account.stripe_customer_id else None


def _begun(current: Subscription, account: Account, due: Renewal, now_ms: int) -> tuple[Subscription, Payment]:
    """Make the payment of a period, and let the subscription wait for it."""
    claim = renewal_claim(
        current.account_id, due.terms, attempt=current.attempt, now_ms=now_ms, untaken=current.untaken
    )
    payment = make_payment(
        account, claim, purpose="renewal", terms=due.terms, quote=due.quote, actor=ACTOR, off_session=True
    )
    waiting = replace(
        current,
        pending=pending_renewal(current, due, payment_id=payment.payment_id, automatic=True),
        charged_card=payment.payment_method_id,
        held=None,
        due_at_ms=now_ms + LOOK_AGAIN_MS,
    )
    return waiting, payment


def _sent(subscription: Subscription, payment: Payment | None) -> Subscription:
    """Put a payment that nobody is known to have made on the charges queue: also one of a run that was cut off here."""
    if payment and payment.off_session and payment.state == "created":
        charges.send(ChargeMessage(payment.account_id, payment.payment_id))
    return subscription


def _log(before: Subscription, after: Subscription, invoice: Invoice | None) -> None:
    log().info(
        "a subscription moved on",
        account_id=after.account_id,
        before=before.status,
        status=after.status,
        period_end_ms=after.terms.period_end_ms,
        payment_id=after.pending.payment_id if after.pending else after.paid_payment_id,
        code=after.failure.code if after.failure else None,
    )
    if held := after.held:
        log().error("a renewal is held", account_id=after.account_id, reason=held.reason, detail=held.detail)
    if invoice:
        log_issued(invoice)
