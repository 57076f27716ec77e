"""The first page: the balance, what fills it, what is subscribed to, and what needs attention."""

from datetime import date, timedelta
from typing import Any, Final

import msgspec
from chalice.app import Response

from chalicelib import clock
from chalicelib.access.find_access import find_access
from chalicelib.access.view import PAUSED, ShownReason, view_access
from chalicelib.auto_pay.decision import REASONS
from chalicelib.auto_pay.evaluate import Snapshot
from chalicelib.auto_pay.view import AutoPayView, load_for_view, view_auto_pay
from chalicelib.connection import table as connections
from chalicelib.i18n.texts import mark
from chalicelib.ledger.table import read_days
from chalicelib.money import format_micros
from chalicelib.portal import chart, render
from chalicelib.portal.auto_pay_summary import auto_pay_summary, blocking_reason
from chalicelib.portal.names import Names
from chalicelib.portal.outlook import load_outlook
from chalicelib.portal.pace import totals_of
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.spending import day_figures, first_needed
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
STOPPED: Final = {
    "account_suspended": (
        mark("Your account is suspended"),
        mark("Calls and messages are stopped. %(workspace)s can say why, and what to do."),
    ),
    PAUSED: (
        mark("The service is paused"),
        mark(
            "Calls and messages are stopped for now, and your balance is kept. %(workspace)s can say when they go on."
        ),
    ),
}
"""What stops an account, whatever it pays. Each page says that an account is archived; the rest has its own banners."""


class Banner(msgspec.Struct, frozen=True):
    """Something that needs attention, and what to do about it: a page to go to, or a payment to check."""

    tone: str
    title: str
    text: str
    action: str | None = None
    href: str | None = None
    check: str | None = None


def show(request: PortalRequest) -> Response:
    """Show the overview."""
    snapshot = load_for_view(request.payer, request.catalog)
    limits = request.limits
    auto_pay = view_auto_pay(snapshot, limits)
    subscription = subscriptions.load_subscription_view(request.account.account_id, request.catalog)
    balance = snapshot.situation.balance_micros
    done = DONE.get(request.query.get("done", ""))
    return render.page(
        request,
        "overview.html",
        here="overview",
        balance=balance,
        is_exhausted=balance <= limits.floor_micros,
        pending=sum(each.amount_micros for each in snapshot.payments if each.fills_wallet and not each.ended),
        auto_pay=auto_pay,
        summary=auto_pay_summary(request, auto_pay, limits),
        blocking_reason=blocking_reason(request, auto_pay),
        subscription=subscription,
        banners=banners(request, snapshot, auto_pay, subscription),
        micros=format_micros,
        confirmation=request.words.say(done) if done else None,
        **_spending(request, snapshot),
    )


def _spending(request: PortalRequest, snapshot: Snapshot) -> dict[str, Any]:
    """Return the chart of the last days, and how fast the balance is spent."""
    today = clock.day_of(clock.now_ms())
    first = (date.fromisoformat(today) - timedelta(days=CHART_DAYS - 1)).isoformat()
    days = read_days(request.account.account_id, min(first, first_needed(today)), today)
    spending, outlook = load_outlook(request, snapshot, days, today)
    shown = {day: meters for day, meters in days.items() if day >= first}
    return {
        "chart": chart.build(shown, first, today, list(request.catalog.meters)),
        "spending": spending,
        "outlook": outlook,
        "figures": day_figures(totals_of(days), first, today, today),
    }


def banners(
    request: PortalRequest, snapshot: Snapshot, auto_pay: AutoPayView, subscription: SubscriptionView | None
) -> list[Banner]:
    """Return what needs attention, the most urgent first."""
    found = [
        *_access_banners(request),
        *_connection_banners(request),
        *_payment_banners(request, snapshot),
        *_balance_banners(request, snapshot, auto_pay),
    ]
    found += [*_card_banners(request, auto_pay), *_subscription_banners(request, subscription)]
    return sorted(found, key=lambda banner: banner.tone != "bad")


def _access_banners(request: PortalRequest) -> list[Banner]:
    say, reason = request.words.say, _closed_by(request)
    if reason not in STOPPED:
        return []
    title, text = STOPPED[reason]
    return [Banner("bad", say(title), say(text, workspace=request.brand.name))]


def _connection_banners(request: PortalRequest) -> list[Banner]:
    """Tell a workspace that its clients cannot pay any more."""
    if request.account.kind != "workspace":
        return []
    connection = connections.find(request.account.account_id)
    if connection.state not in {"restricted", "disconnected"}:
        return []
    say, why = request.words.say, connection.sentence
    return [Banner("bad", say("Your clients cannot pay"), say(why), say("Stripe account"), request.path("connection"))]


