"""Whether an account may use the product now, or why not. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.accounts.account import Account, Standing
from chalicelib.budgets.thresholds import ClosedBudget

OwnReason = Literal[
    "account_archived", "account_suspended", "subscription_unpaid", "balance_exhausted", "budget_reached"
]
WorkspaceReason = Literal[
    "workspace_archived",
    "workspace_suspended",
    "workspace_subscription_unpaid",
    "workspace_balance_exhausted",
    "workspace_budget_reached",
]
Reason = OwnReason | WorkspaceReason

OF_THE_WORKSPACE: Final[dict[OwnReason, WorkspaceReason]] = {
    "account_archived": "workspace_archived",
    "account_suspended": "workspace_suspended",
    "subscription_unpaid": "workspace_subscription_unpaid",
    "balance_exhausted": "workspace_balance_exhausted",
    "budget_reached": "workspace_budget_reached",
}
"""What closes a client's access when it is its workspace's."""


class Side(msgspec.Struct, frozen=True):
    """What access depends on: of an account, or of a client's workspace."""

    standing: Standing
    access_until_ms: int | None
    available_micros: int
    budget: ClosedBudget | None = None


class Access(msgspec.Struct, frozen=True):
    """Whether access is open, or why not. `available_micros` is what the wallet that pays has; it may be negative.

    `budget` is the one that closes it, if that is the reason.
    """

    allowed: bool
    reason: Reason | None
    available_micros: int
    budget: ClosedBudget | None = None


class AccessAnswer(msgspec.Struct, frozen=True):
    """An account's access, as it was read. `workspace` is a client's; a client of `pays_itself` is rebilled."""

    access: Access
    account: Account
    workspace: Account | None
    pays_itself: bool


def decide_access(own: Side, workspace: Side | None, *, pays_itself: bool, now_ms: int) -> Access:
    """Decide by an account's side, and for a client by its workspace's.

    A client that does not pay itself (its rebilling is off) needs only its workspace's balance and budgets.
    """
    reason: Reason | None = _closed_by(own, now_ms, pays=pays_itself)
    if workspace and reason is None:
        closed = _closed_by(workspace, now_ms, pays=True)
        reason = OF_THE_WORKSPACE[closed] if closed else None
    paying = own if pays_itself or workspace is None else workspace
    budgets = {"budget_reached": own.budget, "workspace_budget_reached": workspace.budget if workspace else None}
    return Access(reason is None, reason, paying.available_micros, budgets.get(str(reason)))


def _closed_by(side: Side, now_ms: int, *, pays: bool) -> OwnReason | None:
    if side.standing == "archived":
        return "account_archived"
    if side.standing == "suspended":
        return "account_suspended"
    if side.access_until_ms is not None and now_ms >= side.access_until_ms:
        return "subscription_unpaid"
    if pays and side.available_micros <= 0:
        return "balance_exhausted"
    return "budget_reached" if pays and side.budget else None
