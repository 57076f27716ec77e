"""Accept the request to move a client, or decline it. The client moves with its settings, in one transaction."""

from functools import partial

import msgspec

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.allowances.end_allowances import unused_allowances
from chalicelib.backoff import attempts
from chalicelib.catalog.catalog import Catalog
from chalicelib.ledger.table import read_wallet
from chalicelib.log import log
from chalicelib.money import SignedDecimal, format_amount
from chalicelib.moves import table
from chalicelib.moves.close_request import close_request
from chalicelib.moves.move import (
    Balance,
    Move,
    accepted,
    find_obstacles,
    moved_account,
    moved_rebilling,
)
from chalicelib.moves.refusals import (
    ATTEMPTS,
    BalanceGrown,
    BalanceNotAgreed,
    MoveBlocked,
    MoveBusy,
    MoveNotOpen,
)
from chalicelib.moves.settle import settle
from chalicelib.pricing import table as pricing
from chalicelib.subscriptions import table as subscriptions


class MoveAnswer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Whether the client is taken, and what becomes of its balance: what was asked for, so that both agree.

    `balance_seen` is the client's balance as it was shown: with a higher one, it is not taken.
    """

    accept: bool
    balance: Balance | None = None
    balance_seen: SignedDecimal | None = None


def accept_move(
    to: Account,
    client_id: str,
    balance: Balance | None,
    *,
    actor: str,
    catalog: Catalog,
    seen_micros: int | None = None,
) -> Move:
    """Move a client to a workspace as was asked for, and settle its balance if that was; return the move.

    `seen_micros` is the balance that a person was shown: the new workspace honours what is above zero, and nobody may
    add to it meanwhile. Repeating it finishes what was cut off. Raises MoveNotFound, MoveNotOpen, BalanceNotAgreed,
    BalanceGrown, MoveBlocked, MoveBusy, and the ledger's errors, if the client is moved and its balance is not settled
    yet.
    """
    for _ in attempts(ATTEMPTS):
        move = table.get_incoming(to.account_id, client_id)
        if move.state != "accepted" and not move.is_open(clock.now_ms()):
            raise MoveNotOpen(move)
        if balance != move.balance:
            raise BalanceNotAgreed(move.balance)
        if move.state == "accepted":
            return settle(move)
        _check_not_grown(client_id, seen_micros)
        moved = _move(move, to, actor, catalog)
        if moved:
            log().info("a client was moved", account_id=client_id, to=to.account_id, before=move.from_workspace_id)
            return settle(moved)
    raise MoveBusy(account_id=client_id)


def decline_move(to: Account, client_id: str, *, actor: str, version: int | None = None) -> Move:
    """Decline to take a client, as the request of the `version` asks for, if one is given. Safe to repeat.

    Raises MoveNotFound, MoveNotOpen, MoveChanged, MoveBusy.
    """
    return close_request(
        client_id, partial(table.get_incoming, to.account_id), "declined", actor=actor, version=version
    )


def _check_not_grown(client_id: str, seen_micros: int | None) -> None:
    """Check that a client's balance is not higher than the one that was shown, if one was. Raises BalanceGrown."""
    if seen_micros is None:
        return
    wallet = read_wallet(client_id)
    if wallet.balance_micros > seen_micros:
        raise BalanceGrown(format_amount(wallet.balance_micros, wallet.currency), wallet.currency)


def _move(move: Move, to: Account, actor: str, catalog: Catalog) -> Move | None:
    """Move the client; None, and nothing is changed, if anything about it changed meanwhile. Raises MoveBlocked."""
    client = accounts.get(move.account_id)
    obstacles = find_obstacles(client, subscriptions.find(client.account_id), accounts.get(to.account_id))
    if obstacles:
        if table.find(move.account_id) != move:
            return None  # the client may be where it is because somebody else has just accepted
        raise MoveBlocked(obstacles)
    own, defaults = pricing.find(client.account_id), pricing.find(to.account_id)
    now_ms = clock.now_ms()
    settle_micros = 0
    if move.balance == "settle":
        found = _settle_micros(client.account_id, now_ms)
        if found is None:
            return None
        settle_micros = found
    wanted = accepted(move, settle_micros=settle_micros, actor=actor, now_ms=now_ms, limits=catalog.usage)
    rebilling = moved_rebilling(own, defaults, wanted, catalog.usage)
    return wanted if table.accept(wanted, moved_account(client, wanted), rebilling, over=move) else None


def _settle_micros(client_id: str, now_ms: int) -> int | None:
    """Return what brings a client's balance to what is unused of its allowance; None if the wallet changes meanwhile.

    That rest is the former workspace's gift for the month, which ends with the move.
    """
    before = read_wallet(client_id)
    unused_micros = unused_allowances(client_id, now_ms)
    if read_wallet(client_id).sequence != before.sequence:
        return None
    return unused_micros - before.balance_micros
