"""The first page: the balance, what fills it, what is subscribed to, and what needs attention."""

from datetime import date, timedelta
from typing import Any, Final

import msgspec
from chalice.app import Response

from chalicelib import clock
from chalicelib.auto_pay.evaluate import Snapshot
from chalicelib.auto_pay.view import AutoPayView, load_for_view, view_auto_pay
from chalicelib.i18n.texts import mark
from chalicelib.ledger.table import read_days
from chalicelib.money import format_micros
from chalicelib.portal import chart, render
from chalicelib.portal.auto_pay_summary import auto_pay_summary, blocking_reason
from chalicelib.portal.names import Names
from chalicelib.portal.request import Visit
from chalicelib.portal.spending import first_needed, spending
from chalicelib.subscriptions import view as subscriptions
from chalicelib.subscriptions.view import SubscriptionView

CHART_DAYS: Final = 30
DONE: Final = {
    "card": mark("Your card is saved."),
    "card-removed": mark("Your card is removed."),
    "auto-pay": mark("Auto-pay is saved."),
    "auto-pay-on": mark("Auto-pay is on."),
    "auto-pay-off": mark("Auto-pay is off."),
    "details": mark("Your billing details are saved. The next invoice carries them."),
    "plan": mark("Your plan is changed."),
    "canceled": mark("Your subscription is canceled."),
    "resumed": mark("Your subscription goes on."),
}


class Notice(msgspec.Struct, frozen=True):
    """Something that needs attention, and what to do about it: a page to go to, or a payment to check."""

    tone: str
    title: str
    text: str
    action: str | None = None
    href: str | None = None
    check: str | None = None


def show(visit: Visit) -> Response:
    """Show the overview."""
    seen = load_for_view(visit.payer, visit.catalog)
    limits = visit.catalog.limits(visit.currency)
    auto_pay = view_auto_pay(seen, limits)
    subscription = subscriptions.load_subscription_view(visit.account.account_id, visit.catalog)
    balance = seen.situation.balance_micros
    done = DONE.get(visit.query.get("done", ""))
    return render.page(
        visit,
        "overview.html",
        here="overview",
        balance=balance,
        is_exhausted=balance <= limits.floor_micros,
        pending=sum(each.amount_micros for each in seen.payments if each.fills_wallet and not each.ended),
        auto_pay=auto_pay,
        summary=auto_pay_summary(visit, auto_pay, limits),
        auto_pay_trouble=blocking_reason(visit, auto_pay),
        subscription=subscription,
        notices=notices(visit, seen, auto_pay, subscription),
        micros=format_micros,
        said=visit.words.say(done) if done else None,
        **_spent(visit, balance),
    )


def _spent(visit: Visit, balance_micros: int) -> dict[str, Any]:
    """Return the chart of the last days, and how fast the balance goes."""
    today = clock.day_of(clock.now_ms())
    first = (date.fromisoformat(today) - timedelta(days=CHART_DAYS - 1)).isoformat()
    days = read_days(visit.account.account_id, min(first, first_needed(today)), today)
    shown = {day: meters for day, meters in days.items() if day >= first}
    return {
        "chart": chart.build(shown, first, today, list(visit.catalog.meters)),
        "spending": spending(days, balance_micros, today),
    }


def notices(visit: Visit, seen: Snapshot, auto_pay: AutoPayView, subscription: SubscriptionView | None) -> list[Notice]:
    """Return what needs attention, the most urgent first."""
    found = [*_open_payments(visit, seen), *_balance(visit, seen, auto_pay)]
    found += [*_card(visit, auto_pay), *_subscription(visit, subscription)]
    return sorted(found, key=lambda notice: notice.tone != "bad")


def _open_payments(visit: Visit, seen: Snapshot) -> list[Notice]:
    say = visit.words.say
    found = []
    for payment in seen.payments:
        amount = visit.words.amount(payment.amount_micros, payment.currency)
        href = visit.path("payments", payment.payment_id)
        if payment.state == "requires_action":
            text = say(
                "Your bank wants you to confirm a payment of %(amount)s. Nothing is charged before.", amount=amount
            )
            found.append(Notice("bad", say("Verification needed"), text, say("Verify payment"), href))
        elif not payment.ended and payment.kind != "auto_pay":
            text = say(
                "We do not know yet whether your payment of %(amount)s went through. Please do not pay again: check it "
                "first.",
                amount=amount,
            )
            found.append(Notice("warn", say("A payment is not confirmed yet"), text, check=payment.payment_id))
    return found


def _balance(visit: Visit, seen: Snapshot, auto_pay: AutoPayView) -> list[Notice]:
    say, limits = visit.words.say, visit.catalog.limits(visit.currency)
    balance, add = seen.situation.balance_micros, visit.path("add-balance")
    helped = auto_pay.charge is not None
    if balance <= limits.floor_micros:
        text = say("Calls and messages are paused until there is balance again.")
        if helped:
            text = say("Calls and messages are paused. A refill is on its way; this usually takes less than a minute.")
        return [Notice("bad", say("Your balance is used up"), text, say("Add Balance"), add)]
    if auto_pay.status == "on" and auto_pay.reason != "monthly_limit_reached":
        return []
    if balance < limits.low_balance_micros:
        text = say("Add balance before it runs out, or let auto-pay do it: at zero, calls and messages are paused.")
        return [Notice("warn", say("Your balance is low"), text, say("Add Balance"), add)]
    return []


def _card(visit: Visit, auto_pay: AutoPayView) -> list[Notice]:
    say, card = visit.words.say, visit.payer.card
    found = []
    if auto_pay.status == "suspended":
        text = blocking_reason(visit, auto_pay) or ""
        found.append(Notice("bad", say("Auto-pay is suspended"), text, say("Review auto-pay"), visit.path("auto-pay")))
    elif auto_pay.last_refusal and auto_pay.failures:
        text = blocking_reason(visit, auto_pay) or ""
        found.append(Notice("warn", say("Your card was declined"), text, say("Update Card Info"), visit.path("card")))
    if card is None:
        return found
    now = clock.now()
    months = (card.expiry_year - now.year) * 12 + card.expiry_month - now.month
    named = Names(visit.words, visit.catalog).card(card.brand, card.last_four)
    if months < 0:
        text = say("%(card)s has expired and cannot be charged any more.", card=named)
        found.append(Notice("bad", say("Your card has expired"), text, say("Update Card Info"), visit.path("card")))
    elif months <= 1:
        month = visit.words.month(f"{card.expiry_year}-{card.expiry_month:02d}-01")
        text = say("%(card)s is valid until the end of %(month)s. Save its successor in time.", card=named, month=month)
        found.append(Notice("warn", say("Your card expires soon"), text, say("Update Card Info"), visit.path("card")))
    return found


def _subscription(visit: Visit, subscription: SubscriptionView | None) -> list[Notice]:
    say = visit.words.say
    if subscription is None or subscription.owed is None:
        return []
    owed: Any = subscription.owed
    amount = visit.words.money(owed.charge.amount, visit.currency) if owed.charge else ""
    text = say("The last renewal of %(amount)s was not paid.", amount=amount)
    if owed.access_until:
        text += " " + say("Pay it before %(day)s to keep your access.", day=visit.words.day(owed.access_until))
    return [Notice("bad", say("Your subscription is overdue"), text, say("Pay now"), visit.path("plan"))]
