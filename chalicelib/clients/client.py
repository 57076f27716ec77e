"""A client as its workspace sees it: its money, what it brings, and what is missing. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.accounts.account import Account
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.auto_pay.decision import SUSPENSION_REASONS
from chalicelib.i18n.texts import mark
from chalicelib.ledger.client_usage import ClientMeter

Tab = Literal["all", "rebilled", "suspended", "archived"]
Health = Literal["off", "on", "waiting", "suspended"]
Attention = Literal["workspace_not_connected", "card_missing", "wallet_empty", "auto_pay_suspended"]

SENTENCES: Final[dict[Attention, tuple[str, str]]] = {
    "workspace_not_connected": (
        mark("You have no Stripe account connected that takes payments, so the client cannot pay. Connect one."),
        "Payments are not possible at the moment. Please contact whoever provides this service to you.",
    ),
    "card_missing": (
        mark("There is no card on file, so the client cannot pay. Ask it to save one."),
        "There is no card on file. Save a card.",
    ),
    "wallet_empty": (
        mark("The wallet is empty, so the client cannot use anything. It adds balance, or you credit it."),
        "The wallet is empty. Add balance, and the service goes on.",
    ),
    "auto_pay_suspended": (
        mark(
            "Auto-pay does not refill the wallet any more. The client saves another card, or switches auto-pay on "
            "again."
        ),
        "Auto-pay does not refill the wallet any more. Save another card, or switch auto-pay on again.",
    ),
}
"""What is missing, in a sentence for the workspace and one for the client."""


class AutoPayHealth(msgspec.Struct, frozen=True):
    """What auto-pay of a client does, and why it is suspended or waits."""

    status: Health
    reason: str | None = None


class Client(msgspec.Struct, frozen=True):
    """A client with what a page of clients shows of it.

    It `can_pay` if its workspace's connection works. `can_pay` and `has_card` are None while the connection cannot be
    read. `used` is its usage of the month, over all meters, before its allowance of a month, `allowance_micros`.
    """

    account: Account
    is_rebilled: bool
    can_pay: bool | None
    has_card: bool | None
    balance_micros: int
    auto_pay: AutoPayHealth
    used: ClientMeter
    allowance_micros: int = 0


def is_in_tab(account: Account, tab: Tab) -> bool:
    """Tell whether an account belongs in a tab by its standing."""
    return tab in {"all", account.standing} or (tab == "rebilled" and account.standing != "archived")


def auto_pay_health(auto_pay: AutoPay | None, now_ms: int) -> AutoPayHealth:
    """Return what auto-pay does, as far as its own row says it: no payment is read for it."""
    if auto_pay is None or not auto_pay.enabled:
        return AutoPayHealth("off")
    if auto_pay.is_suspended:
        suspended = auto_pay.suspended_reason
        return AutoPayHealth("suspended", SUSPENSION_REASONS[suspended] if suspended else "suspended_dispute")
    reason = _waiting_reason(auto_pay, now_ms)
    return AutoPayHealth("waiting" if reason else "on", reason)


def _waiting_reason(auto_pay: AutoPay, now_ms: int) -> str | None:
    if auto_pay.next_attempt_at_ms is not None and now_ms < auto_pay.next_attempt_at_ms:
        return "backing_off"
    if auto_pay.in_flight_payment_id:
        return "in_flight"
    return auto_pay.last_refusal.reason if auto_pay.last_refusal else None


def needs_attention(client: Client, floor_micros: int) -> list[Attention]:
    """Return what is missing. A client lacks nothing whose workspace pays for it, and none that is archived."""
    if not client.is_rebilled or client.account.standing == "archived":
        return []
    found: dict[Attention, bool] = {
        "workspace_not_connected": client.can_pay is False,
        "card_missing": client.can_pay is True and not client.has_card,
        "wallet_empty": client.balance_micros <= floor_micros,
        "auto_pay_suspended": client.auto_pay.status == "suspended",
    }
    return [attention for attention, is_so in found.items() if is_so]


def sum_meters(meters: dict[str, ClientMeter]) -> ClientMeter:
    """Return the sum over all meters. Quantities of different meters do not add up: the sum's means nothing."""
    total = ClientMeter()
    for each in meters.values():
        total.add(each)
    return total
