"""How standings are presented to those who decide on them."""

import msgspec

from chalicelib.accounts.account import Account, Standing
from chalicelib.auto_pay import table as auto_pay
from chalicelib.clock import iso
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.subscription import Status, Subscription


class RecurringChargesView(msgspec.Struct):
    """What is still charged without anybody asking. Both are null, and false, if nothing is.

    `subscription_ends_at` is set for one that will not be renewed.
    """

    subscription_status: Status | None
    subscription_ends_at: str | None
    auto_pay_enabled: bool


class StandingView(msgspec.Struct):
    """What was decided on an account, why, when and by whom; and what is still charged to it."""

    account_id: str
    standing: Standing
    reason: str | None
    changed_at: str | None
    changed_by: str | None
    recurring_charges: RecurringChargesView
    detail: str


DETAILS = {
    "active": "The account may be used, as far as this is concerned.",
    "suspended": "The account may not be used. It may pay, and its subscription and auto-pay go on.",
    "archived": "The account may not be used, and pays nothing any more. Making it active again does not bring its "
    "subscription and auto-pay back.",
}
"""What a standing means, for people."""


def view_standing(account: Account) -> StandingView:
    """Present an account's standing, and its recurring charges as they are now."""
    changed_at_ms = account.standing_changed_at_ms
    return StandingView(
        account_id=account.account_id,
        standing=account.standing,
        reason=account.standing_reason,
        changed_at=None if changed_at_ms is None else iso(changed_at_ms),
        changed_by=account.standing_actor,
        recurring_charges=_recurring_charges(account.account_id),
        detail=DETAILS[account.standing],
    )


def _recurring_charges(account_id: str) -> RecurringChargesView:
    subscription, settings = subscriptions.find(account_id), auto_pay.find(account_id)
    running = subscription if subscription and subscription.exists and subscription.status != "canceled" else None
    return RecurringChargesView(
        subscription_status=running.status if running else None,
        subscription_ends_at=_ends_at(running) if running else None,
        auto_pay_enabled=bool(settings and settings.enabled),
    )


def _ends_at(subscription: Subscription) -> str | None:
    return iso(subscription.terms.period_end_ms) if subscription.cancel_at_period_end else None
