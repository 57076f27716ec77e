"""Budgets: what is spent of each, and a form to add, change or remove one."""

from typing import Final

from chalice.app import Response

from chalicelib import clock
from chalicelib.budgets.budget import PERCENTS, PERIODS, Budget, BudgetInvalid, BudgetNotFound, Budgets, TooManyBudgets
from chalicelib.budgets.change_budget import change_budget
from chalicelib.budgets.delete_budget import delete_budget
from chalicelib.budgets.evaluate import load_spent
from chalicelib.budgets.request import BudgetRequest, read_budget_id
from chalicelib.budgets.spending import SpentBudgets
from chalicelib.budgets.table import BudgetsRow, find, find_in
from chalicelib.http_input import read_fields
from chalicelib.i18n.texts import mark
from chalicelib.money import InvalidDecimal, format_micros
from chalicelib.portal import forms, render
from chalicelib.portal.budget_rows import BudgetRow, budget_rows
from chalicelib.portal.names import Names
from chalicelib.portal.refusals import NEEDED
from chalicelib.portal.request import PortalRequest
from chalicelib.portal.typed_amount import TooManyPlaces
from chalicelib.pricing.table import pays_itself
from chalicelib.tables import Keys

FIELDS: Final = ("meter", "period", "limit", "tell_50", "tell_75", "tell_100", "close", "budget", "confirmed")
ON: Final = "on"
DONE: Final = {"saved": mark("Your budget is saved."), "removed": mark("Your budget is removed.")}
EXISTS: Final = mark("You already have a budget of %(limit)s for this. Save to change it to what you entered.")
REFUSED: Final = (InvalidDecimal, TooManyPlaces, BudgetInvalid, BudgetNotFound, TooManyBudgets)

Given = dict[str, str]
"""The fields of the form."""


def rows_needed(account_id: str) -> Keys:
    """Return the rows that the page needs."""
    return {BudgetsRow: [account_id]}


def show(request: PortalRequest) -> Response:
    """Show the budgets, with the form for another, or for the one of the address."""
    found = _load(request)
    budget = found.budgets.find(request.query.get("change", ""))
    return _page(request, found, _fields_of(request, budget) if budget else _new())


def send(request: PortalRequest) -> Response:
    """Handle the form. Raises BudgetsBusy."""
    found, given = _load(request), {name: request.form.get(name, "") for name in FIELDS}
    try:
        return _save(request, found, given)
    except REFUSED as refusal:
        return _page(request, found, given, errors=forms.errors_of(request, refusal, FIELDS))


def _save(request: PortalRequest, found: SpentBudgets, given: Given) -> Response:
    """Save a budget; one that would close access right away only when it is confirmed. Raises what is `REFUSED`."""
    limit, say = forms.amount(request, request.form, "limit"), request.words.say
    budget_id = given["budget"] or _id_of(given)
    if limit is None:
        return _page(request, found, given, errors={"limit": say(NEEDED)})
    existing = None if given["budget"] else found.budgets.find(budget_id)
    if existing:
        there = say(EXISTS, limit=request.words.amount(existing.limit_micros, existing.currency))
        return _page(request, found, {**given, "budget": budget_id}, errors={"limit": there})
    tell = [each for each in PERCENTS if given[f"tell_{each}"] == ON]
    fields = {"limit": limit.amount, "tell": tell, "close": given["close"] == ON}
    sent, actor = read_fields(fields, BudgetRequest), request.allowed.actor
    if sent.close and given["confirmed"] != f"{budget_id}/{limit.amount}":
        closing = _closing(request, sent, budget_id)
        if closing:
            return _page(request, found, {**given, "confirmed": f"{budget_id}/{limit.amount}"}, closing=closing)
    change_budget(request.account, budget_id, sent, actor=actor, catalog=request.catalog)
    return request.go("budgets", done="saved")


def _closing(request: PortalRequest, sent: BudgetRequest, budget_id: str) -> BudgetRow | None:
    """Return a budget as it would be, if it would close access right away. Raises BudgetInvalid, BudgetNotFound."""
    meter, period = read_budget_id(budget_id, request.catalog.meters)
    now_ms = clock.now_ms()
    budget = sent.over(None, meter, period, currency=request.currency, actor="", now_ms=now_ms)
    wanted = load_spent(Budgets(request.account.account_id, (budget,)))
    (row,) = _rows(request, wanted)
    return row if row.is_closed else None


def remove(request: PortalRequest) -> Response:
    """Remove a budget; one that has closed access only when that is confirmed. Raises BudgetsBusy."""
    budget_id = request.form.get("budget", "")
    if request.form.get("confirmed") != budget_id:
        rows = _rows(request, load_spent(find(request.account.account_id)))
        closed = next((each for each in rows if each.budget.budget_id == budget_id), None)
        if closed and closed.is_closed:
            return render.page(request, "budget_remove.html", here="usage", row=closed)
    delete_budget(request.account, budget_id, actor=request.allowed.actor)
    return request.go("budgets", done="removed")


def _load(request: PortalRequest) -> SpentBudgets:
    return load_spent(find_in(request.rows, request.account.account_id))


def _rows(request: PortalRequest, found: SpentBudgets) -> list[BudgetRow]:
    account, now_ms = request.account, clock.now_ms()
    pays = pays_itself(account.account_id, account.workspace_id, now_ms)
    return budget_rows(found, Names(request.words, request.catalog), now_ms, pays_itself=pays)


def _new() -> Given:
    """Return the form of a new budget, which tells of everything and closes nothing."""
    return {**dict.fromkeys(FIELDS, ""), "period": "month", **{f"tell_{each}": ON for each in PERCENTS}}


def _fields_of(request: PortalRequest, budget: Budget) -> Given:
    """Return a budget as the form has it."""
    limit = request.words.to_type(format_micros(budget.limit_micros), request.currency)
    switches = {f"tell_{each}": ON if each in budget.tell else "" for each in PERCENTS}
    return {**_new(), **switches, "limit": limit, "close": ON if budget.close else "", "budget": budget.budget_id}


def _id_of(given: Given) -> str:
    """Return the id of the budget that the form is for."""
    return f"{given['meter']}.{given['period']}" if given["meter"] else given["period"]


def _alerts(request: PortalRequest, budget: Budget) -> str:
    return request.words.comma.join(request.words.percent(each / 100) for each in PERCENTS if budget.tells(each))


def _page(
    request: PortalRequest,
    found: SpentBudgets,
    given: Given,
    *,
    errors: forms.Errors | None = None,
    closing: BudgetRow | None = None,
) -> Response:
    rows = _rows(request, found)
    done = DONE.get(request.query.get("done", ""))
    return render.page(
        request,
        "budgets.html",
        status=422 if errors else 200,
        here="usage",
        rows=rows,
        alerts={each.budget.budget_id: _alerts(request, each.budget) for each in rows},
        given=given,
        errors=errors or {},
        closing=closing,
        changed=next((each for each in rows if each.budget.budget_id == given["budget"]), None),
        periods=PERIODS,
        percents=PERCENTS,
        meters=[meter for meter, each in request.catalog.meters.items() if not each.parts],
        confirmation=request.words.say(done) if done else "",
    )