def _closed_by(request: PortalRequest) -> ShownReason | None:
    """Return what closes access; a workspace's own page needs no further read for it."""
    if request.account.workspace_id is not None:
        return view_access(find_access(request.account, request.catalog), for_client=True).reason
    return "account_suspended" if request.account.standing == "suspended" else None


def _payment_banners(request: PortalRequest, snapshot: Snapshot) -> list[Banner]:
    say = request.words.say
    found = []
    for payment in snapshot.payments:
        amount = request.words.amount(payment.amount_micros, payment.currency)
        href = request.path("payments", payment.payment_id)
        if payment.state == "requires_action":
            text = say(
                "Your bank wants you to confirm a payment of %(amount)s. Nothing is charged before.", amount=amount
            )
            found.append(Banner("bad", say("Verification needed"), text, say("Verify payment"), href))
        elif not payment.ended and payment.kind != "auto_pay":
            text = say(
                "We do not know yet whether your payment of %(amount)s went through. Please do not pay again: check it "
                "first.",
                amount=amount,
            )
            found.append(Banner("warn", say("A payment is not confirmed yet"), text, check=payment.payment_id))
    return found


def _balance_banners(request: PortalRequest, snapshot: Snapshot, auto_pay: AutoPayView) -> list[Banner]:
    say, limits = request.words.say, request.limits
    balance, add = snapshot.situation.balance_micros, request.path("add-balance")
    helped = auto_pay.charge is not None
    if request.account.standing == "archived":
        return []
    if balance <= limits.floor_micros:
        text = say("Calls and messages are paused until there is balance again.")
        if helped:
            text = say("Calls and messages are paused. A refill is on its way; this usually takes less than a minute.")
        return [Banner("bad", say("Your balance is used up"), text, say("Add Balance"), add)]
    if auto_pay.status == "on" and auto_pay.reason != "monthly_limit_reached":
        return []
    if balance < limits.low_balance_micros:
        text = say("Add balance before it runs out, or let auto-pay do it: at zero, calls and messages are paused.")
        return [Banner("warn", say("Your balance is low"), text, say("Add Balance"), add)]
    return []


def _card_banners(request: PortalRequest, auto_pay: AutoPayView) -> list[Banner]:
    say, card = request.words.say, request.payer.card
    found = []
    if auto_pay.status == "suspended":
        text = blocking_reason(request, auto_pay) or ""
        found.append(
            Banner("bad", say("Auto-pay is suspended"), text, say("Review auto-pay"), request.path("auto-pay"))
        )
    elif auto_pay.last_refusal and auto_pay.failures:
        text = blocking_reason(request, auto_pay) or ""
        found.append(Banner("warn", say("Your card was declined"), text, say("Update Card Info"), request.path("card")))
    if request.payer.card_needed_again and request.payer.unconnected is None:
        why = REASONS["card_needed_again"]
        title, action = say("Please save your card again"), say("Save a card")
        found.append(Banner("warn", title, say(why), action, request.path("card")))
    if card is None:
        return found
    now = clock.now()
    months = (card.expiry_year - now.year) * 12 + card.expiry_month - now.month
    named = Names(request.words, request.catalog).card(card.brand, card.last_four)
    if months < 0:
        text = say("%(card)s has expired and cannot be charged any more.", card=named)
        found.append(Banner("bad", say("Your card has expired"), text, say("Update Card Info"), request.path("card")))
    elif months <= 1:
        month = request.words.month(f"{card.expiry_year}-{card.expiry_month:02d}-01")
        text = say("%(card)s is valid until the end of %(month)s. Save its successor in time.", card=named, month=month)
        found.append(Banner("warn", say("Your card expires soon"), text, say("Update Card Info"), request.path("card")))
    return found


def _subscription_banners(request: PortalRequest, subscription: SubscriptionView | None) -> list[Banner]:
    say = request.words.say
    if subscription is None or subscription.owed is None:
        return []
    owed: Any = subscription.owed
    amount = request.words.money(owed.charge.amount, request.currency) if owed.charge else ""
    text = say("The last renewal of %(amount)s was not paid.", amount=amount)
    if owed.access_until:
        text += " " + say("Pay it before %(day)s to keep your access.", day=request.words.day(owed.access_until))
    return [Banner("bad", say("Your subscription is overdue"), text, say("Pay now"), request.path("plan"))]
