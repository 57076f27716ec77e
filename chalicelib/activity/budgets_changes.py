"""What a change of the budgets is to a person: of each, its limit, what it tells, if it closes access. Pure."""

from collections.abc import Mapping

from chalicelib.activity.entry import Finding, Value, Written, differences
from chalicelib.budgets.budget import Budget, Budgets
from chalicelib.money import format_micros


def budgets_changes(before: Written[Budgets] | None, after: Written[Budgets]) -> Finding:
    """Return what changed. What was told of a budget is no change of it; of one that is gone, its limit is told."""
    was = before.value.budgets if before else ()
    are = {each.budget_id for each in after.value.budgets}
    found = differences(_fields(was), _fields(after.value.budgets))
    kept = tuple(each for each in found if each.field.startswith("limit.") or each.field.partition(".")[2] in are)
    new = {each.updated_at_ms for each in after.value.budgets} - {each.updated_at_ms for each in was}
    return Finding(after.by, kept, max(new, default=None))


def _fields(budgets: tuple[Budget, ...]) -> Mapping[str, Value]:
    fields: dict[str, Value] = {}
    for each in budgets:
        fields[f"limit.{each.budget_id}"] = format_micros(each.limit_micros)
        fields[f"tell.{each.budget_id}"] = ", ".join(map(str, each.tell)) or None
        fields[f"close.{each.budget_id}"] = each.close or None
    return fields
