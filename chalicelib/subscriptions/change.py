"""Change what is subscribed to, or begin: at once for what is added, at the period's end for what is removed."""

from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib import clock, idempotency
from chalicelib.accounts.account import Account
from chalicelib.accounts.tax import tax_of
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.tax import Tax
from chalicelib.errors import Refusal
from chalicelib.http_input import MissingIdempotencyKey
from chalicelib.idempotency import Claim, Key
from chalicelib.ledger.post import pause
from chalicelib.money import format_amount, parse_micros, to_card_amount
from chalicelib.payments.new_payment import check_card
from chalicelib.payments.payment import PREFIX, Payment
from chalicelib.payments.resolve import Resolved
from chalicelib.subscriptions import table
from chalicelib.subscriptions.advance import RACES, follow
from chalicelib.subscriptions.change_effect import Difference, at_the_end, difference, start
from chalicelib.subscriptions.charge_now import charge_now, charged_before
from chalicelib.subscriptions.check_renewal import check_renewal
from chalicelib.subscriptions.make_payment import make_payment
from chalicelib.subscriptions.payment_outcomes import paid
from chalicelib.subscriptions.price import Quote, check_sold, is_known
from chalicelib.subscriptions.renewal import LOOK_AGAIN_MS
from chalicelib.subscriptions.request import SubscriptionRequest
from chalicelib.subscriptions.subscription import (
    OWING,
    Contents,
    Pending,
    Subscription,
    SubscriptionBusy,
    SubscriptionPending,
)

OPERATION: Final = "subscription"


class SubscriptionPastDue(Refusal):
    """A period is owed: it is paid before anything is changed."""

    status = 409
    type = "subscription-past-due"
    title = "The subscription has to be paid first"

    def __init__(self, subscription: Subscription) -> None:
        super().__init__(
            f"the last renewal was not paid; POST /v1/accounts/{subscription.account_id}/subscription/pay, or save "
            "another card",
            subscription_status=subscription.status,
        )


class SubscriptionRenewing(Refusal):
    """The period is over, and the next one is about to be charged."""

    status = 409
    type = "subscription-renewing"
    title = "The subscription is being renewed"

    def __init__(self) -> None:
        super().__init__("its period has ended and the next one is about to be charged; try again in a moment")


class AddOnInUse(Refusal):
    """Fewer of an add-on than are in use."""

    status = 409
    type = "add-on-in-use"
    title = "More of the add-on are in use"

    def __init__(self, name: str, wanted: int, in_use: int) -> None:
        super().__init__(
            f"{in_use} of {name!r} are in use, so they cannot become {wanted}; release them first",
            field=f"add_ons.{name}",
            in_use=in_use,
        )


