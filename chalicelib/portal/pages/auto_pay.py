"""Auto-pay: on or off, when, how much, and how much in a month at most.

If a form would charge the card at once, or its amounts are large or were not read as they were typed, a page first
shows what would happen; only the second form does it.
"""

from typing import Final

import msgspec
from chalice.app import Response
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.auto_pay.change_settings import (
    Amounts,
    AutoPayInvalid,
    AutoPayRequest,
    apply_settings,
    change_settings,
    read_amounts,
)
from chalicelib.auto_pay.decision import Charge, decide
from chalicelib.auto_pay.evaluate import Snapshot
from chalicelib.auto_pay.view import AutoPayView, load_for_view, view_auto_pay
from chalicelib.clock import iso
from chalicelib.errors import Refusal
from chalicelib.http_input import read_fields
from chalicelib.idempotency import content_hash
from chalicelib.money import InvalidDecimal, NotChargeable
from chalicelib.payments.new_payment import CardMissing, check_card
from chalicelib.portal import forms, render
from chalicelib.portal.auto_pay_summary import auto_pay_summary, blocking_reason
from chalicelib.portal.next_page import save_card_first
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.typed_amount import TooManyPlaces, TypedAmount

FIELDS: Final = ("threshold", "amount", "monthly_limit")

Typed = dict[str, TypedAmount | None]
"""The amounts of the form, by field."""


class AutoPayChanged(Refusal):
    """Someone else has changed the settings since the form was shown."""

    status = 409
    type = "auto-pay-changed"
    title = "Auto-pay was changed"


def show(request: PortalRequest) -> Response:
    """Show the settings, or what the address suggests instead of them, such as a threshold from the page of usage."""
    snapshot = load_for_view(request.payer, request.catalog)
    settings = _settings(request, view_auto_pay(snapshot, request.limits))
    suggested = {name: forms.from_address(request, request.query, name) for name in FIELDS}
    return _page(request, snapshot, {**settings, **{name: text for name, text in suggested.items() if text}})


def send(request: PortalRequest) -> Response:
    """Handle the form: switch auto-pay off, ask for confirmation, or save the settings. Raises AutoPayBusy."""
    if request.form.get("do") == "off":
        off = read_fields({"enabled": False}, AutoPayRequest)
        change_settings(request.payer, off, actor=request.allowed.actor, catalog=request.catalog)
        return request.go(done="auto-pay-off")
    snapshot = load_for_view(request.payer, request.catalog)
    given = {name: request.form.get(name, "") for name in FIELDS}
    amounts: dict[str, str] = {}
    if request.form.get("shown", _fingerprint(snapshot)) != _fingerprint(snapshot):
        return _page(request, snapshot, given, AutoPayChanged("it is not as the form has shown it"))
    try:
        typed = {name: forms.amount(request, request.form, name) for name in FIELDS}
        amounts = {name: each.amount for name, each in typed.items() if each}
        settings = read_fields({"enabled": True, **dict.fromkeys(FIELDS), **amounts}, AutoPayRequest)
        question = _question(request, snapshot, typed, _charged_at_once(request, snapshot, settings))
        check_card(request.payer)
        if question.must_be_asked and request.form.get("confirmed") != question.agreement:
            return _confirmation(request, snapshot, given, question)
        change_settings(request.payer, settings, actor=request.allowed.actor, catalog=request.catalog)
    except CardMissing:
        return save_card_first(request, "auto-pay", amounts)
    except (InvalidDecimal, TooManyPlaces, AutoPayInvalid, NotChargeable) as refusal:
        return _page(request, snapshot, given, refusal)
    return request.go(done="auto-pay" if snapshot.auto_pay.enabled else "auto-pay-on")


def _fingerprint(snapshot: Snapshot) -> str:
    """Return a hash of the settings, which shows whether they have changed."""
    settings = snapshot.auto_pay
    return content_hash([settings.enabled, *(getattr(settings, f"{name}_micros") for name in FIELDS)])


def _charged_at_once(request: PortalRequest, snapshot: Snapshot, settings: AutoPayRequest) -> int | None:
    """Return what saving the form would charge at once, by the rule itself. Raises AutoPayInvalid, NotChargeable."""
    current = snapshot.auto_pay if snapshot.auto_pay.version else None
    amounts: Amounts = read_amounts(settings, current, request.currency, request.limits)
    changed = apply_settings(
        request.account.account_id, current, settings, amounts, actor=request.allowed.actor, now_ms=clock.now_ms()
    )
    decision = decide(replace(changed, version=snapshot.auto_pay.version), snapshot.situation)
    return decision.amount_micros if isinstance(decision, Charge) else None


class Question(msgspec.Struct, frozen=True):
    """What to show before the form takes effect: what would be charged at once, and the amounts to confirm.

    `agreement` is what the second form sends back: it is valid only for these amounts and this charge.
    """

    charge_micros: int | None
    amounts: dict[str, TypedAmount]
    agreement: str

    @property
    def must_be_asked(self) -> bool:
        """Tell whether there is anything to show."""
        return bool(self.charge_micros or self.amounts)


def _question(request: PortalRequest, snapshot: Snapshot, typed: Typed, charge_micros: int | None) -> Question:
    """Return what to show: the charge, and new amounts that are large or were not read as they were typed."""
    limits = request.limits
    new = {
        name: each
        for name, each in typed.items()
        if each
        and each.micros != getattr(snapshot.auto_pay, f"{name}_micros")
        and forms.needs_confirmation(each, limits)
    }
    agreed = [each and each.micros for each in typed.values()]
    card_id = request.payer.card.payment_method_id if charge_micros and request.payer.card else None
    return Question(charge_micros, new, "-".join(map(str, [*agreed, charge_micros, card_id])))


def _confirmation(request: PortalRequest, snapshot: Snapshot, given: dict[str, str], question: Question) -> Response:
    return render.page(
        request,
        "auto_pay_confirm.html",
        here="overview",
        given={**given, "shown": _fingerprint(snapshot)},
        question=question,
        balance=snapshot.situation.balance_micros,
    )


def _settings(request: PortalRequest, auto_pay: AutoPayView) -> dict[str, str]:
    values = {name: getattr(auto_pay, name) for name in FIELDS}
    return {name: request.words.to_type(value, request.currency) for name, value in values.items()}


def _page(
    request: PortalRequest, snapshot: Snapshot, given: dict[str, str], refusal: Refusal | None = None
) -> Response:
    limits, saved = request.limits, snapshot.auto_pay
    auto_pay = view_auto_pay(snapshot, limits)
    return render.page(
        request,
        "auto_pay.html",
        status=refusal.status if refusal else 200,
        here="overview",
        auto_pay=auto_pay,
        summary=auto_pay_summary(request, auto_pay, limits),
        blocking_reason=blocking_reason(request, auto_pay),
        balance=snapshot.situation.balance_micros,
        given=given,
        shown=_fingerprint(snapshot),
        limits=limits,
        set_by=request.viewer.name_of(saved.actor, saved.updated_at_ms) if saved.actor else None,
        set_at=iso(saved.updated_at_ms),
        errors=forms.errors_of(request, refusal, FIELDS) if refusal else {},
    )
