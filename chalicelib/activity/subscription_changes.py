"""What a change of a subscription is to a person: its status and its contents, now and from the next period on. Pure.

That a period was paid is in the history: it is no change of what is subscribed to.
"""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from chalicelib.activity.entry import FieldChange, Finding, Value, Written, differences
from chalicelib.clock import day_of
from chalicelib.subscriptions.subscription import Contents, Subscription

NEXT: Final = "scheduled."
DROPPED: Final = FieldChange("scheduled")
"""Nothing changes with the next period any more: neither what was planned nor what stays is told."""


def subscription_changes(before: Written[Subscription] | None, after: Written[Subscription]) -> Finding:
    """Return what changed."""
    was, is_now = before.value if before else None, after.value
    found = differences(_fields(was), _fields(is_now))
    if is_now.status == "canceled":
        found = tuple(each for each in found if each.field == "status")
    elif was and was.scheduled and not is_now.scheduled:
        found = tuple(each for each in found if not each.field.startswith(NEXT))
        if was.scheduled != is_now.terms.contents:  # else it took effect, which its new values say
            found = (*found, DROPPED)
    elif was and was.scheduled:
        found = tuple(_with_current(each, was, is_now) for each in found)
    if was and was.status == "paused" and is_now.status != "paused":  # the status says that it is over
        found = tuple(each for each in found if each.field != "paused_until")
    is_dated = was is None or was.updated_at_ms != is_now.updated_at_ms
    return Finding(after.by, found, is_now.updated_at_ms if is_dated else None)


def _with_current(change: FieldChange, was: Subscription, is_now: Subscription) -> FieldChange:
    """Return a change of what is scheduled with what is there now, where the schedule leaves that as it is."""
    if not change.field.startswith(NEXT):
        return change
    name = change.field.removeprefix(NEXT)
    before, after = change.before, change.after
    if before is None:
        before = _contents(was.terms.contents).get(name, 0)
    return replace(
        change, before=before, after=_contents(is_now.terms.contents).get(name, 0) if after is None else after
    )


def _fields(subscription: Subscription | None) -> Mapping[str, Value]:
    """Return what there is; one whose first payment has not succeeded has nothing."""
    if subscription is None or subscription.status == "incomplete":
        return {}
    contents = _contents(subscription.terms.contents)
    scheduled = _contents(subscription.scheduled) if subscription.scheduled else contents
    coming = {NEXT + name: scheduled.get(name, 0) for name in scheduled | contents}
    return {
        "status": subscription.status,
        **contents,
        **{name: value for name, value in coming.items() if value != contents.get(name.removeprefix(NEXT), 0)},
        "cancel_at_period_end": subscription.cancel_at_period_end or None,
        "paused_until": day_of(subscription.pause.until_ms) if subscription.pause else None,
    }


def _contents(contents: Contents) -> dict[str, Value]:
    return {"plan": contents.plan, **{f"add_ons.{name}": number for name, number in contents.add_ons.items()}}
