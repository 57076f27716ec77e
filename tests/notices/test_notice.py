"""Which event is worth which mail, as things are when it is about to go."""

from typing import Any, get_args

import pytest

from chalicelib.auto_pay.auto_pay import AutoPay, SuspendedReason
from chalicelib.ledger.wallet import Wallet
from chalicelib.notices.choice import Kind, Mails
from chalicelib.notices.event import Thresholds
from chalicelib.notices.notice import SUSPENDED, CurrentState
from chalicelib.notices.rules import RULES
from chalicelib.payments.payment import Failure, Payment
from chalicelib.subscriptions.subscription import Contents, PendingPayment, Prices, Status, Subscription, Terms
from tests.build import TIME_MS
from tests.notices.records import auto_pay, payment, payment_record, record, subscription, wallet_record
from tests.notices.told import auto_pay_events, payment_events, subscription_events, wallet_events

LINES = Thresholds(threshold_micros=10_000_000, floor_micros=0)
ON = AutoPay(
    account_id="acme",
    enabled=True,
    threshold_micros=10_000_000,
    amount_micros=25_000_000,
    monthly_limit_micros=None,
    actor="tester",
    updated_at_ms=TIME_MS,
)
OFF = {"enabled": False}


def now(balance: float = 5, state: str | None = None, paying: dict[str, Any] | None = None) -> CurrentState:
    """Return how things are. `paying` is what auto-pay differs in from one that is on; None where it was never on."""
    ours = Payment.__struct_fields__
    row = {name: value for name, value in payment(state or "").items() if name in ours and name != "failure"}
    return CurrentState(
        wallet=Wallet("acme", "usd", round(balance * 1_000_000), 8),
        thresholds=LINES,
        now_ms=TIME_MS,
        auto_pay=None if paying is None else AutoPay(**{**{n: getattr(ON, n) for n in ON.__struct_fields__}, **paying}),
        payment=Payment(**row) if state else None,
    )


TERMS = Terms(
    contents=Contents("agency"),
    prices=Prices(plan_micros=49_000_000),
    anchor_ms=TIME_MS,
    elapsed_months=1,
    period_start_ms=TIME_MS,
    period_end_ms=TIME_MS + 1,
)
BANK = Failure("card_declined", "authentication_required")
TRIED = PendingPayment(payment_id="pay_2", purpose="renewal", terms=TERMS, carried_micros=0)


def subscribed(status: Status, failure: Failure | None = None, **changes: Any) -> CurrentState:
    """Return how things are with a subscription."""
    current = Subscription(
        account_id="acme",
        currency="usd",
        status=status,
        terms=TERMS,
        actor="tester",
        updated_at_ms=TIME_MS,
        failure=failure or Failure("expired_card"),
        due_at_ms=TIME_MS + 3,
        **changes,
    )
    return CurrentState(wallet=Wallet("acme", "usd", 0, 8), thresholds=LINES, now_ms=TIME_MS, subscription=current)


def told(event: Any, current: CurrentState) -> tuple[str, str] | None:
    notice = RULES[event.type](event.detail, current)
    return (notice.kind, notice.message) if notice else None


def crossed(before: float, after: float, place: int = 0) -> Any:
    return wallet_events(wallet_record(before, after), lambda _: LINES)[place]


def paid(state: str, kind: str = "top_up") -> Any:
    return payment_events(payment_record("created", state, kind=kind))[0]


def suspended(reason: str) -> Any:
    return auto_pay_events(record(auto_pay(), auto_pay(reason, 3)))[0]


def owed(status: str) -> Any:
    return subscription_events(record(subscription(), subscription(status)))[0]


NOT_COUNTED: Any = {"in_flight_payment_id": paid("failed", "auto_pay").detail.payment_id}
UNPAID: Any = {"access_until_ms": TIME_MS + 10}
LOW, USED_UP = crossed(12, 5), crossed(12, -1, 1)


