from typing import Any

import pytest

from chalicelib.payments.intent import parse_intent
from chalicelib.payments.lifecycle import PaymentMismatch, check_matches, is_abandoned, outcome_of
from chalicelib.payments.payment import Failure, State
from tests.payments.build import intent, payment


@pytest.mark.parametrize(
    ("status", "failure", "state"),
    [
        ("succeeded", None, "succeeded"),
        ("processing", None, "processing"),
        ("requires_action", None, "requires_action"),
        ("canceled", None, "canceled"),
        ("requires_payment_method", Failure("card_declined"), "failed"),
        ("requires_payment_method", None, "created"),
        ("requires_confirmation", None, "created"),
        ("requires_capture", None, "created"),
        ("a_status_of_the_future", None, "created"),
    ],
)
def test_a_status_means_one_state(status: str, failure: Failure | None, state: State) -> None:
    assert outcome_of(intent(status=status, failure=failure)).state == state


def test_an_intent_is_read_from_stripes_json_with_ids_or_whole_objects() -> None:
    found = {
        "id": "pi_1",
        "status": "requires_payment_method",
        "amount": 2500,
        "amount_received": 0,
        "currency": "usd",
        "customer": {"id": "cus_1"},
        "metadata": {},
        "latest_charge": {"id": "ch_1"},
        "last_payment_error": {
            "type": "card_error",
            "code": "card_declined",
            "decline_code": "lost_card",
            "message": "No",
        },
    }
    read = parse_intent(found, None)
    assert (read.customer_id, read.charge_id) == ("cus_1", "ch_1")
    assert read.failure == Failure("card_declined", "lost_card", "No")
    assert parse_intent({**found, "customer": "cus_2", "latest_charge": None}, None).customer_id == "cus_2"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_minor": 2400, "amount_received_minor": 2400},
        {"amount_received_minor": 2499},
        {"currency": "eur"},
        {"customer_id": "cus_other"},
        {"customer_id": None},
        {"metadata": {"account_id": "other", "payment_id": "pay_1"}},
        {"metadata": {"account_id": "acme", "payment_id": "pay_2"}},
        {"metadata": {}},
        {"stripe_account": "acct_other"},
    ],
)
def test_an_intent_that_differs_in_anything_is_a_mismatch(changes: dict[str, Any]) -> None:
    check_matches(payment(), intent())
    with pytest.raises(PaymentMismatch):
        check_matches(payment(), intent(**changes))


@pytest.mark.parametrize(
    ("status", "abandoned"), [("requires_action", True), ("processing", False), ("succeeded", False)]
)
def test_only_what_waits_for_the_customer_is_abandoned_after_a_day(status: str, *, abandoned: bool) -> None:
    a_day_later = payment().created_at_ms + 24 * 3600 * 1000
    assert is_abandoned(payment(), intent(status=status), a_day_later) is abandoned
    assert not is_abandoned(payment(), intent(status=status), a_day_later - 1)
