"""The mail that a reached budget triggers, if it is still so when it is about to be sent. Pure."""

from chalicelib.budgets.budget import PERCENTS, Budget
from chalicelib.budgets.spending import span_of
from chalicelib.budgets.thresholds import current_told
from chalicelib.clock import iso
from chalicelib.money import parse_micros
from chalicelib.notices import detail
from chalicelib.notices.notice import BudgetName, CurrentState, Notice


def budget_reached(event: detail.Budget, current: CurrentState) -> Notice | None:
    """Report the threshold, unless the budget is another one by now, its period is over, or a higher one was told.

    Nothing is reported to a client that pays nothing itself any more: its budgets close nothing.
    """
    budget, limit_micros = current.budget, parse_micros(event.limit)
    if budget is None or not current.pays_itself or not _is_still_so(event, budget, limit_micros, current.now_ms):
        return None
    return Notice(
        kind="budget_reached",
        mark=f"budget_reached/{event.id}",
        message=_message(event, budget),
        occurred_at=event.occurred_at,
        amounts_micros={"limit": limit_micros, "spent": parse_micros(event.spent)},
        facts=("account", "budget", "spent", "date"),
        dates_ms={"reopens": span_of(budget.period, current.now_ms).ends_at_ms},
        page="budgets",
        percent=event.percent,
        budget=BudgetName(current.meter_name, budget.period),
    )


def _is_still_so(event: detail.Budget, budget: Budget, limit_micros: int, now_ms: int) -> bool:
    told = current_told(budget, now_ms)
    is_current = iso(span_of(budget.period, now_ms).ends_at_ms) == event.period_end
    is_highest = told is None or told.percent <= event.percent
    return budget.limit_micros == limit_micros and budget.tells(event.percent) and is_current and is_highest


def _message(event: detail.Budget, budget: Budget) -> str:
    if event.percent == PERCENTS[-1]:
        return "budget_closed" if budget.close else "budget_reached"
    return "budget_near_closing" if budget.close else "budget_near"