@pytest.mark.parametrize(
    ("event", "current", "expected"),
    [
        (LOW, now(5), ("low_balance", "low_balance")),
        (LOW, now(5, paying={}), ("low_balance", "low_balance_with_auto_pay")),
        (LOW, now(5, paying=OFF), ("low_balance", "low_balance")),
        (LOW, now(30), None),  # refilled meanwhile
        (LOW, now(0), None),  # used up meanwhile: another mail says so
        (USED_UP, now(-1), ("balance_exhausted", "balance_exhausted")),
        (USED_UP, now(24), None),
        (paid("succeeded"), now(30, "succeeded"), ("receipt", "receipt")),
        (paid("succeeded", "auto_pay"), now(30, "succeeded", {}), ("receipt", "receipt")),
        (paid("failed"), now(5, "failed"), None),  # seen at once by whoever added balance
        (paid("failed", "auto_pay"), now(5, "failed", {"failures": 1}), ("auto_pay_failed", "auto_pay_failed")),
        (paid("failed", "auto_pay"), now(5, "failed", NOT_COUNTED), ("auto_pay_failed", "auto_pay_failed")),
        (paid("failed", "auto_pay"), now(55, "failed", {}), None),  # the backup has paid since, or is being charged
        (paid("failed", "auto_pay"), now(5, "failed", {"suspended_reason": "declines"}), None),
        (paid("failed", "auto_pay"), now(5, "failed", OFF), None),
        (paid("failed", "auto_pay"), now(30, "succeeded", {}), None),
        (paid("requires_action"), now(5, "requires_action"), ("verification_needed", "verification_payment")),
        (paid("requires_action"), now(30, "succeeded"), None),
        (suspended("declines"), now(5, paying={"suspended_reason": "declines"}), SUSPENDED["declines"]),
        (suspended("declines"), now(5, paying={}), None),
        (suspended("declines"), now(5, paying={**OFF, "suspended_reason": "declines"}), None),
        (
            suspended("authentication"),
            now(5, paying={"suspended_reason": "authentication"}),
            SUSPENDED["authentication"],
        ),
        (owed("past_due"), subscribed("past_due"), ("subscription_past_due", "subscription_past_due")),
        (owed("past_due"), subscribed("past_due", BANK), ("subscription_past_due", "subscription_past_due_confirm")),
        (owed("past_due"), subscribed("active"), None),  # another card was saved meanwhile
        (owed("past_due"), subscribed("unpaid", **UNPAID), None),  # that has a mail of its own
        (owed("past_due"), now(5), None),
        (owed("unpaid"), subscribed("unpaid", **UNPAID), ("subscription_past_due", "subscription_unpaid")),
        (owed("unpaid"), subscribed("active"), None),
    ],
)
def test_a_mail_goes_out_for_what_is_still_so(
    event: Any, current: CurrentState, expected: tuple[str, str] | None
) -> None:
    assert told(event, current) == expected


def test_every_reason_for_a_suspension_has_its_mail() -> None:
    assert SUSPENDED.keys() == set(get_args(SuspendedReason))


def test_every_kind_of_mail_has_a_switch() -> None:
    assert set(Mails.__struct_fields__) == set(get_args(Kind))


def test_a_low_balance_is_one_mail_a_day_and_a_payment_one_for_its_event() -> None:
    morning, evening = (RULES["wallet.low"](crossed(12, 5).detail, now(balance)) for balance in (5, 4))
    assert morning
    assert evening
    assert morning.mark == evening.mark == "low_balance/2026-09-21"
    receipt = RULES["payment.succeeded"](paid("succeeded").detail, now(30, "succeeded"))
    assert receipt
    assert receipt.mark == "receipt/payment.succeeded:acme:pay_1"


def test_a_receipt_leads_to_its_payment_and_what_is_owed_to_the_plan() -> None:
    receipt = RULES["payment.succeeded"](paid("succeeded").detail, now(30, "succeeded"))
    past_due = RULES["subscription.past_due"](owed("past_due").detail, subscribed("past_due"))
    assert receipt
    assert past_due
    assert (receipt.page, past_due.page) == ("payments/pay_1", "plan")


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        (subscribed("past_due"), {"next_attempt": TIME_MS + 3}),
        (subscribed("past_due", pending=TRIED), {}),
        (subscribed("past_due", BANK), {}),
    ],
)
def test_the_next_attempt_is_told_where_there_is_one(current: CurrentState, expected: dict[str, int]) -> None:
    notice = RULES["subscription.past_due"](owed("past_due").detail, current)
    assert notice
    assert notice.dates_ms == expected
    assert notice.facts == ("account", "reason", *expected)
