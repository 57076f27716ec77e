"""How clients and standings are presented to the workspace and the operator."""

from typing import Final

import msgspec

from chalicelib.accounts.account import Account, Standing
from chalicelib.accounts.actor import ShownName
from chalicelib.accounts.viewer import Viewer
from chalicelib.auto_pay import table as auto_pay
from chalicelib.auto_pay.decision import REASONS
from chalicelib.clients.client import SENTENCES, Attention, Client, Health, needs_attention
from chalicelib.clients.list_clients import MonthTotal
from chalicelib.clock import iso
from chalicelib.ledger.client_usage import ClientMeter
from chalicelib.money import format_amount
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.subscription import Status, Subscription


class AutoPayHealthView(msgspec.Struct):
    """Whether auto-pay works. `reason` says why it is suspended or waits; `detail` the same for people, if known."""

    status: Health
    reason: str | None
    detail: str | None


class AttentionView(msgspec.Struct):
    """Something that is missing, for programs, for the workspace (`detail`), and as the client is told."""

    code: Attention
    detail: str
    client_detail: str


class MoneyView(msgspec.Struct):
    """What usage of a month brought before free allowances: what clients pay, what it costs, and the difference.

    A margin may be negative: what the workspace bears (rebilling is off, or a meter absorbed) is a cost only.
    """

    revenue: str
    cost: str
    margin: str
    currency: str


class ClientView(msgspec.Struct):
    """A client, with its money and what is missing. `month` is what it used in the current month (UTC).

    `card_on_file` is null while the workspace's connection, which says where cards are, cannot be read.
    """

    account_id: str
    name: str
    email: str
    standing: Standing
    standing_reason: str | None
    rebilled: bool
    balance: str
    currency: str
    card_on_file: bool | None
    auto_pay: AutoPayHealthView
    month: MoneyView
    attention: list[AttentionView]
    created_at: str


class ClientList(msgspec.Struct):
    """Clients by id. A tab may answer with fewer than `limit`, also none, and still have a `next_cursor`.

    `unreadable` are the ids of clients of the page that cannot be shown at the moment, and are not in `data`.
    """

    data: list[ClientView]
    unreadable: list[str]
    next_cursor: str | None


class ClientSummary(msgspec.Struct):
    """All clients of a workspace in one month, archived ones included. `clients` is how many of them used something.

    `complete` is false if there are more clients than are added up, or one that cannot be read: the sums are then too
    small.
    """

    month: str
    clients: int
    money: MoneyView
    complete: bool


def view_client(client: Client, floor_micros: int) -> ClientView:
    """Present a client to its workspace."""
    account, health = client.account, client.auto_pay
    return ClientView(
        account_id=account.account_id,
        name=account.name,
        email=account.email,
        standing=account.standing,
        standing_reason=account.standing_reason,
        rebilled=client.is_rebilled,
        balance=format_amount(client.balance_micros, account.currency),
        currency=account.currency,
        card_on_file=client.has_card,
        auto_pay=AutoPayHealthView(health.status, health.reason, REASONS.get(health.reason)),  # type: ignore[call-overload]
        month=_money(client.used, account.currency),
        attention=[AttentionView(each, *SENTENCES[each]) for each in needs_attention(client, floor_micros)],
        created_at=iso(account.created_at_ms),
    )


def view_summary(month: str, total: MonthTotal, currency: str) -> ClientSummary:
    """Present what all clients used in a month."""
    return ClientSummary(month, total.clients, _money(total.used, currency), total.is_complete)


def _money(used: ClientMeter, currency: str) -> MoneyView:
    revenue, cost = used.price_micros, used.cost_micros
    return MoneyView(
        revenue=format_amount(revenue, currency),
        cost=format_amount(cost, currency),
        margin=format_amount(revenue - cost, currency),
        currency=currency,
    )


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
    changed_by: ShownName | None
    recurring_charges: RecurringChargesView
    detail: str


DETAILS: Final[dict[Standing, str]] = {
    "active": "Its standing does not keep the account from being used; `access` says whether anything else does.",
    "suspended": "The account may not be used. It may pay, and its subscription and auto-pay go on.",
    "archived": "The account may not be used, and pays nothing any more. Making it active again does not bring its "
    "subscription and auto-pay back.",
}
"""What a standing means, for people."""


def view_standing(account: Account, viewer: Viewer) -> StandingView:
    """Present an account's standing to somebody, and its recurring charges as they are now."""
    changed_at_ms = account.standing_changed_at_ms
    return StandingView(
        account_id=account.account_id,
        standing=account.standing,
        reason=account.standing_reason,
        changed_at=None if changed_at_ms is None else iso(changed_at_ms),
        changed_by=name_of_changer(account, viewer),
        recurring_charges=_recurring_charges(account.account_id),
        detail=DETAILS[account.standing],
    )


def name_of_changer(account: Account, viewer: Viewer) -> ShownName | None:
    """Return the name to show of who gave an account its standing."""
    actor, changed_at_ms = account.standing_actor, account.standing_changed_at_ms or 0
    return viewer.name_of(actor, changed_at_ms, done_for_it=True) if actor else None


def _recurring_charges(account_id: str) -> RecurringChargesView:
    subscription, settings = subscriptions.find(account_id), auto_pay.find(account_id)
    running = subscription if subscription and subscription.exists and subscription.status != "canceled" else None
    return RecurringChargesView(
        subscription_status=running.status if running else None,
        subscription_ends_at=_ends_at(running) if running else None,
        auto_pay_enabled=bool(settings and settings.enabled),
    )


def _ends_at(subscription: Subscription) -> str | None:
    return iso(subscription.canceled_end_ms) if subscription.cancel_at_period_end else None
