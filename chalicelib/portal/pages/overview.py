"""The first page: balance, card, auto-pay, subscription, the last transactions, and what needs attention."""

from datetime import date, timedelta
from typing import Any, Final

import msgspec
from chalice.app import Response

from chalicelib import clock
from chalicelib.access.find_access import find_access
from chalicelib.access.view import ShownReason, view_access
from chalicelib.auto_pay.decision import Charge, decide
from chalicelib.auto_pay.evaluate import Snapshot as AutoPaySnapshot
from chalicelib.auto_pay.view import AutoPayView, view_auto_pay
from chalicelib.budgets.spending import SpentBudgets
from chalicelib.budgets.table import BudgetsRow, find_to_go_on
from chalicelib.connection import table as connections
from chalicelib.connection.table import ConnectionRow
from chalicelib.history.view import view
from chalicelib.i18n.texts import mark
from chalicelib.ledger.daily_usage import Days
from chalicelib.ledger.statement import Filter, Statement, read_history
from chalicelib.ledger.table import read_days
from chalicelib.money import parse_micros
from chalicelib.notices.table import choice_in, choice_keys
from chalicelib.overview.load import OverviewSnapshot, load_overview, overview_keys
from chalicelib.payments.card_name import card_name
from chalicelib.portal import chart, render
from chalicelib.portal.auto_pay_summary import auto_pay_summary, blocking_reason
from chalicelib.portal.banners.find import find_banners
from chalicelib.portal.banners.snapshot import AutoPayStatus, Snapshot
from chalicelib.portal.budget_rows import BudgetRow, budget_rows
from chalicelib.portal.card_charges import say_on_saving
from chalicelib.portal.first_steps import first_steps, is_new
from chalicelib.portal.names import Names
from chalicelib.portal.outlook import load_outlook
from chalicelib.portal.pace import totals_of
from chalicelib.portal.recent import ROWS, RecentRow, recent_rows
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.spending import day_figures, first_needed
from chalicelib.portal.subscription_price import subscription_price
from chalicelib.readable import read_or
from chalicelib.subscriptions.dunning import access_end_ms
from chalicelib.subscriptions.subscription import OWING, Subscription
from chalicelib.subscriptions.view import SubscriptionView
from chalicelib.tables import Keys
from chalicelib.threads import side_by_side

CHART_DAYS: Final = 30
DONE: Final = {
    "card": mark("Your card is saved."),
    "card-removed": mark("Your card is removed."),
    "auto-pay": mark("Auto-pay is saved."),
    "auto-pay-on": mark("Auto-pay is on."),
    "auto-pay-off": mark("Auto-pay is off."),
    "details": mark("Your billing details are saved. They'll appear on your next invoice."),
}

CONNECTION_UNREADABLE: Final = mark("Your Stripe connection can't be read right now. Please contact us.")


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page reads of an account."""

    auto_pay: AutoPaySnapshot
    subscription: Subscription | None
    subscription_view: SubscriptionView | None
    non_usage: Statement
    days: Days
    today: str
    closed_by: ShownReason | None
    pays_itself: bool
    connection_problem: str | None


def rows_needed(account_id: str) -> Keys:
    """Return the rows that the page needs."""
    more: Keys = {ConnectionRow: [account_id], BudgetsRow: [account_id]}
    return {**overview_keys(account_id), **choice_keys(account_id), **more}


def load(request: PortalRequest) -> Loaded:
    """Read all that the page shows."""
    account_id, today = request.account.account_id, clock.day_of(clock.now_ms())
    found, days, non_usage, (closed_by, pays_itself) = side_by_side(
        lambda: load_overview(request.rows, request.payer, request.catalog),
        lambda: read_days(account_id, min(_chart_start(today), first_needed(today)), today),
        lambda: read_history(account_id, Filter(non_usage_only=True), limit=ROWS),
        lambda: _access(request),
    )
    return Loaded(
        auto_pay=found.auto_pay,
        subscription=found.subscription,
        subscription_view=found.subscription_view,
        non_usage=non_usage,
        days=days,
        today=today,
        closed_by=closed_by,
        pays_itself=pays_itself,
        connection_problem=_connection_problem(request),
    )


def _access(request: PortalRequest) -> tuple[ShownReason | None, bool]:
    """Return what closes access, and whether the account pays itself; a workspace's page needs no further read."""
    if request.account.workspace_id is not None:
        found = find_access(request.account, request.catalog)
        return view_access(found, for_client=True).reason, found.pays_itself
    return ("account_suspended" if request.account.standing == "suspended" else None), True


def _connection_problem(request: PortalRequest) -> str | None:
    if request.account.kind != "workspace":
        return None
    workspace_id = request.account.account_id
    connection = read_or(
        lambda: connections.find_in(request.rows, workspace_id),
        lambda: None,
        about={"account_id": workspace_id, "what": "connection"},
    )
    if connection is None:
        return CONNECTION_UNREADABLE
    return connection.sentence if connection.state in {"restricted", "disconnected"} else None


def show(request: PortalRequest) -> Response:
    """Show the overview."""
    loaded, limits = load(request), request.limits
    auto_pay = view_auto_pay(loaded.auto_pay, limits)
    seen = snapshot_of(request, loaded, auto_pay)
    subscription = loaded.subscription_view
    return render.page(
        request,
        "overview.html",
        here="overview",
        balance=seen.balance_micros,
        is_exhausted=seen.balance_micros <= limits.floor_micros and not seen.is_new,
        pending=sum(each.amount_micros for each in seen.payments if each.fills_wallet and not each.ended),
        auto_pay=auto_pay,
        summary=auto_pay_summary(request, auto_pay, limits),
        blocking_reason=blocking_reason(request, auto_pay),
        subscription=subscription,
        steps=_first_steps(request, seen) if seen.is_new and request.may_pay else None,
        on_saving=_on_saving(request, loaded),
        banners=find_banners(seen, request.words),
        recent=_recent(request, loaded),
        confirmation=_confirmation(request, loaded),
        price=subscription_price(loaded.subscription, request.catalog) if loaded.subscription else None,
        **_spending(request, loaded),
    )


