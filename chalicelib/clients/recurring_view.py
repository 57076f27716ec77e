"""How recurring charges are presented."""

from typing import Literal

import msgspec

from chalicelib.accounts.account import Account, Standing
from chalicelib.clients.list_recurring import RecurringBatch
from chalicelib.clients.recurring import RecurringCharges, RecurringSubscription, Refills, State, sum_months
from chalicelib.clock import iso
from chalicelib.money import format_amount
from chalicelib.payments.view import PaymentLineView, view_lines
from chalicelib.subscriptions.view import ContentsView


class NextChargeView(msgspec.Struct):
    """What is charged next, with what is carried. `at` is null for what is owed and not tried again by itself."""

    at: str | None
    amount: str


class RecurringSubscriptionView(msgspec.Struct):
    """A subscription by what it still costs.

    `lines` and `price` are of a whole period of `months`, in the contents and at the prices of the next one. `monthly`
    is the share of a month in it, zero for one that `ends`. `end_with` is the request that ends it, null if it is
    ending.
    """

    state: State
    plan: str
    add_ons: dict[str, int]
    scheduled: ContentsView | None
    lines: list[PaymentLineView]
    months: int
    price: str
    monthly: str
    next_charge: NextChargeView | None
    ends_at: str | None
    end_with: str | None


class RefillsView(msgspec.Struct):
    """Auto-pay: refills of `amount` when the balance is below `threshold`, at most `monthly_limit` in a month.

    No part of any total: it depends on what is used. It is `off` while a last refill has not ended. `end_with` is the
    request that ends it, null if it is off.
    """

    status: Literal["on", "suspended", "off"]
    amount: str
    threshold: str
    monthly_limit: str | None
    in_flight_payment_id: str | None
    end_with: str | None


class RecurringAccountView(msgspec.Struct):
    """What an account is charged again and again. `paid_to` is who gets it."""

    account_id: str
    name: str
    standing: Standing
    paid_to: Literal["platform", "workspace"]
    subscription: RecurringSubscriptionView | None
    auto_pay: RefillsView | None


class MonthlyView(msgspec.Struct):
    """What subscriptions come to in a month: the account's own, and those of a workspace's clients (null for a client).

    They are sums of what the answer has: add up the pages.
    """

    own: str
    clients: str | None


class RecurringList(msgspec.Struct):
    """Recurring charges: the account's own first, on the first page, then its clients', by id.

    A page of clients that have none is empty and may still have a `next_cursor`. `unreadable` are the ids of clients of
    the page that cannot be shown at the moment: they are in neither `data` nor `monthly`.
    """

    data: list[RecurringAccountView]
    unreadable: list[str]
    monthly: MonthlyView
    currency: str
    next_cursor: str | None


def view_recurring(account: Account, found: RecurringBatch, next_cursor: str | None) -> RecurringList:
    """Present the recurring charges of an account, and of its clients."""
    charges = found.charges
    own = [each for each in charges if each.account.account_id == account.account_id]
    clients = [each for each in charges if each.account.account_id != account.account_id]
    is_workspace = account.kind == "workspace"
    monthly = MonthlyView(
        own=format_amount(sum_months(own), account.currency),
        clients=format_amount(sum_months(clients), account.currency) if is_workspace else None,
    )
    data = [_view(each) for each in charges]
    return RecurringList(data, found.unreadable, monthly, account.currency, next_cursor)


def _view(charges: RecurringCharges) -> RecurringAccountView:
    account = charges.account
    return RecurringAccountView(
        account_id=account.account_id,
        name=account.name,
        standing=account.standing,
        paid_to="platform" if account.kind == "workspace" else "workspace",
        subscription=_subscription(charges.subscription, account) if charges.subscription else None,
        auto_pay=_refills(charges.refills, account) if charges.refills else None,
    )


def _subscription(found: RecurringSubscription, account: Account) -> RecurringSubscriptionView:
    currency, scheduled = account.currency, found.scheduled
    return RecurringSubscriptionView(
        state=found.state,
        plan=found.contents.plan,
        add_ons=found.contents.add_ons,
        scheduled=ContentsView(scheduled.plan, scheduled.add_ons) if scheduled else None,
        lines=view_lines(found.lines, currency),
        months=found.months,
        price=format_amount(found.price_micros, currency),
        monthly=format_amount(found.month_micros, currency),
        next_charge=_next_charge(found, currency),
        ends_at=None if found.ends_at_ms is None else iso(found.ends_at_ms),
        end_with=None if found.state == "ends" else f"DELETE /v1/accounts/{account.account_id}/subscription",
    )


def _next_charge(found: RecurringSubscription, currency: str) -> NextChargeView | None:
    if found.next_charge_micros is None:
        return None
    at_ms = found.next_charge_at_ms
    return NextChargeView(None if at_ms is None else iso(at_ms), format_amount(found.next_charge_micros, currency))


def _refills(refills: Refills, account: Account) -> RefillsView:
    currency, limit = account.currency, refills.monthly_limit_micros
    off = f'PUT /v1/accounts/{account.account_id}/auto-pay {{"enabled": false}}'
    return RefillsView(
        status=refills.status,
        amount=format_amount(refills.amount_micros, currency),
        threshold=format_amount(refills.threshold_micros, currency),
        monthly_limit=None if limit is None else format_amount(limit, currency),
        in_flight_payment_id=refills.in_flight_payment_id,
        end_with=None if refills.status == "off" else off,
    )
