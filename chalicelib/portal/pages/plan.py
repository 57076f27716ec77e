"""Plan and add-ons: show, preview the cost of a change, change, cancel, resume, and pay what is owed."""

from collections.abc import Mapping
from typing import Any, Final

from chalice.app import Response

from chalicelib.catalog.catalog import Product
from chalicelib.errors import Refusal
from chalicelib.http_input import read_fields
from chalicelib.idempotency import IdempotencyConflict
from chalicelib.payments.new_payment import CardMissing
from chalicelib.payments.refusals import CardDeclined, PaymentCanceled
from chalicelib.payments.resolve import Resolution
from chalicelib.portal import forms, render
from chalicelib.portal.request import PortalRequest
from chalicelib.stripe_api.errors import PaymentsUnavailable
from chalicelib.subscriptions import table
from chalicelib.subscriptions.cancel import cancel, resume
from chalicelib.subscriptions.change import ChangeResult, change, preview
from chalicelib.subscriptions.pay_past_due import pay_past_due
from chalicelib.subscriptions.request import Quantity, SubscriptionRequest
from chalicelib.subscriptions.view import SubscriptionView, load_subscription_view, view_change

CHANGE: Final = "-plan"
PAY: Final = "-owed"


def show(request: PortalRequest) -> Response:
    """Show the subscription, and what can be subscribed to."""
    return _page(request, load_subscription_view(request.account.account_id, request.catalog))


def show_preview(request: PortalRequest) -> Response:
    """Show what a change would do and cost, with the form that makes it."""
    try:
        wanted = _read_request(request, request.query)
        found = preview(request.account, wanted, request.catalog)
    except Refusal as refusal:
        return _page(
            request, load_subscription_view(request.account.account_id, request.catalog), refusal, dict(request.query)
        )
    return _preview_page(request, wanted, found)


def send(request: PortalRequest) -> Response:
    """Make a change that was previewed; what it costs must still be what was shown."""
    attempt = forms.number(request.form, "attempt", 1)
    try:
        wanted = _read_request(request, request.form)
        key = request.attempt_key(attempt, CHANGE)
        found = change(request.payer, wanted, key=key, actor=request.allowed.actor, catalog=request.catalog)
    except CardMissing:
        return request.go("card", then="plan")
    except (CardDeclined, PaymentCanceled) as refusal:
        request.finish_attempt(attempt)
        return request.go("payments", str(refusal.about["payment_id"]))
    except PaymentsUnavailable as refusal:
        return request.go("payments", str(refusal.about["payment_id"]), note="unavailable")
    except IdempotencyConflict:
        request.finish_attempt(attempt)
        return request.go("plan")
    except Refusal as refusal:
        return _page(
            request, load_subscription_view(request.account.account_id, request.catalog), refusal, dict(request.form)
        )
    return _paid(request, attempt, found.resolved)


def cancel_plan(request: PortalRequest) -> Response:
    """Cancel at the period's end. Raises SubscriptionNotFound, AlreadyCanceled, SubscriptionBusy."""
    cancel(request.account.account_id, actor=request.allowed.actor, catalog=request.catalog)
    return request.go("plan", done="canceled")


def resume_plan(request: PortalRequest) -> Response:
    """Take a cancellation back. Raises SubscriptionNotFound, NotCanceled, SubscriptionBusy."""
    resume(request.account.account_id, actor=request.allowed.actor, catalog=request.catalog)
    return request.go("plan", done="resumed")


def pay_owed(request: PortalRequest) -> Response:
    """Pay a renewal that is owed. Raises SubscriptionNotFound, NothingOwed, SubscriptionPending, SubscriptionBusy."""
    attempt = forms.number(request.form, "attempt", 1)
    try:
        charged = pay_past_due(
            request.payer, key=request.attempt_key(attempt, PAY), actor=request.allowed.actor, catalog=request.catalog
        )
    except CardMissing:
        return request.go("card", then="plan")
    except (CardDeclined, PaymentCanceled) as refusal:
        request.finish_attempt(attempt)
        return request.go("payments", str(refusal.about["payment_id"]))
    except PaymentsUnavailable as refusal:
        return request.go("payments", str(refusal.about["payment_id"]), note="unavailable")
    return _paid(request, attempt, charged.resolved)


def _paid(request: PortalRequest, attempt: int, resolved: Resolution | None) -> Response:
    if resolved is None:
        return request.go("plan", done="plan")
    if resolved.payment.ended:
        request.finish_attempt(attempt)
    return request.go("payments", resolved.payment.payment_id)


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
    return render.page(
        request,
        "plan_preview.html",
        here="plan",
        attempt=request.session.attempt,
        wanted=wanted,
        change=shown,
        trial_end=found.effect.trial_end_ms if found.effect else None,
        needs_card=found.effect is not None and found.effect.needs_card,
        card=request.payer.card,
        is_carried=found.quote.charge_micros == 0 < found.quote.carried_micros,
    )


def _page(
    request: PortalRequest,
    subscription: SubscriptionView | None,
    refusal: Refusal | None = None,
    given: dict[str, str] | None = None,
) -> Response:
    return render.page(
        request,
        "plan.html",
        status=refusal.status if refusal else 200,
        here="plan",
        subscription=subscription,
        attempt=request.session.attempt,
        errors=_errors(request, refusal) if refusal else {},
        **_offer(request, subscription, given or {}),
        **_set_by(request),
    )


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
    }


def _offered(products: Mapping[str, Product], currency: str, held: set[str]) -> dict[str, Product]:
    """Return what is sold, and what is not sold any more but held."""
    return {
        name: product
        for name, product in products.items()
        if currency in product.amounts_micros and (name in held or not product.retired)
    }


def _set_by(request: PortalRequest) -> dict[str, Any]:
    found = table.find(request.account.account_id)
    return {"set_by": request.viewer.name_of(found.actor, found.updated_at_ms) if found else None}
