"""Budgets that are used up: those that close access, and those that only tell."""

from collections.abc import Iterator

from chalicelib.portal.banners.banner import Action, Banner
from chalicelib.portal.banners.snapshot import Snapshot
from chalicelib.portal.words import Words


def find_used_up_budgets(seen: Snapshot, words: Words) -> Iterator[Banner]:
    """Tell of budgets that are used up, and whether that stops anything."""
    if seen.is_archived:
        return
    for row in seen.budgets:
        if not row.is_reached:
            continue
        spent = words.say(
            "%(budget)s: %(spent)s of %(limit)s spent.",
            budget=row.name,
            spent=words.total(row.spent_micros, row.budget.currency),
            limit=words.amount(row.budget.limit_micros, row.budget.currency),
        )
        action = (Action(words.say("Review budget"), ("budgets",), "see"),)
        if row.is_closed:
            title = (
                words.say("Access is closed for %(meter)s", meter=row.meter)
                if row.meter
                else words.say("Access is closed")
            )
            text = words.say("Closed until %(day)s (UTC), unless you raise the limit.", day=words.day(row.ends))
            yield Banner("bad", title, f"{spent} {text}", action)
        else:
            text = words.say("Nothing stops: usage continues and is charged.")
            yield Banner("warn", words.say("A budget is used up"), f"{spent} {text}", action)
