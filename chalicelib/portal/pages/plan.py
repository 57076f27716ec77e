"""Plan and add-ons: show, review a change with what is due today, make it, and pay what is owed."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from chalice.app import Response

from chalicelib import clock, idempotency
from chalicelib.catalog.catalog import Product
from chalicelib.errors import Refusal
from chalicelib.http_input import read_fields
from chalicelib.i18n.texts import mark
from chalicelib.idempotency import IdempotencyConflict, Key
from chalicelib.money import parse_micros
from chalicelib.payments.new_payment import CardMissing
from chalicelib.payments.refusals import CardDeclined, PaymentCanceled
from chalicelib.payments.resolve import Resolution
from chalicelib.portal import forms, render
from chalicelib.portal.next_page import card_path, save_card_first
from chalicelib.portal.owed import find_charge_now, tried_again, until_when
from chalicelib.portal.refusals import why_failed
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.subscription_price import subscription_price
from chalicelib.stripe_api.errors import PaymentsUnavailable
from chalicelib.subscriptions import table
from chalicelib.subscriptions.cancellation import Reason
from chalicelib.subscriptions.change import ChangeResult, change, preview
from chalicelib.subscriptions.charge_now import ChargeResult
from chalicelib.subscriptions.check_change import QuoteChanged
from chalicelib.subscriptions.dunning import access_end_ms
from chalicelib.subscriptions.pay_past_due import pay_past_due
from chalicelib.subscriptions.request import Quantity, SubscriptionRequest
from chalicelib.subscriptions.subscription import OWING, Subscription
from chalicelib.subscriptions.view import SubscriptionView, load_subscription_view, view_change

CHANGE: Final = "-plan"
PAY: Final = "-owed"
RESUME: Final = "-resume"
CANCEL_FIELDS: Final = ("reason", "comment")

DONE: Final = {
    "card": mark("Your card is saved. Nothing was charged yet."),
    "card-charged": mark("Your card is saved."),
    "plan": mark("Your plan is changed."),
    "paid": mark("Nothing is due anymore."),
    "plan-later": mark("Your change is scheduled."),
    "sent-before": mark("You sent this form before. This is your plan as it is now."),
    "plan-kept": mark("You're keeping your current plan."),
    "canceled": mark("Your subscription is canceled."),
    "pausing": mark("Your pause is scheduled."),
    "resumed": mark("Your subscription will continue."),
}

REASONS: Final[dict[Reason, str]] = {
    "too_expensive": mark("It's too expensive"),
    "unused": mark("I don't use it enough"),
    "missing_features": mark("It's missing features I need"),
    "switched_service": mark("I'm switching to another service"),
    "too_complex": mark("It's too hard to use"),
    "low_quality": mark("The quality isn't good enough"),
    "customer_service": mark("The support isn't good enough"),
    "other": mark("Another reason"),
}
"""Why people cancel, as the page asks for it."""


def show(request: PortalRequest) -> Response:
    """Show the subscription, and what can be subscribed to."""
    return _page(request)


def show_preview(request: PortalRequest) -> Response:
    """Show what a change would do and cost, with the form that makes it."""
    try:
        wanted = _read_request(request, request.query)
        found = preview(request.account, wanted, request.catalog)
    except Refusal as refusal:
        return show_refused(request, refusal)
    return _preview_page(request, wanted, found)


def send(request: PortalRequest) -> Response:
    """Make a change that was previewed; what it costs must still be what was shown."""
    attempt = forms.number(request.form, "attempt", 1)
    try:
        wanted = _read_request(request, request.form)
        key = request.attempt_key(attempt, CHANGE)
        if _names_another_card(request, key):
            return request.go("plan", "preview", **_chosen(request.form))
        found = change(request.payer, wanted, key=key, actor=request.allowed.actor, catalog=request.catalog)
    except CardMissing:
        return save_card_first(request, "plan-preview", request.form)
    except (CardDeclined, PaymentCanceled) as refusal:
        request.finish_attempt("plan", attempt)
        return request.go("payments", str(refusal.about["payment_id"]))
    except PaymentsUnavailable as refusal:
        return request.go("payments", str(refusal.about["payment_id"]), note="unavailable")
    except Refusal as refusal:
        if isinstance(refusal, IdempotencyConflict):
            request.finish_attempt("plan", attempt)
        return show_refused(request, refusal)
    return _go_on(request, attempt, found.resolved, _done(found))


def _names_another_card(request: PortalRequest, key: Key) -> bool:
    """Tell whether a form that was not sent before names another card than the one that would be charged."""
    said, card = request.form.get("card"), request.payer.chargeable_card
    is_another = said is not None and (card is None or card.payment_method_id != said)
    return is_another and idempotency.resource_of(request.account.account_id, key) is None


def _chosen(fields: Mapping[str, str]) -> dict[str, str]:
    """Return what was chosen in a form of the plan, as the preview's address takes it."""
    return {name: value for name, value in fields.items() if name == "plan" or name.startswith("add_on_")}


