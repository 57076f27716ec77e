"""The mails that warn of something before it matters, if it is still so when they are about to be sent. Pure."""

from typing import Final, Literal

from chalicelib.cards.card import Card
from chalicelib.cards.expiry import expires_at_ms, notice_of
from chalicelib.clock import iso, month_of, next_month_ms
from chalicelib.money import parse_micros
from chalicelib.notices import detail
from chalicelib.notices.notice import CurrentState, Notice
from chalicelib.subscriptions.pause import next_period_ms
from chalicelib.subscriptions.subscription import OWING, RENEWED

WITHOUT_CARD: Final = "_without_card"
"""The end of the name of a text that says that there is no card to charge."""


def auto_pay_limit(event: detail.AutoPayLimit, current: CurrentState) -> Notice | None:
    """Report how much of its monthly limit auto-pay has charged, unless it is off or the limit or month is another."""
    auto_pay, limit_micros = current.auto_pay, parse_micros(event.monthly_limit)
    use = auto_pay.limit_use if auto_pay and auto_pay.enabled else None
    if auto_pay is None or use is None or auto_pay.monthly_limit_micros != limit_micros:
        return None
    reached = (event.month, event.percent, limit_micros)
    if reached != (use.month, use.percent, use.limit_micros) or event.month != month_of(current.now_ms):
        return None
    charged_micros = parse_micros(event.charged)
    return Notice(
        kind="auto_pay_limit",
        mark=f"auto_pay_limit/{event.month}/{limit_micros}/{event.percent}",
        message="auto_pay_limit_reached" if event.percent == 100 else "auto_pay_limit_near",
        occurred_at=event.occurred_at,
        amounts_micros={
            "charged": charged_micros,
            "limit": limit_micros,
            "balance": current.wallet.balance_micros,
        },
        facts=("account", "charged", "limit", "balance"),
        dates_ms={"resumes": next_month_ms(current.now_ms)},
        page="auto-pay",
    )


def renewal_upcoming(event: detail.Subscription, current: CurrentState) -> Notice | None:
    """Tell of the next charge for a year, if it will be made."""
    return _upcoming_notice("renewal_upcoming", "renews", event, current)


def trial_ending(event: detail.Subscription, current: CurrentState) -> Notice | None:
    """Tell of the first charge after a trial, if it will be made."""
    return _upcoming_notice("trial_ending", "trial_ends", event, current)


def _upcoming_notice(
    kind: Literal["renewal_upcoming", "trial_ending"], date: str, event: detail.Subscription, current: CurrentState
) -> Notice | None:
    subscription, upcoming = current.subscription, current.upcoming
    if subscription is None or upcoming is None:
        return None
    charged_ms, told = next_period_ms(subscription), max(event.period_end, event.pause.until if event.pause else "")
    is_still_ahead = current.now_ms < charged_ms and iso(charged_ms) == told
    if not is_still_ahead or (subscription.status == "trialing") != (kind == "trial_ending"):
        return None
    card = current.payer.card if current.payer else None
    return Notice(
        kind=kind,
        mark=f"{kind}/{told}",
        message=kind if card else f"{kind}{WITHOUT_CARD}",
        occurred_at=event.occurred_at,
        amounts_micros={"amount": upcoming.quote.charge_micros},
        facts=("account", "amount", date, *(("card",) if card else ())),
        dates_ms={date: charged_ms},
        page="plan" if card else "card",
        card=paid_with(card) if card else None,
    )


def card_expiring(event: detail.ExpiringCard, current: CurrentState) -> Notice | None:
    """Warn of a card that expires, if it is still charged automatically, and something will be charged to it."""
    payer = current.payer
    charged = payer.charged_cards if payer else ()
    card = next((each for each in charged if each.payment_method_id == event.payment_method_id), None)
    if payer is None or card is None or not _is_charge_to_come(current):
        return None
    expires_ms, days = expires_at_ms(card), notice_of(card, current.now_ms)
    if expires_ms is None or iso(expires_ms) != event.expires_at or days != event.notice_days:
        return None
    return Notice(
        kind="card_expiring",
        mark=f"card_expiring/{card.payment_method_id}/{event.expires_at[:10]}/{days}",
        message="card_expiring" if card == payer.card else "backup_card_expiring",
        occurred_at=event.occurred_at,
        amounts_micros={},
        facts=("account", "card", "expires"),
        dates_ms={"expires": expires_ms - 1},
        page="card",
        card=paid_with(card),
    )


def _is_charge_to_come(current: CurrentState) -> bool:
    """Tell whether something is charged automatically: auto-pay is on, or a subscription goes on."""
    subscription = current.subscription
    is_renewed = subscription is not None and subscription.status in RENEWED | OWING
    is_canceled = subscription is not None and subscription.cancel_at_period_end
    return (current.auto_pay is not None and current.auto_pay.enabled) or (is_renewed and not is_canceled)


def paid_with(card: Card) -> detail.PaidWith:
    """Return what a mail says of a card on file."""
    return detail.PaidWith(card.brand, card.last_four)
