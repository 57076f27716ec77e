"""Which events a change of an account's budgets gives. Pure: the same record gives exactly the same events."""

from chalicelib.budgets.budget import PERCENTS, Budget, Budgets, Told
from chalicelib.budgets.spending import span_of
from chalicelib.clock import iso
from chalicelib.money import format_amount
from chalicelib.notices import detail
from chalicelib.notices.event import Event
from chalicelib.streams import Change


def budget_events(change: Change[Budgets]) -> list[Event]:
    """Return an event for each budget of which a threshold is newly told. Raises MalformedRecord."""
    if change.after is None:
        return []
    before = {each.budget_id: each.told for each in change.before.budgets} if change.before else {}
    return [
        _event(change.account_id, each, each.told)
        for each in change.after.budgets
        if each.told and each.told != before.get(each.budget_id)
    ]


def _event(account_id: str, budget: Budget, told: Told) -> Event:
    """Make the event. Its id contains the limit: a threshold of another limit is another event."""
    span = span_of(budget.period, told.at_ms)
    about = detail.Budget(
        id=f"budget.reached:{account_id}:{budget.budget_id}/{told.period}/{told.limit_micros}/{told.percent}",
        version=detail.VERSION,
        account_id=account_id,
        occurred_at=iso(told.at_ms),
        budget_id=budget.budget_id,
        meter=budget.meter,
        period=budget.period,
        period_start=f"{span.first_day}T00:00:00.000Z",
        period_end=iso(span.ends_at_ms),
        percent=told.percent,
        limit=format_amount(told.limit_micros, budget.currency),
        spent=format_amount(told.spent_micros, budget.currency),
        currency=budget.currency,
        closes=budget.close and told.percent == PERCENTS[-1],
    )
    return Event("budget.reached", told.at_ms, about)