def pay_owed(request: PortalRequest) -> Response:
    """Pay a renewal that is owed: what the button says. Raises InvalidDecimal, and what `pay_past_due` raises."""
    said = request.form.get("expected_amount", "0")
    pay = partial(pay_past_due, expected_micros=parse_micros(said))
    return charge_by_hand(request, PAY, pay, done="paid")


def charge_by_hand(request: PortalRequest, what: str, charge: Callable[..., ChargeResult], *, done: str) -> Response:
    """Charge with a verb, once for each attempt, and go on to the payment. Raises what the verb raises."""
    attempt = forms.number(request.form, "attempt", 1)
    key = request.attempt_key(attempt, what)
    try:
        charged = charge(request.payer, key=key, actor=request.allowed.actor, catalog=request.catalog)
    except CardMissing:
        return save_card_first(request, "plan")
    except QuoteChanged as refusal:
        return show_refused(request, refusal)
    except (CardDeclined, PaymentCanceled) as refusal:
        request.finish_attempt("plan", attempt)
        return request.go("payments", str(refusal.about["payment_id"]))
    except PaymentsUnavailable as refusal:
        return request.go("payments", str(refusal.about["payment_id"]), note="unavailable")
    is_undone = done == "resumed" and (charged.subscription.cancel_at_period_end or charged.subscription.pause)
    return _go_on(request, attempt, charged.resolved, "sent-before" if is_undone else done)


def _go_on(request: PortalRequest, attempt: int, resolved: Resolution | None, done: str) -> Response:
    """Redirect to the payment; to the plan if nothing was charged."""
    if resolved is None:
        request.finish_attempt("plan", attempt)
        return request.go("plan", done=done)
    if resolved.payment.ended:
        request.finish_attempt("plan", attempt)
    return request.go("payments", resolved.payment.payment_id)


def _done(found: ChangeResult) -> str:
    """Return what a change has done: now, at the period's end, or that what was to come is taken back."""
    before, after = found.before, found.subscription
    if found.effect is None:
        return "sent-before"
    if before and found.changes_now:
        return "plan"
    return "plan-later" if after.scheduled else "plan-kept" if before and before.scheduled else "plan"


def _read_request(request: PortalRequest, fields: Mapping[str, str]) -> SubscriptionRequest:
    """Read a change from a form or an address: the plan, and how many of each add-on.

    Raises QuantityInvalid, InvalidRequest.
    """
    add_ons = {name: forms.quantity(fields, f"add_on_{name}", Quantity) for name in request.catalog.add_ons}
    sent = {
        "plan": fields.get("plan", ""),
        "add_ons": {name: number for name, number in add_ons.items() if number},
        "expected_amount": fields.get("expected_amount"),
    }
    return read_fields(sent, SubscriptionRequest)


def _preview_page(request: PortalRequest, wanted: SubscriptionRequest, found: ChangeResult) -> Response:
    shown = view_change(found, request.catalog, request.viewer, is_preview=True)
    needs_card = found.effect is not None and found.effect.needs_card
    charges = found.quote.charge_micros > 0
    next_plan = (shown.subscription.scheduled or shown.subscription).plan
    return render.page(
        request,
        "plan_preview.html",
        here="plan",
        attempt=request.session.attempt_of("plan"),
        wanted=wanted,
        change=shown,
        confirmation=_confirmation(request),
        before=found.before,
        changes_nothing=found.changes_nothing,
        changes_now=found.changes_now,
        charges=charges,
        months=request.catalog.plans[next_plan].months,
        trial_end=found.effect.trial_end_ms if found.effect else None,
        needs_card=needs_card,
        is_payable=request.may_pay or not (charges or needs_card),
        card=request.payer.chargeable_card,
        card_path=card_path(request, "plan-preview", request.query) if charges or needs_card else None,
        is_carried=found.quote.charge_micros == 0 < found.quote.carried_micros,
    )


