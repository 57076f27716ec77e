"""Alerts: which mails an account gets, who gets them, and below which balance it counts as low."""

from typing import Any, Final

import msgspec
from chalice.app import Response

from chalicelib import clock
from chalicelib.auto_pay.table import AutoPayRow
from chalicelib.auto_pay.table import find_in as auto_pay_in
from chalicelib.http_input import read_fields
from chalicelib.i18n.texts import mark
from chalicelib.ledger.table import read_days
from chalicelib.money import InvalidDecimal, format_micros
from chalicelib.notices.change_choice import ChoiceChanged, change_choice
from chalicelib.notices.choice import Choice, ChoiceRequest, Kind, LowBalanceInvalid, Mails, billing_contact, sent_to
from chalicelib.notices.table import choice_in, choice_keys, choice_of
from chalicelib.portal import forms, render
from chalicelib.portal.forecast import suggest_low_balance
from chalicelib.portal.pace import measure_pace, totals_of
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.spending import first_needed
from chalicelib.portal.typed_amount import TooManyPlaces
from chalicelib.settings import settings
from chalicelib.tables import Keys
from chalicelib.text import Email

MOST_RECIPIENTS: Final = 10
FIELDS: Final = ("recipients", "low_balance_threshold")
ON: Final = "on"


class Alert(msgspec.Struct, frozen=True):
    """A kind of mail in words, to translate: what it is called, and when it is sent."""

    name: str
    when: str


OF_BALANCE: Final[dict[Kind, Alert]] = {
    "balance_exhausted": Alert(
        mark("Balance used up"), mark("Calls and messages are paused until you add balance. At most once a day.")
    ),
    "budget_reached": Alert(
        mark("Budgets"),
        mark("Half, three quarters, or all of a budget is spent. Each budget chooses which, and when access closes."),
    ),
    "low_balance": Alert(mark("Low balance"), mark("Your balance fell below this amount. At most once a day.")),
}
OF_AUTO_PAY: Final[dict[Kind, Alert]] = {
    "auto_pay_failed": Alert(
        mark("Auto-pay payment failed"), mark("Your card was declined. We'll try it again within a day.")
    ),
    "auto_pay_suspended": Alert(
        mark("Auto-pay suspended"), mark("Auto-pay stopped charging your card. You need to fix it.")
    ),
    "auto_pay_limit": Alert(mark("Auto-pay limit"), mark("Auto-pay is close to its monthly limit, or has reached it.")),
}
OF_SUBSCRIPTION: Final[dict[Kind, Alert]] = {
    "subscription_past_due": Alert(
        mark("Subscription payment failed"),
        mark("Your renewal wasn't paid. We'll email again before your access ends."),
    ),
    "renewal_upcoming": Alert(mark("Yearly renewal"), mark("30 days before your yearly subscription renews.")),
    "trial_ending": Alert(mark("Trial ending"), mark("3 days before your trial ends.")),
}
OF_PAYMENTS: Final[dict[Kind, Alert]] = {
    "card_expiring": Alert(mark("Card expiring"), mark("30 and 7 days before a card that pays automatically expires.")),
    "verification_needed": Alert(
        mark("Bank verification needed"), mark("Your bank needs you to verify a payment before it goes through.")
    ),
    "dispute_opened": Alert(
        mark("Payment disputed"), mark("A payment is disputed with the bank, or the bank is asking about it.")
    ),
    "receipt": Alert(mark("Receipt"), mark("A payment succeeded. The email links to its invoice.")),
}
GROUPS: Final[dict[str, dict[Kind, Alert]]] = {
    mark("Balance"): OF_BALANCE,
    mark("Auto-pay"): OF_AUTO_PAY,
    mark("Subscription"): OF_SUBSCRIPTION,
    mark("Payments"): OF_PAYMENTS,
}
"""Every kind of mail, in groups with their headings, in the order of the page."""


def rows_needed(account_id: str) -> Keys:
    """Return the rows that the page needs."""
    return {AutoPayRow: [account_id], **choice_keys(account_id)}


