"""Read what may still be open for an account."""

from collections.abc import Callable
from typing import Final, TypeVar

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.accounts.table import AccountRow
from chalicelib.allowances.table import AllowanceRow
from chalicelib.auto_pay import table as auto_pay
from chalicelib.connection import table as connections
from chalicelib.ledger.table import read_wallet
from chalicelib.log import log
from chalicelib.moves import table as moves
from chalicelib.moves.move import Move
from chalicelib.payments import table as payments
from chalicelib.payments.table import PaymentRow
from chalicelib.reversals.table import ReversalRow
from chalicelib.subscriptions import table as subscriptions
from ops.forgetting.obstacles import OpenMatters

ValueT = TypeVar("ValueT")
SHOWN: Final = 20
"""Of how many each the names are read: more than one is already too many."""


def read_open_matters(account: Account) -> OpenMatters:
    """Read what may still be open, strongly consistent where it is about money. What cannot be read counts as open."""
    account_id, unreadable = account.account_id, list[str]()

    def attempt(what: str, read: Callable[[], ValueT], *, otherwise: ValueT) -> ValueT:
        try:
            return read()
        except Exception:  # noqa: BLE001 - whatever is wrong with it: it is an obstacle, and named
            log().exception("what is open cannot be read", account_id=account_id, what=what)
            unreadable.append(what)
            return otherwise

    found = OpenMatters(
        account=account,
        balance_micros=attempt("the wallet", lambda: read_wallet(account_id).balance_micros, otherwise=0),
        subscription_status=attempt("the subscription", lambda: _subscription_status(account_id), otherwise=None),
        auto_pay_on=attempt("auto-pay", lambda: _is_auto_pay_on(account_id), otherwise=False),
        unresolved_payments=attempt("payments", lambda: _unresolved_payments(account_id), otherwise=()),
        unsettled_reversals=attempt("refunds and disputes", lambda: _unsettled_reversals(account_id), otherwise=()),
        open_allowances=attempt("allowances", lambda: _open_allowances(account_id), otherwise=()),
        move_open=attempt("the move", lambda: _is_move_open(moves.find(account_id)), otherwise=False),
        connected=attempt("the Stripe connection", lambda: _is_connected(account), otherwise=False),
        clients=attempt("the clients", lambda: _clients(account), otherwise=()),
    )
    return replace(found, unreadable=tuple(unreadable))


def _subscription_status(account_id: str) -> str | None:
    found = subscriptions.find(account_id)
    return found.status if found and (not found.may_start or found.pending) else None


def _is_auto_pay_on(account_id: str) -> bool:
    found = auto_pay.find(account_id)
    return found is not None and found.enabled


def _unresolved_payments(account_id: str) -> tuple[str, ...]:
    """Return unresolved payments: those of the last weeks, and older ones that are still in the sweeper's index."""
    recent = {each.payment_id for each in payments.unresolved(account_id, clock.now_ms())}
    unresolved = PaymentRow.unresolved_shard.exists()
    older = PaymentRow.query(account_id, filter_condition=unresolved, consistent_read=True)
    return tuple(sorted(recent | {row.payment_id for row in older}))[:SHOWN]


def _unsettled_reversals(account_id: str) -> tuple[str, ...]:
    unsettled = ReversalRow.unsettled_shard.exists()
    rows = ReversalRow.query(account_id, filter_condition=unsettled, consistent_read=True)
    return tuple(row.reversal_key for row in rows)[:SHOWN]


def _open_allowances(account_id: str) -> tuple[str, ...]:
    rows = AllowanceRow.query(account_id, filter_condition=AllowanceRow.state != "ended", consistent_read=True)
    return tuple(row.month for row in rows)[:SHOWN]


def _is_move_open(move: Move | None) -> bool:
    return move is not None and (move.is_open(clock.now_ms()) or move.waits_for_settlement)


def _is_connected(account: Account) -> bool:
    return account.kind == "workspace" and connections.find(account.account_id).is_connected


def _clients(account: Account) -> tuple[str, ...]:
    """Return a workspace's clients that are not forgotten. One of the last moment may be missing."""
    if account.kind == "client":
        return ()
    not_forgotten = AccountRow.forgotten_at_ms.does_not_exist()
    rows = AccountRow.clients.query(account.account_id, filter_condition=not_forgotten)
    return tuple(sorted(row.account_id for row in rows))[:SHOWN]
