"""Change a subscription, or begin one: additions take effect at once, removals at the period's end."""

from typing import Final

import msgspec

from chalicelib import clock, idempotency
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.accounts.tax import tax_of
from chalicelib.backoff import attempts
from chalicelib.cards.payer import Payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.claim import Claim
from chalicelib.http_input import MissingIdempotencyKey
from chalicelib.idempotency import Key
from chalicelib.payments.new_payment import check_card
from chalicelib.payments.payment import PREFIX, Payment
from chalicelib.payments.resolve import Resolution
from chalicelib.subscriptions import table
from chalicelib.subscriptions.advance import ATTEMPTS, advance_subscription
from chalicelib.subscriptions.change_effect import ChangeEffect, apply_effect
from chalicelib.subscriptions.charge_now import charge_now, resume_charge
from chalicelib.subscriptions.check_change import check_change
from chalicelib.subscriptions.make_payment import make_payment
from chalicelib.subscriptions.price import Quote
from chalicelib.subscriptions.request import SubscriptionRequest
from chalicelib.subscriptions.subscription import Subscription, SubscriptionBusy

OPERATION: Final = "subscription"


class ChangeResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a change. `effect` is None for a repeat; `resolved` is the payment, if something was charged.

    `quote` is what is charged for it. `tax` is the account's, which applies to the next renewal as well. `before` is
    the subscription that was changed, if there was one.
    """

    subscription: Subscription
    tax: Tax | None
    quote: Quote
    effect: ChangeEffect | None = None
    resolved: Resolution | None = None
    before: Subscription | None = None

    @property
    def changes_now(self) -> bool:
        """Tell whether other contents take effect now, and not only at the period's end."""
        if self.before is None or self.before.may_start or self.effect is None:
            return True
        return self.effect.terms.contents != self.before.terms.contents

    @property
    def changes_nothing(self) -> bool:
        """Tell whether everything stays as it is."""
        before, after = self.before, self.subscription
        return (
            before is not None
            and not self.changes_now
            and (before.scheduled, before.cancel_at_period_end) == (after.scheduled, after.cancel_at_period_end)
        )


def preview(account: Account, request: SubscriptionRequest, catalog: Catalog) -> ChangeResult:
    """Return what a change would do and cost now, without making it. Raises what `check_change` raises."""
    current, now_ms, tax = table.find(account.account_id), clock.now_ms(), tax_of(account, catalog)
    effect = check_change(account, current, request, catalog, now_ms, tax=tax)
    foreseen = apply_effect(effect, account, current, actor="", now_ms=now_ms)
    return ChangeResult(subscription=foreseen, tax=tax, quote=effect.quote, effect=effect, before=current)


def change(
    payer: Payer, request: SubscriptionRequest, *, key: Key | None, actor: str, catalog: Catalog
) -> ChangeResult:
    """Begin a subscription, or change it. With a key that was used before, continue its payment, or do nothing.

    The cost is charged to the card on file, and the change takes effect in the write that notes the success.

    Raises what `check_change` raises, and MissingIdempotencyKey, IdempotencyConflict, CardMissing, CardDeclined,
    PaymentCanceled, SubscriptionBusy.
    """
    account_id, content, tax = payer.account_id, request.idempotency_content, tax_of(payer.account, catalog)
    for attempt in attempts(ATTEMPTS):
        account = accounts.get(account_id) if attempt else payer.account
        current, now_ms = advance_subscription(account_id, catalog), clock.now_ms()
        # The claim is read after the row, so that it is found if the row already has an effect of this key.
        claim = idempotency.find(account_id, key, operation=OPERATION, content=content) if key else None
        if claim and (before := _resume_change(current, claim, tax, catalog)):
            return before
        effect = check_change(account, current, request, catalog, now_ms, tax=tax)
        payment: Payment | None = None
        if effect.needs_card:
            check_card(payer)
        if effect.quote.charge_micros:
            claim = claim or _claim_for_charge(payer, key, content)
            payment = _make_payment(payer, effect, Claim(claim.resource_id, now_ms), actor)
        elif key:
            _claim(account_id, key, content)
        updated = apply_effect(effect, account, current, actor=actor, now_ms=now_ms, payment=payment)
        done = None if payment else key
        if table.write(updated, over=current, payment=payment, done=done, unless_archived=True, by=actor):
            charged = charge_now(payment, catalog) if payment else None
            return ChangeResult(
                subscription=charged.subscription if charged else updated,
                tax=tax,
                quote=effect.quote,
                effect=effect,
                resolved=charged.resolved if charged else None,
                before=current,
            )
    raise SubscriptionBusy(account_id=account_id)


def _resume_change(
    current: Subscription | None, claim: Claim, tax: Tax | None, catalog: Catalog
) -> ChangeResult | None:
    """Continue an earlier request with the same key; None if it wrote nothing. Raises what `charge_now` raises."""
    if current is None:
        return None
    before = resume_charge(current.account_id, claim, catalog)
    if before and before.resolved:
        quoted = _quote_from(before.resolved.payment, before.subscription)
        return ChangeResult(subscription=before.subscription, tax=tax, quote=quoted, resolved=before.resolved)
    if claim.is_done:
        return ChangeResult(subscription=current, tax=tax, quote=Quote(0, current.carried_micros, ()))
    return None


def _quote_from(payment: Payment, subscription: Subscription) -> Quote:
    """Return the quote from which a payment was made. All of it is on the payment, except what is carried."""
    pending = subscription.pending
    is_pending = pending and pending.payment_id == payment.payment_id
    carried_micros = pending.carried_micros if pending and is_pending else subscription.carried_micros
    return Quote(payment.amount_micros, carried_micros, payment.lines, payment.tax, payment.added_tax_micros)


def _claim_for_charge(payer: Payer, key: Key | None, content: object) -> Claim:
    """Claim the key for a change that is charged. Raises MissingIdempotencyKey, CardMissing, IdempotencyConflict."""
    if key is None:
        raise MissingIdempotencyKey
    check_card(payer)
    return _claim(payer.account_id, key, content)


def _claim(account_id: str, key: Key, content: object) -> Claim:
    return idempotency.claim(account_id, key, operation=OPERATION, content=content, prefix=PREFIX)


def _make_payment(payer: Payer, effect: ChangeEffect, claim: Claim, actor: str) -> Payment:
    return make_payment(
        payer,
        claim,
        purpose=effect.purpose,
        terms=effect.terms,
        quote=effect.quote,
        actor=actor,
        off_session=False,
    )
