"""How moves are presented: to the workspace that asks, and to the one that is asked."""

from typing import Final, Literal

import msgspec

from chalicelib.accounts.actor import ShownName
from chalicelib.accounts.viewer import name_for
from chalicelib.clock import iso
from chalicelib.i18n.texts import mark
from chalicelib.ledger.posting import Direction
from chalicelib.money import format_amount
from chalicelib.moves.list_incoming import IncomingMove
from chalicelib.moves.move import OBSTACLES, Balance, Move, Obstacle, State, settlement_of
from chalicelib.token import Caller

GOES_ALONG: Final = {
    "wallet": mark("The wallet, with its whole history."),
    "invoices": mark("All invoices and credit notes, and their numbering."),
    "auto_pay": mark("Auto-pay settings. Auto-pay is on hold until the client saves a card with its new workspace."),
    "account": mark(
        "The client's account: its ID, its people's access, and its billing page, now under the new workspace's name."
    ),
}
BALANCE: Final[dict[Balance, str]] = {
    "keep": mark(
        "The balance, which the new workspace honors. Any unused monthly allowance lasts until the end of the month."
    ),
    "settle": mark(
        "The wallet starts at zero. Any unused monthly allowance ends, and a transaction settles the rest, which the "
        "former workspace pays out or collects. No card is charged."
    ),
}
STAYS: Final = {
    "cards": mark("Saved cards. The client has to save its card again."),
    "payments": mark(
        "Payments in progress, and refunds and disputes of earlier ones. They're completed on the former workspace's "
        "Stripe account, and still change the client's balance."
    ),
    "prices": mark("Prices, whether the client is charged, and its allowance. The new workspace's defaults apply."),
    "usage": mark("Earlier usage, even if it's reported later. It's charged to the former workspace, at its prices."),
    "seller": mark("The seller on documents for earlier payments."),
}


class ReasonView(msgspec.Struct):
    """Something about a move, for programs and for people."""

    code: str
    detail: str


class ObstacleView(msgspec.Struct):
    """What keeps the move from being accepted, for programs and for people."""

    code: Obstacle
    detail: str


class SettlementView(msgspec.Struct):
    """What settles the balance of a client that was moved; `posted` once it is in its history."""

    type: Direction
    amount: str
    currency: str
    posted: bool


class MoveView(msgspec.Struct):
    """A request to move a client, and what became of it.

    `asked_by` and `answered_by` are shown to their own workspace and to the platform. `charged_from` is the time from
    which on usage is charged to the new workspace.
    """

    account_id: str
    from_workspace_id: str
    to_workspace_id: str
    balance: Balance
    state: State | Literal["expired"]
    asked_at: str
    asked_by: ShownName | None
    expires_at: str
    answered_at: str | None
    answered_by: ShownName | None
    charged_from: str | None
    settlement: SettlementView | None
    obstacles: list[ObstacleView]
    goes_along: list[ReasonView]
    stays: list[ReasonView]


class AskingWorkspaceView(msgspec.Struct):
    """The workspace that asks for a move."""

    account_id: str
    name: str


class IncomingClientView(msgspec.Struct):
    """What a workspace sees of a client before it takes it."""

    account_id: str
    name: str
    balance: str
    currency: str


class IncomingMoveView(msgspec.Struct):
    """A request to take a client: which one, from whom, and what goes along and what stays."""

    client: IncomingClientView
    from_workspace: AskingWorkspaceView
    balance: Balance
    asked_at: str
    expires_at: str
    obstacles: list[ObstacleView]
    goes_along: list[ReasonView]
    stays: list[ReasonView]


class IncomingMoveList(msgspec.Struct):
    """The open requests that expire first. `complete` is false if there are more: answer these, and ask again."""

    data: list[IncomingMoveView]
    complete: bool


def view_move(move: Move, currency: str, obstacles: list[Obstacle], *, caller: Caller, now_ms: int) -> MoveView:
    """Present a move."""
    is_expired = move.state == "requested" and not move.is_open(now_ms)
    is_answered, answered_by = move.answered_at_ms > 0, move.answered_by
    answering_id = move.from_workspace_id if move.state == "withdrawn" else move.to_workspace_id
    return MoveView(
        account_id=move.account_id,
        from_workspace_id=move.from_workspace_id,
        to_workspace_id=move.to_workspace_id,
        balance=move.balance,
        state="expired" if is_expired else move.state,
        asked_at=iso(move.asked_at_ms),
        asked_by=name_for(caller, move.asked_by) if _is_of(caller, move.from_workspace_id) else None,
        expires_at=iso(move.expires_at_ms),
        answered_at=iso(move.answered_at_ms) if is_answered else None,
        answered_by=name_for(caller, answered_by) if answered_by and _is_of(caller, answering_id) else None,
        charged_from=iso(move.charged_from_ms) if move.charged_from_ms else None,
        settlement=_settlement(move, currency),
        obstacles=_obstacles(obstacles),
        goes_along=_goes_along(move.balance),
        stays=_reasons(STAYS),
    )


def view_incoming(incoming: IncomingMove) -> IncomingMoveView:
    """Present a request to the workspace that is asked: never costs, margins or cards."""
    move, client = incoming.move, incoming.client
    balance = format_amount(incoming.balance_micros, client.currency)
    return IncomingMoveView(
        client=IncomingClientView(client.account_id, client.name, balance, client.currency),
        from_workspace=AskingWorkspaceView(incoming.from_workspace.account_id, incoming.from_workspace.name),
        balance=move.balance,
        asked_at=iso(move.asked_at_ms),
        expires_at=iso(move.expires_at_ms),
        obstacles=_obstacles(incoming.obstacles),
        goes_along=_goes_along(move.balance),
        stays=_reasons(STAYS),
    )


def _is_of(caller: Caller, workspace_id: str) -> bool:
    return caller.is_of_the_platform or caller.account_id == workspace_id


def _settlement(move: Move, currency: str) -> SettlementView | None:
    if not move.settle_micros:
        return None
    (leg,) = settlement_of(move).legs
    return SettlementView(leg.type, format_amount(leg.amount_micros, currency), currency, move.is_settled)


def _obstacles(found: list[Obstacle]) -> list[ObstacleView]:
    return [ObstacleView(each, OBSTACLES[each]) for each in found]


def _goes_along(balance: Balance) -> list[ReasonView]:
    return _reasons({**GOES_ALONG, "balance": BALANCE[balance]})


def _reasons(texts: dict[str, str]) -> list[ReasonView]:
    return [ReasonView(code, detail) for code, detail in texts.items()]
