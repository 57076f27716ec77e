"""When the sweeper looks at a refund or a dispute again."""

import pytest
from msgspec.structs import replace

from chalicelib.payments.payment import DAY_MS
from chalicelib.reversals.dispute import StripeDispute
from chalicelib.reversals.due import check_at_ms
from chalicelib.reversals.reversal import Reversals
from tests.reversals.reversal_news import NOW_MS, disputed, paid, refunded, told, wanted


def test_an_open_refund_is_looked_at_after_minutes_and_ever_later() -> None:
    waits = [(check_at_ms(wanted(checks=checks)) or 0) - NOW_MS for checks in (0, 1, 2, 5, 50)]
    assert [wait // 60_000 for wait in waits] == [3, 6, 12, 60, 60]


def test_a_refund_that_succeeded_is_looked_at_until_it_can_no_longer_come_back() -> None:
    settled = replace(told(Reversals(paid()), refunded()).refunds[0], posted=1)
    days = []
    for _ in range(20):
        next_ms = check_at_ms(settled)
        if next_ms is None:
            break
        days.append((next_ms - settled.created_at_ms) // DAY_MS)
        settled = replace(settled, updated_at_ms=next_ms)
    assert days == [1, 2, 4, 8, 16, 32]
    came_back = told(Reversals(paid()), refunded("failed")).refunds[0]
    assert check_at_ms(came_back) is not None
    assert check_at_ms(replace(came_back, posted=2)) is None


@pytest.mark.parametrize(
    ("found", "posted", "looked_at"),
    [
        (disputed(), 0, True),
        (disputed("warning_needs_response"), 0, True),
        (disputed("warning_closed"), 0, True),
        (disputed("lost", -25), 0, True),
        (disputed("lost", -25), 1, True),
        (disputed("won", -25, 25), 2, True),
        (disputed("won", -25), 1, True),
        (disputed("a_new_status", -25), 1, True),
    ],
)
def test_a_dispute_is_looked_at_until_it_is_decided_and_the_money_is_where_it_belongs(
    found: StripeDispute, posted: int, looked_at: bool
) -> None:
    seen = told(Reversals(paid()), found).disputes[0]
    assert (check_at_ms(replace(seen, posted=posted)) is not None) is looked_at
