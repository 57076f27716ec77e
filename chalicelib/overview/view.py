"""The shape of the overview in answers."""

from typing import Literal

import msgspec

from chalicelib.accounts.view import AccountView, view_account
from chalicelib.accounts.viewer import Viewer
from chalicelib.auto_pay.evaluate import Snapshot
from chalicelib.auto_pay.view import AutoPayView, view_auto_pay
from chalicelib.cards.view import CardView, view_card
from chalicelib.catalog.currency_limits import CurrencyLimits
from chalicelib.money import card_step_micros, format_amount
from chalicelib.payments.view import PaymentView, view_payment
from chalicelib.subscriptions.view import SubscriptionView


class WalletView(msgspec.Struct):
    """The wallet. `floor` is where access ends; at or below it the wallet is `exhausted`. Both may be negative."""

    balance: str
    currency: str
    floor: str
    status: Literal["open", "exhausted"]


class TopUpLimits(msgspec.Struct):
    """What Add Balance accepts."""

    minimum: str
    maximum: str
    step: str
    shortcuts: list[str]
    currency: str


class OverviewView(msgspec.Struct):
    """All that the first page of Settings > Billing shows.

    `card_needed_again`: there is no card because payments go through another Stripe account than before.
    """

    account: AccountView
    wallet: WalletView
    card: CardView | None
    card_needed_again: bool
    auto_pay: AutoPayView
    subscription: SubscriptionView | None
    payments_unresolved: list[PaymentView]
    top_up: TopUpLimits


def view(seen: Snapshot, subscription: SubscriptionView | None, limits: CurrencyLimits, viewer: Viewer) -> OverviewView:
    """Present the overview of an account as it was read, to somebody."""
    payer, account = seen.payer, seen.payer.account
    return OverviewView(
        account=view_account(account),
        wallet=_wallet(seen.situation.balance_micros, account.currency, limits),
        card=view_card(payer.card) if payer.card else None,
        card_needed_again=payer.card_needed_again,
        auto_pay=view_auto_pay(seen, limits),
        subscription=subscription,
        payments_unresolved=[view_payment(each, viewer) for each in seen.payments if not each.ended],
        top_up=_top_up(limits, account.currency),
    )


def _wallet(balance_micros: int, currency: str, limits: CurrencyLimits) -> WalletView:
    exhausted = balance_micros <= limits.floor_micros
    return WalletView(
        balance=format_amount(balance_micros, currency),
        currency=currency,
        floor=format_amount(limits.floor_micros, currency),
        status="exhausted" if exhausted else "open",
    )


def _top_up(limits: CurrencyLimits, currency: str) -> TopUpLimits:
    return TopUpLimits(
        minimum=format_amount(limits.top_up_minimum_micros, currency),
        maximum=format_amount(limits.top_up_maximum_micros, currency),
        step=format_amount(card_step_micros(currency), currency),
        shortcuts=[format_amount(each, currency) for each in limits.top_up_shortcuts_micros],
        currency=currency,
    )
