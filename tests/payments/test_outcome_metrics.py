"""The end of a payment is counted once, whoever settles it."""

from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.clock import now_ms
from chalicelib.idempotency import new_id
from chalicelib.payments import table
from chalicelib.payments.lifecycle import Outcome
from chalicelib.payments.payment import PREFIX, Failure, Payment
from chalicelib.payments.settle import record
from tests.build import unique
from tests.metric_lines import counted
from tests.payments.build import payment


def stored(**changes: Any) -> Payment:
    at_ms = now_ms()
    made = payment(account_id=unique("account"), payment_id=new_id(PREFIX, at_ms), created_at_ms=at_ms, **changes)
    return table.put_new(made)[0]


def test_two_who_settle_the_same_success_count_it_once(
    memory: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    made = stored()
    for _ in range(2):  # the second has read the payment before the first wrote it
        assert record(made, Outcome("succeeded", "pi_1")).state == "succeeded"
    assert counted(capsys.readouterr().out, "payments") == [("payments_succeeded", 1), ("payments_failed", 0)]


@pytest.mark.parametrize(
    ("failure", "intent", "reason"),
    [
        (Failure("card_declined", "insufficient_funds"), "pi_1", "declined"),
        (Failure("card_declined", "authentication_required"), "pi_1", "authentication"),
        (Failure("amount_too_large"), None, "refused"),
    ],
)
def test_a_failure_is_counted_by_its_reason(
    memory: Mapping[str, str],
    capsys: pytest.CaptureFixture[str],
    failure: Failure,
    intent: str | None,
    reason: str,
) -> None:
    record(stored(), Outcome("failed", intent, failure=failure))
    assert counted(capsys.readouterr().out, "payments") == [(f"payments_failed {reason}", 1)]
