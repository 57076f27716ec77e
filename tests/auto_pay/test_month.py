"""The monthly limit holds for the month in which Stripe charges the card, however late a refill is sent or arrives."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.clock import month_of, next_month_ms
from chalicelib.money import MICROS
from tests.auto_pay.build import NOW_MS
from tests.auto_pay.simulator import AutoPayMachine
from tests.depth import examples

BORDER_MS = next_month_ms(NOW_MS)
SECONDS = st.sampled_from([0, 0.001, 1, 20, 300, 3600, 12 * 3600])
"""How long one thing may come after another, the last of them a queue that stood still."""
REFILL = st.tuples(SECONDS, SECONDS, SECONDS, st.booleans(), st.sampled_from(["succeeded", "succeeded", "declined"]))


@settings(max_examples=examples(400))
@given(
    before=SECONDS, limit=st.integers(1, 3), refills=st.lists(REFILL, min_size=1, max_size=8), used=st.integers(1, 9)
)
def test_no_month_is_charged_more_than_its_limit(
    before: float, limit: int, refills: list[tuple[float, float, float, bool, str]], used: int
) -> None:
    machine = AutoPayMachine()
    it = machine.it
    it.now_ms = BORDER_MS - int(before * 1000) - 1
    machine.switch(20 * MICROS, 50 * MICROS, limit * 50 * MICROS, enabled=True)
    for decided, sent, arrived, is_lost, end in refills:
        it.now_ms += int(decided * 1000)
        it.balance_micros = -used * 50 * MICROS
        machine.evaluate_until_done()
        for payment in it.in_flight:
            if is_lost:  # the first time that it is sent it does not arrive
                machine.send(payment, arrived, arrives=False)
            it.now_ms += int(sent * 1000)
            if machine.send(it.payments[payment.payment_id], arrived):
                machine.end(it.payments[payment.payment_id], end)
    for month in (month_of(BORDER_MS - 1), month_of(BORDER_MS)):
        assert machine.charged_by_stripe(month) <= limit * 50 * MICROS
