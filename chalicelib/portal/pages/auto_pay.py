"""Auto-pay: on or off, when, how much, and how much in a month at most.

A form that would charge the card at once, or whose amounts are large or were read otherwise than they were typed, is
answered with what would happen first; only the second form does it.
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
from chalicelib.money import InvalidDecimal, NotChargeable, format_amount
from chalicelib.payments.new_payment import CardMissing, check_card
from chalicelib.portal import forms, render
from chalicelib.portal.auto_pay_summary import auto_pay_summary, blocking_reason
from chalicelib.portal.request import Visit
from chalicelib.portal.typed_amount import TooManyPlaces, TypedAmount

FIELDS: Final = ("threshold", "amount", "monthly_limit")

Typed = dict[str, TypedAmount | None]
"""The amounts of the form, by field."""


def show(visit: Visit) -> Response:
    """Show the settings."""
    seen = load_for_view(visit.payer, visit.catalog)
    return _page(visit, seen, _settings(visit, view_auto_pay(seen, visit.catalog.limits(visit.currency))))


def send(visit: Visit) -> Response:
    """Take the form: switch off, say first what would be charged at once, or do it. Raises AutoPayBusy."""
    if visit.form.get("do") == "off":
        change_settings(visit.payer, AutoPayRequest(enabled=False), actor=visit.actor, catalog=visit.catalog)
        return visit.go(done="auto-pay-off")
    seen = load_for_view(visit.payer, visit.catalog)
    given = {name: visit.form.get(name, "") for name in FIELDS}
    try:
        typed = {name: forms.amount(visit, visit.form, name) for name in FIELDS}
        request = AutoPayRequest(enabled=True, **{name: each.amount if each else None for name, each in typed.items()})
        question = _question(visit, seen, typed, _charged_at_once(visit, seen, request))
        check_card(visit.payer)
        if question.must_be_asked and visit.form.get("confirmed") != question.agreement:
            return _confirmation(visit, seen, given, question)
        change_settings(visit.payer, request, actor=visit.actor, catalog=visit.catalog)
    except CardMissing:
        return visit.go("card", then="auto-pay")
    except (InvalidDecimal, TooManyPlaces, AutoPayInvalid, NotChargeable) as refusal:
        return _page(visit, seen, given, refusal)
    return visit.go(done="auto-pay" if seen.auto_pay.enabled else "auto-pay-on")


def _charged_at_once(visit: Visit, seen: Snapshot, request: AutoPayRequest) -> int | None:
    """Return what saving the form would charge at once, by the rule itself. Raises AutoPayInvalid, NotChargeable."""
    current = seen.auto_pay if seen.auto_pay.version else None
    wanted: Amounts = read_amounts(request, current, visit.currency, visit.catalog.limits(visit.currency))
    changed = apply_settings(
        visit.account.account_id, current, request, wanted, actor=visit.actor, now_ms=clock.now_ms()
    )
    decision = decide(replace(changed, version=seen.auto_pay.version), seen.situation)
    return decision.amount_micros if isinstance(decision, Charge) else None


class Question(msgspec.Struct, frozen=True):
    """What to show before the form is done: what would be charged at once, and the amounts that need a look.

    `agreement` is what the second form sends back: it holds for these amounts and this charge alone.
    """

    charge_micros: int | None
    amounts: dict[str, TypedAmount]
    agreement: str

    @property
    def must_be_asked(self) -> bool:
        """Tell whether there is anything to show."""
        return bool(self.charge_micros or self.amounts)


def _question(visit: Visit, seen: Snapshot, typed: Typed, charge_micros: int | None) -> Question:
    """Return what to show: of the amounts those that are new, and large or read otherwise than they were typed."""
    limits = visit.catalog.limits(visit.currency)
    new = {
        name: each
        for name, each in typed.items()
        if each and each.micros != getattr(seen.auto_pay, f"{name}_micros") and forms.needs_a_look(each, limits)
    }
    agreed = [each and each.micros for each in typed.values()]
    return Question(charge_micros, new, "-".join(map(str, [*agreed, charge_micros])))


def _confirmation(visit: Visit, seen: Snapshot, given: dict[str, str], question: Question) -> Response:
    return render.page(
        visit,
        "auto_pay_confirm.html",
        here="overview",
        given=given,
        question=question,
        balance=seen.situation.balance_micros,
    )


def _settings(visit: Visit, auto_pay: AutoPayView) -> dict[str, str]:
    values = {name: getattr(auto_pay, name) for name in FIELDS}
    return {name: visit.words.to_type(value, visit.currency) for name, value in values.items()}


def _page(visit: Visit, seen: Snapshot, given: dict[str, str], refusal: Refusal | None = None) -> Response:
    limits = visit.catalog.limits(visit.currency)
    auto_pay = view_auto_pay(seen, limits)
    return render.page(
        visit,
        "auto_pay.html",
        status=refusal.status if refusal else 200,
        here="overview",
        auto_pay=auto_pay,
        summary=auto_pay_summary(visit, auto_pay, limits),
        blocking_reason=blocking_reason(visit, auto_pay),
        balance=seen.situation.balance_micros,
        given=given,
        suggested=format_amount(limits.top_up_shortcuts_micros[0], visit.currency),
        limits=limits,
        set_by=seen.auto_pay.actor or None,
        set_at=iso(seen.auto_pay.updated_at_ms),
        errors=forms.errors_of(visit, refusal, FIELDS) if refusal else {},
    )
