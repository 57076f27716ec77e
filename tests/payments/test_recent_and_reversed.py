"""Recent and reversed payments come from one read as they come from two."""

from typing import Any

from chalicelib.payments import table
from chalicelib.payments.payment import DAY_MS, PREFIX
from local.resources import Deployment
from tests.payments.build import payment
from tests.wire import calls_of

NOW_MS = 400 * DAY_MS
REVERSALS: tuple[dict[str, Any], ...] = (
    {},
    {"refunded_micros": 1},
    {"dispute_status": "lost"},
    {"fraud_warning": "made_with_stolen_card"},
)


def test_one_read_returns_what_two_do_in_the_same_order(stack: Deployment) -> None:
    # Older ids than their payments are those of requests that were repeated much later.
    for days_ago, id_days_ago in ((0, 0), (34, 34), (20, 50), (36, 36), (179, 179), (30, 181), (181, 181)):
        for number, changes in enumerate(REVERSALS):
            payment_id = f"{PREFIX}{NOW_MS - id_days_ago * DAY_MS + 1:012x}{number}"
            made = {"account_id": "one", "payment_id": payment_id, "created_at_ms": NOW_MS - days_ago * DAY_MS + 1}
            table.put_new(payment(**made, **changes))
    recent, reversed_ = table.recent_and_reversed("one", NOW_MS)
    assert recent == table.recent("one", NOW_MS)
    assert reversed_ == table.reversed_since("one", NOW_MS)
    assert (len(recent), len(reversed_)) == (8, 15)
    assert calls_of(lambda: table.recent_and_reversed("one", NOW_MS)) == 1
