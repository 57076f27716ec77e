"""Decide whether to refill a wallet now, and with how much. Pure.

`decide` is the rule, `Situation` its input, and `REASONS` the complete list of reasons for charging nothing.
docs/auto-pay.md has the same as a table for customers.
"""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from chalicelib.auto_pay.auto_pay import HOUR_MS, LIMIT_REACHED, AutoPay, SuspendedReason
from chalicelib.auto_pay.payment_outcomes import is_failed_or_canceled
from chalicelib.cards.card import Card, is_expired
from chalicelib.cards.payer import Payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.catalog.currency_limits import CurrencyLimits
from chalicelib.clock import month_of, next_month_ms
from chalicelib.i18n.texts import mark
from chalicelib.ledger.wallet import Wallet
from chalicelib.money import card_step_micros
from chalicelib.payments.payment import Payment
from chalicelib.stripe_api.stripe_account import StripeAccount

AUTHENTICATING_MS: Final = HOUR_MS
"""How long a payment that waits for the customer's 3-D Secure counts as pending. Most customers who have not confirmed
it by then never will, and such a payment stays open for a day: the wallet must not stay empty for that long."""

WaitReason = Literal[
    "disabled",
    "in_flight",
    "above_threshold",
    "pending_payment_covers",
    "refunded",
    "not_connected",
    "backing_off",
    "monthly_limit_reached",
]
BlockReason = Literal[
    "suspended_declines",
    "suspended_authentication",
    "suspended_card_unusable",
    "suspended_dispute",
    "card_needed_again",
    "card_missing",
    "card_expired",
    "currency_not_sold",
    "amount_out_of_limits",
]
Reason = WaitReason | BlockReason


class Charge(msgspec.Struct, frozen=True):
    """Charge the card now."""

    amount_micros: int


class Wait(msgspec.Struct, frozen=True):
    """Charge nothing now. No action is needed: auto-pay continues at `until_ms`, or when something changes."""

    reason: WaitReason
    until_ms: int | None = None


class Block(msgspec.Struct, frozen=True):
    """Charge nothing although the balance is low: a person has to act first."""

    reason: BlockReason


Decision = Charge | Wait | Block

REASONS: Final[dict[Reason, str]] = {
    "disabled": mark("Auto-pay is off."),
    "in_flight": mark("A refill is in progress."),
    "above_threshold": mark("Your balance isn't below the threshold."),
    "pending_payment_covers": mark("Another payment in progress will bring your balance to the threshold."),
    "refunded": mark(
        "Your balance is below the threshold only because of a refund, and auto-pay doesn't charge that back. It "
        "continues when more is used. To refill now, save the auto-pay settings again, or add balance."
    ),
    "not_connected": mark(
        "Your provider can't take payments right now. Auto-pay continues automatically as soon as it can."
    ),
    "backing_off": mark("The last attempt didn't go through. We'll try again automatically at the time shown."),
    "suspended_declines": mark(
        "Your card was declined each time. Save another card, add balance, or turn auto-pay on again."
    ),
    "suspended_authentication": mark(
        "Your bank needs to verify it's you. Add balance once and confirm it, save another card, or turn auto-pay on "
        "again."
    ),
    "suspended_card_unusable": mark("Your card can't be charged anymore. Save a card again."),
    "suspended_dispute": mark(
        "A payment with this card is disputed with the bank, or the card's issuer warns of fraud. Save another card, "
        "add balance, or turn auto-pay on again if this card may be charged. It continues automatically if the dispute "
        "is won or withdrawn."
    ),
    "card_needed_again": mark(
        "Your provider now takes payments through another account, which doesn't have your card. Save a card again."
    ),
    "card_missing": mark("There's no card on file. Save a card."),
    "card_expired": mark("Your card has expired. Save another card."),
    "currency_not_sold": mark("Nothing is sold in this account's currency anymore. Please contact support."),
    "amount_out_of_limits": mark("The amount is outside the limits, which have changed. Choose another amount."),
    "monthly_limit_reached": mark(
        "Another refill would exceed your monthly limit. Auto-pay continues next month (UTC), or right away if you "
        "raise the limit."
    ),
}
"""Every reason for charging nothing, in words for the customer, in the order in which they are checked."""

SUSPENSION_REASONS: Final[dict[SuspendedReason, BlockReason]] = {
    "declines": "suspended_declines",
    "authentication": "suspended_authentication",
    "card_unusable": "suspended_card_unusable",
}


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """The rule's input besides auto-pay itself.

    `card` is the default, and `backup` the backup if it can be charged. `pending_micros` is the sum of payments
    that have not ended, without the refill in flight; the first of them stops counting at `pending_until_ms`. A
    client whose workspace cannot take payments is not `connected`. `limits` is None for a currency that is not in
    the catalog.
    """

    currency: str
    balance_micros: int
    pending_micros: int = 0
    pending_until_ms: int | None = None
    charged_this_month_micros: int = 0
    connected: bool = True
    card: Card | None = None
    backup: Card | None = None
    card_needed_again: bool = False
    limits: CurrencyLimits | None = None
    now_ms: int


def decide(auto_pay: AutoPay, situation: Situation) -> Decision:
    """Decide on a charge. Of several reasons for charging nothing, return the first in the order of `REASONS`."""
    gap_micros = target_micros(auto_pay, situation.limits) - situation.balance_micros
    if not auto_pay.enabled:
        return Wait("disabled")
    if auto_pay.in_flight_payment_id:
        return Wait("in_flight")
    if gap_micros <= 0:
        return Wait("above_threshold")
    if gap_micros <= situation.pending_micros:
        return Wait("pending_payment_covers", situation.pending_until_ms)
    if gap_micros <= situation.pending_micros + auto_pay.refunded_micros:
        return Wait("refunded")
    obstacle = _find_obstacle(auto_pay, situation)
    return obstacle or _size_charge(auto_pay, situation, gap_micros - situation.pending_micros)