def snapshot_of(request: PortalRequest, loaded: Loaded, auto_pay: AutoPayView) -> Snapshot:
    """Return what the rules of the banners look at."""
    scheduled, found = loaded.subscription and loaded.subscription.scheduled, loaded.auto_pay
    balance_micros, singles = found.situation.balance_micros, loaded.non_usage
    plan = request.catalog.plans.get(scheduled.plan) if scheduled else None
    return Snapshot(
        now_ms=clock.now_ms(),
        payer=request.payer,
        provider=request.brand.name,
        limits=choice_in(request.rows, request.account.account_id).over(request.limits),
        balance_micros=balance_micros,
        is_new=is_new(balance_micros, singles.transactions, is_complete=singles.next_cursor is None),
        auto_pay=AutoPayStatus(
            status=auto_pay.status,
            is_refilling=auto_pay.charge is not None or _refill_micros(loaded) is not None,
            has_failed=bool(auto_pay.last_refusal and auto_pay.failures),
            is_at_limit=auto_pay.reason == "monthly_limit_reached",
            problem=blocking_reason(request, auto_pay) or "",
        ),
        payments=found.payments,
        disputed=found.reversed_payments,
        subscription=loaded.subscription,
        renewal_micros=_renewal_micros(loaded.subscription_view),
        access_end_ms=_access_end_ms(request, loaded),
        scheduled_plan=plan.name if plan else "",
        closed_by=loaded.closed_by,
        connection_problem=loaded.connection_problem,
        budgets=_budgets(request, loaded.days) if loaded.pays_itself else [],
    )


def _budgets(request: PortalRequest, days: Days) -> list[BudgetRow]:
    """Return the budgets of one that pays itself. The days that the page reads include those of the month."""
    budgets = find_to_go_on(request.rows, request.account.account_id)
    return budget_rows(
        SpentBudgets(budgets, days), Names(request.words, request.catalog), clock.now_ms(), pays_itself=True
    )


def _recent(request: PortalRequest, loaded: Loaded) -> list[RecentRow]:
    singles = [view(each, request.viewer) for each in loaded.non_usage.transactions]
    return recent_rows(loaded.days, singles, loaded.auto_pay.payments)


def _renewal_micros(subscription: SubscriptionView | None) -> int | None:
    if subscription is None:
        return None
    charge = subscription.owed.charge if subscription.owed else None
    if subscription.next_renewal:
        charge = subscription.next_renewal.charge
    return parse_micros(charge.amount) if charge else None


def _access_end_ms(request: PortalRequest, loaded: Loaded) -> int | None:
    found = loaded.subscription
    return access_end_ms(found, request.catalog.dunning, clock.now_ms()) if found else None


def _refill_micros(loaded: Loaded) -> int | None:
    """Return what auto-pay is about to charge: nothing keeps it from that, and there is no payment yet."""
    decision = decide(loaded.auto_pay.auto_pay, loaded.auto_pay.situation)
    return decision.amount_micros if isinstance(decision, Charge) else None


def _confirmation(request: PortalRequest, loaded: Loaded) -> str:
    """Say what was just done, and of a card that it is being charged to refill the balance, if it is."""
    done, words, card = request.query.get("done", ""), request.words, request.payer.card
    text, refill_micros = words.say(DONE[done]) if done in DONE else "", _refill_micros(loaded)
    if done != "card" or card is None or refill_micros is None:
        return text
    charging = words.say(
        "We're charging %(amount)s to %(card)s now to refill your balance.",
        amount=words.amount(refill_micros, request.currency),
        card=card_name(words, card.brand, card.last_four, card.wallet),
    )
    return f"{text} {charging}"


def _on_saving(request: PortalRequest, loaded: Loaded) -> list[str]:
    """Say what a card is charged as soon as it is saved, where the page asks for one."""
    if request.payer.cards or not request.may_pay:
        return []
    found = OverviewSnapshot(loaded.auto_pay, loaded.subscription, loaded.subscription_view)
    return say_on_saving(found, request.payer, request.catalog, request.words)


def _first_steps(request: PortalRequest, seen: Snapshot) -> Any:
    is_sold = any(
        request.currency in each.amounts_micros for each in request.catalog.plans.values() if not each.retired
    )
    return first_steps(
        has_card=seen.card is not None,
        is_paying=any(each.fills_wallet and not each.ended for each in seen.payments),
        has_auto_pay=seen.auto_pay.status != "off",
        has_plan=(seen.subscription is not None) if is_sold else None,
        owes=seen.subscription is not None and seen.subscription.status in OWING,
    )


def _chart_start(today: str) -> str:
    return (date.fromisoformat(today) - timedelta(days=CHART_DAYS - 1)).isoformat()


def _spending(request: PortalRequest, loaded: Loaded) -> dict[str, Any]:
    """Return the chart of the last days, and what they lead to."""
    days, today, first = loaded.days, loaded.today, _chart_start(loaded.today)
    spending, outlook = load_outlook(request, loaded.auto_pay, days, today)
    shown = {day: meters for day, meters in days.items() if day >= first}
    return {
        "chart": chart.build(shown, first, today, list(request.catalog.meters)),
        "spending": spending,
        "outlook": outlook,
        "figures": day_figures(totals_of(days), first, today, today),
    }
