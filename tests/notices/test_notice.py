"""Which event is worth which mail, as things are when it is about to go."""

from typing import Any, get_args

import pytest

from chalicelib.auto_pay.auto_pay import AutoPay, SuspendedReason
from chalicelib.ledger.wallet import Wallet
from chalicelib.notices.choice import Kind, Mails
from chalicelib.notices.event import Lines, auto_pay_events, payment_events, wallet_events
from chalicelib.notices.notice import RULES, SUSPENDED, Now
from chalicelib.payments.payment import Payment
from tests.build import TIME_MS
from tests.notices.records import auto_pay, payment, payment_record, record, wallet_record

LINES = Lines(threshold_micros=10_000_000, floor_micros=0)
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


def now(balance: float = 5, state: str | None = None, paying: dict[str, Any] | None = None) -> Now:
    """Return how things are. `paying` is what auto-pay differs in from one that is on; None where it was never on."""
    ours = Payment.__struct_fields__
    row = {name: value for name, value in payment(state or "").items() if name in ours and name != "failure"}
    return Now(
        wallet=Wallet("acme", "usd", round(balance * 1_000_000), 8),
        lines=LINES,
        auto_pay=None if paying is None else AutoPay(**{**{n: getattr(ON, n) for n in ON.__struct_fields__}, **paying}),
        payment=Payment(**row, customer_id="cus_1", payment_method_id="pm_1", actor="tester") if state else None,
    )


def told(event: Any, how_it_is: Now) -> tuple[str, str] | None:
    notice = RULES[event.type](event.detail, how_it_is)
    return (notice.kind, notice.message) if notice else None


def crossed(before: float, after: float, place: int = 0) -> Any:
    return wallet_events(wallet_record(before, after), lambda _: LINES)[place]


def paid(state: str, kind: str = "top_up") -> Any:
    return payment_events(payment_record("created", state, kind=kind))[0]


def suspended(reason: str) -> Any:
    return auto_pay_events(record(auto_pay(), auto_pay(reason, 3)))[0]


LOW, USED_UP = crossed(12, 5), crossed(12, -1, 1)


@pytest.mark.parametrize(
    ("event", "how_it_is", "expected"),
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
        (paid("failed", "auto_pay"), now(5, "failed", {}), ("auto_pay_failed", "auto_pay_failed")),
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
    ],
)
def test_a_mail_goes_out_for_what_is_still_so(event: Any, how_it_is: Now, expected: tuple[str, str] | None) -> None:
    assert told(event, how_it_is) == expected


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