def target_micros(auto_pay: AutoPay, limits: CurrencyLimits | None) -> int:
    """Return the balance below which a wallet is refilled: the threshold, but always above the floor.

    Access ends at the floor. With a threshold of zero, a wallet at zero could not be used, and would not be refilled.
    """
    return max(auto_pay.threshold_micros, limits.floor_micros + 1) if limits else auto_pay.threshold_micros


def _find_obstacle(auto_pay: AutoPay, situation: Situation) -> Decision | None:
    """Return the reason why nothing may be charged, whatever the amount; None if there is none."""
    if not situation.connected:
        return Wait("not_connected")
    if auto_pay.next_attempt_at_ms is not None and situation.now_ms < auto_pay.next_attempt_at_ms:
        return Wait("backing_off", auto_pay.next_attempt_at_ms)
    if auto_pay.suspended_reason:
        return Block(SUSPENSION_REASONS[auto_pay.suspended_reason])
    if auto_pay.held_by:
        return Block("suspended_dispute")
    return _find_card_obstacle(auto_pay, situation)


def _find_card_obstacle(auto_pay: AutoPay, situation: Situation) -> Decision | None:
    card = card_to_charge(auto_pay, situation)
    if card is None:
        return Block("card_needed_again" if situation.card_needed_again else "card_missing")
    if is_expired(card, situation.now_ms):
        return Block("card_expired")
    return None


def card_to_charge(auto_pay: AutoPay, situation: Situation) -> Card | None:
    """Return the default; in its place the backup, if the default was declined in this attempt or has expired."""
    card, backup = situation.card, situation.backup
    if card is None or backup is None:
        return card
    return backup if auto_pay.declined_default or is_expired(card, situation.now_ms) else card


def _size_charge(auto_pay: AutoPay, situation: Situation, gap_micros: int) -> Decision:
    """Return the charge: the smallest multiple of the amount that closes the gap, or less if a limit requires it."""
    amount, limits = auto_pay.amount_micros, situation.limits
    if limits is None:
        return Block("currency_not_sold")
    if not is_chargeable(amount, situation.currency, limits):
        return Block("amount_out_of_limits")
    count = min(-(-gap_micros // amount), limits.auto_pay_maximum_micros // amount)
    if auto_pay.monthly_limit_micros is not None:
        left_micros = auto_pay.monthly_limit_micros - situation.charged_this_month_micros
        count = min(count, left_micros // amount)
    return Charge(count * amount) if count > 0 else Wait(LIMIT_REACHED, next_month_ms(situation.now_ms))


def is_chargeable(amount_micros: int, currency: str, limits: CurrencyLimits) -> bool:
    """Tell whether an amount is within the limits and a multiple of the card step."""
    within = limits.auto_pay_minimum_micros <= amount_micros <= limits.auto_pay_maximum_micros
    return within and amount_micros % card_step_micros(currency) == 0


def build_situation(
    auto_pay: AutoPay, *, payer: Payer, wallet: Wallet, payments: Iterable[Payment], catalog: Catalog, now_ms: int
) -> Situation:
    """Return the situation without a backup. `payments` must contain all of this month and all that have not ended."""
    payments, currency = list(payments), payer.account.currency
    pending = [
        each
        for each in payments
        if each.payment_id != auto_pay.in_flight_payment_id
        and (_counts_as_pending(each, now_ms) or _may_be_told_of(each, payer))
    ]
    return Situation(
        currency=currency,
        balance_micros=wallet.balance_micros,
        pending_micros=sum(each.amount_micros for each in pending),
        pending_until_ms=min(
            (each.created_at_ms + AUTHENTICATING_MS for each in pending if each.state == "requires_action"),
            default=None,
        ),
        charged_this_month_micros=charged_in_month_micros(payments, month_of(now_ms)),
        connected=not payer.waits_for_connection,
        card=payer.chargeable_card,
        card_needed_again=payer.card_needed_again,
        limits=catalog.currencies.get(currency),
        now_ms=now_ms,
    )


def charged_in_month_micros(payments: Iterable[Payment], month: str) -> int:
    """Return what auto-pay has charged or will charge in a month (`2026-11`): all refills not failed or canceled."""
    return sum(
        each.amount_micros
        for each in payments
        if each.kind == "auto_pay" and month_of(charged_at_ms(each)) == month and not is_failed_or_canceled(each)
    )


def charged_at_ms(payment: Payment) -> int:
    """Return when the card was charged for a refill: when Stripe made the PaymentIntent.

    That is between the time of sending it and the time of the answer, both by our clock. If Stripe's time is outside
    this range, the nearer bound is returned; if it is missing, the time of sending.
    """
    sent_at_ms = payment.sent_at_ms
    if sent_at_ms is None:
        return payment.created_at_ms
    return min(max(sent_at_ms, payment.intent_at_ms or 0), max(sent_at_ms, payment.state_at_ms))


def _may_be_told_of(payment: Payment, payer: Payer) -> bool:
    """Tell whether Stripe can be asked again about a payment that was closed at a break, which the sweeper does."""
    is_same_account = StripeAccount(payment.stripe_account) == payer.stripe_account
    is_closed = payment.closed_at_break_ms is not None and payment.fills_wallet
    return is_closed and is_same_account and not payer.waits_for_connection


def _counts_as_pending(payment: Payment, now_ms: int) -> bool:
    """Tell whether a payment will probably still credit the wallet."""
    if payment.ended or payment.kind not in {"top_up", "auto_pay"}:
        return False
    return payment.state != "requires_action" or now_ms < payment.created_at_ms + AUTHENTICATING_MS
