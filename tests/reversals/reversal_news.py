"""What Stripe says of refunds and disputes, and what taking it in comes to."""

from collections.abc import Iterable
from itertools import permutations
from typing import Any

from chalicelib.ledger.commit import have_same_content
from chalicelib.ledger.posting import EventKey, Posting
from chalicelib.payments.payment import Payment
from chalicelib.reversals.dispute import BalanceMovement, StripeDispute
from chalicelib.reversals.refund import Refund, State, StripeRefund
from chalicelib.reversals.reversal import Reversals, apply_dispute_update, apply_refund_update, with_posted
from tests.payments.build import payment

NOW_MS = 1_790_000_000_000
UNIT = 1_000_000
News = StripeRefund | StripeDispute


def paid(**changes: Any) -> Payment:
    return payment(state="succeeded", payment_intent_id="pi_1", **changes)


def refunded(status: State = "succeeded", amount: int = 10, **changes: Any) -> StripeRefund:
    fields: dict[str, Any] = {
        "id": "re_1",
        "status": status,
        "amount_minor": amount * 100,
        "currency": "usd",
        "created_at_ms": NOW_MS - 60_000,
        "payment_intent_id": "pi_1",
        "metadata": {},
    }
    return StripeRefund(**{**fields, **changes})


def moved(number: int, amount: int) -> BalanceMovement:
    return BalanceMovement(f"txn_{number}", NOW_MS - 50_000 + number * 1000, amount * 100, "usd")


def disputed(status: str = "needs_response", *amounts: int, amount: int = 25, **changes: Any) -> StripeDispute:
    """Return a dispute's facts; `amounts` are what Stripe's balance went through."""
    fields: dict[str, Any] = {
        "id": "du_1",
        "status": status,
        "amount_minor": amount * 100,
        "currency": "usd",
        "reason": "fraudulent",
        "created_at_ms": NOW_MS - 50_000,
        "payment_intent_id": "pi_1",
        "balance_movements": tuple(moved(number, each) for number, each in enumerate(amounts)),
    }
    return StripeDispute(**{**fields, **changes})


def wanted(**changes: Any) -> Refund:
    """Return a refund that was asked for here."""
    fields: dict[str, Any] = {
        "account_id": "acme",
        "payment_id": "pay_1",
        "refund_id": "ref_1",
        "amount_micros": 10 * UNIT,
        "currency": "usd",
        "created_at_ms": NOW_MS,
        "updated_at_ms": NOW_MS,
        "reason": "goodwill",
        "actor": "operator",
        "moves_wallet": True,
    }
    return Refund(**{**fields, **changes})


def told(seen: Reversals, news: News, now_ms: int = NOW_MS) -> Reversals:
    return (
        apply_refund_update(seen, news, now_ms)
        if isinstance(news, StripeRefund)
        else apply_dispute_update(seen, news, now_ms)
    )


class Ledger:
    """Keeps postings as the ledger does: each once, and never with other content."""

    def __init__(self) -> None:
        self.posted: dict[EventKey, Posting] = {}

    def post(self, postings: list[Posting]) -> None:
        for posting in postings:
            assert have_same_content(self.posted.setdefault(posting.identity.key, posting), posting)

    @property
    def kinds(self) -> list[str]:
        return [posting.content.kind for posting in self.posted.values()]

    @property
    def taken_micros(self) -> int:
        return -sum(posting.legs[0].signed_micros for posting in self.posted.values())


def story(news: tuple[News, ...]) -> tuple[Reversals, Ledger]:
    """Take in news one by one, posting after each, as the verbs do."""
    seen, ledger = Reversals(paid()), Ledger()
    for number, each in enumerate(news):
        seen = told(seen, each, NOW_MS + number)
        ledger.post(seen.postings())
        seen = with_posted(seen, seen)
        assert 0 <= ledger.taken_micros <= seen.payment.amount_micros
    return seen, ledger


def orders(news: Iterable[News]) -> list[tuple[News, ...]]:
    return list(permutations(news))


REFUND_NEWS = (
    refunded("pending"),
    refunded("succeeded"),
    refunded("failed", failure_reason="expired_or_canceled_card"),
)
WON = (disputed(), disputed("needs_response", -25), disputed("won", -25, 25), disputed("under_review", -25))
LOST = (disputed(), disputed("needs_response", -25), disputed("under_review", -25), disputed("lost", -25))
