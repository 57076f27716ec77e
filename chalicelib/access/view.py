"""How access is presented: exactly to the platform and the workspace, and to a client only what is its own. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.access.access import OF_THE_WORKSPACE, AccessAnswer, Reason
from chalicelib.budgets.budget import Period
from chalicelib.budgets.thresholds import ClosedBudget
from chalicelib.clock import iso
from chalicelib.i18n.texts import mark
from chalicelib.money import format_amount

ShownReason = Reason | Literal["service_paused"]

PAUSED: Final = "service_paused"
"""What a client learns of anything that is its workspace's."""

CLIENTS_SIDE: Final[dict[str, str]] = {
    "account_archived": "This account is closed; please contact %(workspace)s.",
    "account_suspended": "This account is suspended; please contact %(workspace)s.",
    "subscription_unpaid": "The subscription renewal wasn't paid. Pay it to keep using the service.",
    "balance_exhausted": "The balance is used up. Add balance to keep using the service.",
    "budget_reached": "A budget is used up. Raise it, or wait until its period ends, to keep using the service.",
    PAUSED: "The service is paused; please contact %(workspace)s.",
}
"""What a client is told."""

WORKSPACES_SIDE: Final[dict[str, str]] = {
    "account_archived": mark("%(account)s is archived. It can be used once it's active again."),
    "account_suspended": mark("%(account)s is suspended. It can be used once it's active again."),
    "subscription_unpaid": mark("%(account)s hasn't paid for its subscription renewal."),
    "balance_exhausted": mark("%(account)s has no balance left. It can be used again once balance is added."),
    "budget_reached": mark(
        "A budget of %(account)s is used up. It can be used again once the budget is raised or its period ends."
    ),
    "workspace_archived": mark("The workspace %(workspace)s is archived, so none of its clients can be used."),
    "workspace_suspended": mark("The workspace %(workspace)s is suspended, so none of its clients can be used."),
    "workspace_subscription_unpaid": mark(
        "The workspace %(workspace)s hasn't paid for its subscription renewal, so none of its clients can be used."
    ),
    "workspace_balance_exhausted": mark(
        "The workspace %(workspace)s has no balance left, so none of its clients can be used until balance is added."
    ),
    "workspace_budget_reached": mark(
        "A budget of the workspace %(workspace)s is used up, so its clients can't be used until it's raised or its "
        "period ends."
    ),
}
"""What the platform and the workspace are told."""


class ClosedBudgetView(msgspec.Struct):
    """The budget that closes access: its id, what it is for, and until when at the latest. `meter` null means all."""

    id: str
    meter: str | None
    period: Period
    until: str


class AccessView(msgspec.Struct):
    """Whether the product may be used now. `detail` says the reason in a sentence for people.

    `available` is what the wallet that pays has above the floor; it may be negative. A client whose workspace pays sees
    null: its workspace's balance is not for it. `budget` is the one that closes access, if that is the reason; a client
    sees only its own.
    """

    allowed: bool
    reason: ShownReason | None
    detail: str | None
    available: str | None
    currency: str
    budget: ClosedBudgetView | None = None


def view_access(answer: AccessAnswer, *, for_client: bool) -> AccessView:
    """Present an account's access; `for_client` to the client itself."""
    access, account = answer.access, answer.account
    reason: ShownReason | None = access.reason
    if for_client and reason in OF_THE_WORKSPACE.values():
        reason = PAUSED
    hidden = for_client and not answer.pays_itself
    return AccessView(
        allowed=access.allowed,
        reason=reason,
        detail=_detail(answer, reason, for_client=for_client) if reason else None,
        available=None if hidden else format_amount(access.available_micros, account.currency),
        currency=account.currency,
        budget=_budget(access.budget) if access.budget and reason != PAUSED else None,
    )


def _budget(closed: ClosedBudget) -> ClosedBudgetView:
    return ClosedBudgetView(closed.budget_id, closed.meter, closed.period, iso(closed.until_ms))


def _detail(answer: AccessAnswer, reason: ShownReason, *, for_client: bool) -> str:
    sentences = CLIENTS_SIDE if for_client else WORKSPACES_SIDE
    workspace = answer.workspace.name if answer.workspace else ""
    return sentences[reason] % {"account": answer.account.name, "workspace": workspace}