class QuoteChanged(Refusal):
    """The change costs something else now than what was expected; nothing was done."""

    status = 409
    type = "quote-changed"
    title = "The change costs something else now"

    def __init__(self, expected: str, amount: str, currency: str) -> None:
        super().__init__(
            f"it costs {amount} {currency} now, not {expected}; look at a new preview", amount=amount, currency=currency
        )


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What a change came to. `difference` is None for a repeat; `resolved` is there if something was charged.

    `quote` is what is charged for it. `tax` is the account's: the next renewal bears it, too.
    """

    subscription: Subscription
    tax: Tax | None
    quote: Quote
    difference: Difference | None = None
    resolved: Resolved | None = None


def preview(account: Account, request: SubscriptionRequest, catalog: Catalog) -> Changed:
    """Say what a change would do and cost now, without doing it. Raises what `change` refuses with."""
    current, now_ms = table.find(account.account_id), clock.now_ms()
    found = find_difference(account, current, request, catalog, now_ms)
    foreseen = changed(account, current, found, actor="", now_ms=now_ms)
    return Changed(subscription=foreseen, tax=tax_of(account, catalog), quote=found.quote, difference=found)


def change(account: Account, request: SubscriptionRequest, *, key: Key | None, actor: str, catalog: Catalog) -> Changed:
    """Begin a subscription, or change it; with a key that was used before, go on with its payment, or do nothing.

    What it costs is charged to the card on file, and the change is made by the write that records the success.

    Raises UnknownProduct, ProductRetired, RenewalNotChargeable, SubscriptionPending, SubscriptionPastDue,
    SubscriptionRenewing, AddOnInUse, NotChargeable, QuoteChanged, MissingIdempotencyKey, IdempotencyConflict,
    CardMissing, CardDeclined, PaymentCanceled, SubscriptionBusy.
    """
    account_id, content = account.account_id, request.content
    tax = tax_of(account, catalog)
    for attempt in range(RACES):
        current, now_ms = follow(account_id, catalog), clock.now_ms()
        # Found after the row was read: whatever of this key's doing is in the row, its claim is there to tell of it.
        claim = idempotency.find(account_id, key, operation=OPERATION, content=content) if key else None
        if claim and (before := _made_before(current, claim, tax, catalog)):
            return before
        found = find_difference(account, current, request, catalog, now_ms)
        payment: Payment | None = None
        if found.needs_card:
            check_card(account)
        if found.quote.charge_micros:
            claim = claim or _claimed(account, key, content)
            payment = _payment(account, found, Claim(claim.resource_id, now_ms), actor)
        elif key:
            _claim(account_id, key, content)
        wanted = changed(account, current, found, actor=actor, now_ms=now_ms, payment=payment)
        if table.write(wanted, over=current, payment=payment, done=None if payment else key):
            charged = charge_now(payment, catalog) if payment else None
            return Changed(
                subscription=charged.subscription if charged else wanted,
                tax=tax,
                quote=found.quote,
                difference=found,
                resolved=charged.resolved if charged else None,
            )
        pause(attempt)
    raise SubscriptionBusy(account_id)


def _made_before(current: Subscription | None, claim: Claim, tax: Tax | None, catalog: Catalog) -> Changed | None:
    """Go on with what a claim stands for, if it was made. Raises CardDeclined, PaymentCanceled."""
    if current is None:
        return None
    before = charged_before(current.account_id, claim, catalog)
    if before and before.resolved:
        quoted = _quote_of(before.resolved.payment, before.subscription)
        return Changed(subscription=before.subscription, tax=tax, quote=quoted, resolved=before.resolved)
    if claim.is_done:
        return Changed(subscription=current, tax=tax, quote=Quote(0, current.carried_micros, ()))
    return None


def find_difference(
    account: Account, current: Subscription | None, request: SubscriptionRequest, catalog: Catalog, now_ms: int
) -> Difference:
    """Return what a request changes, if it may be made now. Pure. Raises what `change` refuses with."""
    wanted, currency, tax = request.contents(current), account.currency, tax_of(account, catalog)
    check_sold(wanted, currency, catalog, _held_by(current))
    if current is None or current.may_start:
        if current and current.pending:
            raise SubscriptionPending(current.pending)
        is_first = current is None or current.started_at_ms is None
        found = start(wanted, with_trial=is_first, currency=currency, catalog=catalog, now_ms=now_ms, tax=tax)
    else:
        _check_changeable(current, wanted, catalog, now_ms)
        if current.held or not is_known(current.terms.contents, currency, catalog):
            found = at_the_end(current, wanted, catalog)
        else:
            found = difference(current, wanted, catalog, now_ms, tax)
    _check_charge(request, found, currency)
    check_renewal(changed(account, current, found, actor="", now_ms=now_ms), catalog, tax)
    return found


def _held_by(current: Subscription | None) -> list[Contents]:
    """Return what is held now, and what from the next period on."""
    if current is None or current.may_start:
        return []
    return [current.terms.contents, *([current.scheduled] if current.scheduled else [])]


def _check_changeable(current: Subscription, wanted: Contents, catalog: Catalog, now_ms: int) -> None:
    if current.status in OWING:
        raise SubscriptionPastDue(current)
    if current.pending:
        raise SubscriptionPending(current.pending)
    if now_ms >= current.terms.period_end_ms and not current.held:
        raise SubscriptionRenewing
    # Of what the catalog lacks none can be asked for: who has it in use could never leave it.
    for name, in_use in [each for each in current.in_use.items() if each[0] in catalog.add_ons]:
        if wanted.add_ons.get(name, 0) < min(in_use, current.terms.contents.add_ons.get(name, 0)):
            raise AddOnInUse(name, wanted.add_ons.get(name, 0), in_use)


def _check_charge(request: SubscriptionRequest, found: Difference, currency: str) -> None:
    """Check that a card can be charged it, and that it is what was expected. Raises NotChargeable, QuoteChanged."""
    expected, charge_micros = request.expected_amount, found.quote.charge_micros
    if charge_micros:
        to_card_amount(charge_micros, currency)
    if expected is not None and parse_micros(expected) != charge_micros:
        raise QuoteChanged(expected, format_amount(charge_micros, currency), currency)


def changed(
    account: Account,
    current: Subscription | None,
    found: Difference,
    *,
    actor: str,
    now_ms: int,
    payment: Payment | None = None,
) -> Subscription:
    """Return the subscription as it is written: waiting for its payment, or changed where there is none. Pure."""
    before = current or Subscription(
        account_id=account.account_id,
        currency=account.currency,
        status="incomplete",
        terms=found.terms,
        actor=actor,
        updated_at_ms=now_ms,
    )
    touched = replace(before, actor=actor, updated_at_ms=now_ms, version=before.version + 1)
    awaited = Pending(
        payment_id=payment.payment_id if payment else "",
        purpose=found.purpose,
        terms=found.terms,
        carried_micros=found.quote.carried_micros,
        scheduled=found.scheduled,
        trial=found.trial,
    )
    if payment:
        return replace(touched, pending=awaited, due_at_ms=now_ms + LOOK_AGAIN_MS)
    return paid(touched, awaited, now_ms)


def _claimed(account: Account, key: Key | None, content: object) -> Claim:
    """Claim the key for a change that is charged. Raises MissingIdempotencyKey, CardMissing, IdempotencyConflict."""
    if key is None:
        raise MissingIdempotencyKey
    check_card(account)
    return _claim(account.account_id, key, content)


def _claim(account_id: str, key: Key, content: object) -> Claim:
    return idempotency.claim(account_id, key, operation=OPERATION, content=content, prefix=PREFIX)


def _quote_of(payment: Payment, subscription: Subscription) -> Quote:
    """Return what was quoted when a payment was made: all of it is on the payment, but for what is carried."""
    pending = subscription.pending
    awaits = pending and pending.payment_id == payment.payment_id
    carried_micros = pending.carried_micros if pending and awaits else subscription.carried_micros
    return Quote(payment.amount_micros, carried_micros, payment.lines, payment.tax, payment.added_tax_micros)


def _payment(account: Account, found: Difference, claim: Claim, actor: str) -> Payment:
    return make_payment(
        account,
        claim,
        purpose=found.purpose,
        terms=found.terms,
        quote=found.quote,
        actor=actor,
        off_session=False,
    )