def show(request: PortalRequest) -> Response:
    """Show the choice, with the amount of the address in the form if it has one, such as the suggested one."""
    choice = choice_in(request.rows, request.account.account_id)
    given = _fields_of(request, choice)
    suggested = forms.from_address(request, request.query, "low_balance_threshold")
    return _page(request, choice, {**given, "low_balance_threshold": suggested or given["low_balance_threshold"]})


def send(request: PortalRequest) -> Response:
    """Handle the form. Raises NoticesBusy."""
    given = {name: request.form.get(name, "") for name in (*FIELDS, *Mails.__struct_fields__)}
    recipients = _lines(given["recipients"])
    if wrong := _wrong(request, recipients):
        return _page(request, choice_of(request.account.account_id), given, {"recipients": wrong})
    mails = {kind: given[kind] == ON for kind in Mails.__struct_fields__}
    try:
        fields = {"recipients": recipients or None, "low_balance_threshold": _threshold(request), "mails": mails}
        sent, shown = read_fields(fields, ChoiceRequest), forms.number(request.form, "shown")
        change_choice(request.account, sent, over=shown, actor=request.allowed.actor)
    except (InvalidDecimal, TooManyPlaces, LowBalanceInvalid, ChoiceChanged) as refusal:
        errors = forms.errors_of(request, refusal, FIELDS)
        return _page(request, choice_of(request.account.account_id), given, errors)
    return request.go("alerts", done="saved")


def _fields_of(request: PortalRequest, choice: Choice) -> dict[str, str]:
    """Return a choice as the form has it."""
    threshold = format_micros(choice.over(request.limits).low_balance_micros)
    switches: dict[str, str] = {kind: ON if choice.wants(kind) else "" for alerts in GROUPS.values() for kind in alerts}
    return {
        "recipients": "\n".join(choice.recipients or []),
        "low_balance_threshold": request.words.to_type(threshold, request.currency),
        **switches,
    }


def _threshold(request: PortalRequest) -> str | None:
    """Return the typed amount; None for the catalog's own. Raises InvalidDecimal, TooManyPlaces."""
    typed = forms.amount(request, request.form, "low_balance_threshold")
    return typed.amount if typed and typed.micros != request.limits.low_balance_micros else None


def _lines(text: str) -> list[str]:
    """Return what stands on the lines of a text, each once."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _wrong(request: PortalRequest, recipients: list[str]) -> str | None:
    """Say what is wrong with typed addresses, and with which; None if nothing is."""
    if len(recipients) > MOST_RECIPIENTS:
        return request.words.say("Enter at most 10 addresses.")
    wrong = ((each, forms.wrong_text(request, Email, each)) for each in recipients)
    return next((f"{each}{request.words.colon}{text}" for each, text in wrong if text), None)


def _page(
    request: PortalRequest, choice: Choice, given: dict[str, str], errors: forms.Errors | None = None
) -> Response:
    auto_pay = auto_pay_in(request.rows, request.account.account_id)
    refilled_below = auto_pay.threshold_micros if auto_pay and auto_pay.enabled else None
    return render.page(
        request,
        "alerts.html",
        status=422 if errors else 200,
        here="details",
        given=given,
        errors=errors or {},
        shown=choice.version,
        groups=GROUPS,
        sent_to=sent_to(request.account, choice),
        contact=billing_contact(request.account),
        low_balance=choice.over(request.limits).low_balance_micros,
        default=request.limits.low_balance_micros,
        refilled_below=refilled_below,
        suggestion=_suggestion(request, choice) if refilled_below is None and request.may_act else None,
        are_mails_off=not settings().mail_from,
    )


def _suggestion(request: PortalRequest, choice: Choice) -> dict[str, Any] | None:
    """Return an amount that gives a few days' notice, and what a typical day costs; None if that is what holds."""
    today = clock.day_of(clock.now_ms())
    pace = measure_pace(totals_of(read_days(request.account.account_id, first_needed(today), today)), today)
    micros = suggest_low_balance(pace)
    if micros in {None, choice.over(request.limits).low_balance_micros}:
        return None
    return {"micros": micros, "typical": pace.typical_micros, "address": format_micros(micros)}
