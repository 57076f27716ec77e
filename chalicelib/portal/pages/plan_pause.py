"""Pause the subscription until a day; take back what is to come; and end a pause now, which is charged."""

from functools import partial
from typing import Final

from chalice.app import Response

from chalicelib.errors import Refusal
from chalicelib.http_input import InvalidRequest, read_fields
from chalicelib.i18n.texts import mark
from chalicelib.money import parse_micros
from chalicelib.portal import forms
from chalicelib.portal.pages.plan import RESUME, charge_by_hand, show_refused
from chalicelib.portal.refusals import explain
from chalicelib.portal.request import PortalRequest
from chalicelib.subscriptions.pause import PauseRequest
from chalicelib.subscriptions.resume import resume
from chalicelib.subscriptions.schedule_pause import schedule_pause
from chalicelib.text import Line

WRONG_DAY: Final = mark("Enter a date.")


def send_pause(request: PortalRequest) -> Response:
    """Pause it from the period's end until a day. Raises SubscriptionNotFound, SubscriptionBusy."""
    said = {name: text for name in ("until", "reason") if (text := request.form.get(f"pause_{name}"))}
    try:
        wanted = read_fields(said, PauseRequest)
        schedule_pause(request.account.account_id, wanted, actor=request.allowed.actor, catalog=request.catalog)
    except Refusal as refusal:
        return show_refused(request, refusal, _errors(request, refusal, said.get("reason", "")))
    return request.go("plan", done="pausing")


def send_resume(request: PortalRequest) -> Response:
    """Take a cancellation or a pause back, or end a pause now and pay what the button says: nothing if it says nothing.

    Raises InvalidDecimal, and what `resume` raises.
    """
    expected_micros = parse_micros(request.form.get("expected_amount", "0"))
    return charge_by_hand(request, RESUME, partial(resume, expected_micros=expected_micros), done="resumed")


def _errors(request: PortalRequest, refusal: Refusal, reason: str) -> forms.Errors | None:
    wrong = forms.wrong_text(request, Line, reason) if reason else None
    if wrong:
        return {"pause_reason": wrong}
    is_of_day = isinstance(refusal, InvalidRequest) or refusal.about.get("field") == "until"
    return {"pause_until": _about_day(request, refusal)} if is_of_day else None


def _about_day(request: PortalRequest, refusal: Refusal) -> str:
    if isinstance(refusal, InvalidRequest):
        return request.words.say(WRONG_DAY)
    return explain(refusal, request.words, request.currency)