def show_refused(request: PortalRequest, refusal: Refusal, errors: forms.Errors | None = None) -> Response:
    """Show the page with what was refused, beside its field, and with everything that was chosen."""
    return _page(request, refusal, errors)


def _page(request: PortalRequest, refusal: Refusal | None = None, errors: forms.Errors | None = None) -> Response:
    subscription = load_subscription_view(request.account.account_id, request.catalog)
    given = {**request.query, **request.form} if refusal else {}
    return render.page(
        request,
        "plan.html",
        status=refusal.status if refusal else 200,
        here="plan",
        subscription=subscription,
        attempt=request.session.attempt_of("plan"),
        errors=errors or (_errors(request, refusal) if refusal else {}),
        confirmation=_confirmation(request),
        card_path=card_path(request, "plan"),
        why_owed=_why_owed(request, subscription),
        reasons=REASONS,
        given=given,
        **_offer(request, subscription, given),
        **_held(request, subscription),
    )


def _confirmation(request: PortalRequest) -> str | None:
    done = DONE.get(request.query.get("done", ""))
    return request.words.say(done) if done else None


def _why_owed(request: PortalRequest, subscription: SubscriptionView | None) -> str | None:
    """Say why the bank did not pay what is owed, and what helps."""
    failure = subscription.owed.failure if subscription and subscription.owed else None
    if failure is None:
        return None
    return why_failed(failure.code, failure.decline_code, request.words, fills_wallet=False)


def _errors(request: PortalRequest, refusal: Refusal) -> forms.Errors:
    """Return what is wrong, beside the add-on that it is about, if any."""
    refusal.about["field"] = str(refusal.about.get("field")).replace("add_ons.", "add_on_")
    return forms.errors_of(request, refusal, [f"add_on_{name}" for name in request.catalog.add_ons])


def _offer(request: PortalRequest, subscription: SubscriptionView | None, given: dict[str, str]) -> dict[str, Any]:
    """Return what is sold in the account's currency, and how many of each are chosen."""
    held = subscription and (subscription.scheduled or subscription)
    is_running = subscription is not None and subscription.status != "canceled"
    chosen = {name: held.add_ons.get(name, 0) if held else 0 for name in request.catalog.add_ons}
    chosen |= {name: given.get(f"add_on_{name}", number) for name, number in chosen.items()}  # type: ignore[misc]
    return {
        "plans": _offered(request.catalog.plans, request.currency, {held.plan} if held and is_running else set()),
        "add_ons": _offered(
            request.catalog.add_ons, request.currency, set(held.add_ons) if held and is_running else set()
        ),
        "chosen_plan": given.get("plan") or (held.plan if held else None),
        "chosen": chosen,
        "has_yearly": any(each.months > 1 for each in request.catalog.plans.values()),
    }


def _offered(products: Mapping[str, Product], currency: str, held: set[str]) -> dict[str, Product]:
    """Return what is sold, and what is not sold any more but held."""
    return {
        name: product
        for name, product in products.items()
        if currency in product.amounts_micros and (name in held or not product.retired)
    }


def _held(request: PortalRequest, shown: SubscriptionView | None) -> dict[str, Any]:
    """Return what the page says of the subscription that no answer of the API has: its price, and who changed it."""
    found = table.find(request.account.account_id)
    return {
        "set_by": request.viewer.name_of(found.actor, found.updated_at_ms) if found else None,
        "price": subscription_price(found, request.catalog) if found else None,
        "charge_now": _charge_now(request, found, shown) if found else None,
        "owed_days": _owed_days(request, found) if found and found.status in OWING else [],
    }


def _charge_now(request: PortalRequest, found: Subscription, shown: SubscriptionView | None) -> str | None:
    """Say that a card that was saved since is about to be charged for what is owed; a payment is shown by itself."""
    charge = shown.owed.charge if shown and shown.owed else None
    if found.pending or charge is None:
        return None
    now = find_charge_now(found, request.payer, (), parse_micros(charge.amount), request.words, now_ms=clock.now_ms())
    return now.text if now else None


def _owed_days(request: PortalRequest, found: Subscription) -> list[str]:
    """Say until when access lasts if nobody pays, and when the card is tried again."""
    now_ms = clock.now_ms()
    until = until_when(access_end_ms(found, request.catalog.dunning, now_ms), now_ms, request.words)
    return list(filter(None, [until, tried_again(found, request.payer, request.words)]))
