"""A request to move a client, what keeps it from being accepted, and what accepting it makes of the client. Pure."""

from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from chalicelib.accounts.account import Account, FormerWorkspace
from chalicelib.catalog.catalog import UsageLimits
from chalicelib.clients.price_change import Change, settings_after
from chalicelib.i18n.texts import mark
from chalicelib.ledger.posting import CREDIT, DEBIT, Posting, one_leg
from chalicelib.pricing.rebilling import LEAD_MS, Rebilling
from chalicelib.subscriptions.subscription import Subscription

SOURCE: Final = "/moves"

VALID_MS: Final = 7 * 24 * 60 * 60 * 1000
"""How long a request can be accepted."""

Balance = Literal["keep", "settle"]
"""What becomes of the client's balance: it goes along, or the workspaces settle it and the wallet starts at zero."""

State = Literal["requested", "accepted", "declined", "withdrawn"]


class Move(msgspec.Struct, frozen=True):
    """The latest request to move a client. A request that is not answered in time has expired.

    Of an accepted one, `answered_at_ms` is when the client was moved, `charged_from_ms` the time of the first usage
    that is charged to the new workspace, and `settle_micros` what the settlement adds to the balance, which may be
    negative; `is_settled` tells that nothing is left to be posted. All of these are 0 before.
    """

    account_id: str
    from_workspace_id: str
    to_workspace_id: str
    balance: Balance
    asked_by: str
    asked_at_ms: int
    expires_at_ms: int
    state: State = "requested"
    answered_by: str | None = None
    answered_at_ms: int = 0
    charged_from_ms: int = 0
    settle_micros: int = 0
    is_settled: bool = False
    version: int = 1

    def is_open(self, now_ms: int) -> bool:
        """Tell whether it can be answered, or withdrawn."""
        return self.state == "requested" and now_ms < self.expires_at_ms

    @property
    def waits_for_settlement(self) -> bool:
        """Tell whether its settlement may not be posted yet."""
        return self.state == "accepted" and not self.is_settled


def answered(move: Move, state: State, *, actor: str, now_ms: int) -> Move:
    """Return a request that was declined or withdrawn."""
    return replace(move, state=state, answered_by=actor, answered_at_ms=now_ms, version=move.version + 1)


def accepted(move: Move, *, settle_micros: int, actor: str, now_ms: int, limits: UsageLimits) -> Move:
    """Return a request that is accepted.

    Usage is charged to the new workspace from a time on that is later than that of any event that is being posted at
    this moment, by what was read of the client before: so no event is charged to both.
    """
    return replace(
        answered(move, "accepted", actor=actor, now_ms=now_ms),
        charged_from_ms=now_ms + limits.maximum_future_ms + LEAD_MS,
        settle_micros=settle_micros,
        is_settled=move.balance == "keep",
    )


def moved_account(client: Account, move: Move) -> Account:
    """Return the client in its new workspace. What its former one decided on it is over; a moved client is active."""
    former = FormerWorkspace(move.from_workspace_id, move.answered_at_ms, move.charged_from_ms, client.name)
    return replace(
        client,
        workspace_id=move.to_workspace_id,
        former_workspaces=(*client.former_workspaces, former),
        standing_reason=None,
        standing_actor=None,
        standing_changed_at_ms=None,
    )


def moved_rebilling(own: Rebilling, defaults: Rebilling, move: Move, limits: UsageLimits) -> Rebilling:
    """Return the client's settings of rebilling, which from the new workspace's first usage on are its new clients'.

    The version changes in any case, so that no change that was begun before the move is written over it.
    """
    from_ms = move.charged_from_ms
    change = Change(from_ms, enabled=defaults.is_on(from_ms), prices=dict.fromkeys(own.prices))
    # No further allowance is opened: the former workspace gives none away that the new one has not seen.
    without_allowance = Change(move.answered_at_ms, allowance_micros=0)
    after = own
    for each in (without_allowance, change):
        after = settings_after(
            after,
            each,
            actor=str(move.answered_by),
            now_ms=move.answered_at_ms,
            maximum_age_ms=limits.maximum_age_ms,
        )
    return replace(after, version=own.version + 1)


def settlement_of(move: Move) -> Posting:
    """Return the posting that settles the balance. It is made only of what never changes."""
    return one_leg(
        move.account_id,
        type=CREDIT if move.settle_micros > 0 else DEBIT,
        kind="settlement",
        amount_micros=abs(move.settle_micros),
        source=SOURCE,
        event_id=f"move/{move.answered_at_ms}",
        occurred_at_ms=move.answered_at_ms,
        description="Balance settled with the former workspace",
    )


Obstacle = Literal["subscription", "standing", "same_workspace", "currency", "workspace_standing"]

OBSTACLES: Final[dict[Obstacle, str]] = {
    "subscription": mark("The client still has a subscription. Cancel it, or wait until it ends."),
    "standing": mark("The client is suspended or archived. Its workspace has to make it active first."),
    "same_workspace": mark("The client already belongs to this workspace."),
    "currency": mark("The workspace and the client use different currencies."),
    "workspace_standing": mark("The workspace is suspended or archived."),
}
"""What keeps a move from being accepted, for people."""


def find_obstacles(client: Account, subscription: Subscription | None, to: Account | None) -> list[Obstacle]:
    """Return what keeps a client from being moved to a workspace; without one, what is known without it."""
    found: dict[Obstacle, bool] = {
        "subscription": subscription is not None and subscription.exists and subscription.status != "canceled",
        "standing": client.standing != "active",
        "same_workspace": to is not None and to.account_id == client.workspace_id,
        "currency": to is not None and to.currency != client.currency,
        "workspace_standing": to is not None and to.standing != "active",
    }
    return [name for name, is_so in found.items() if is_so]
