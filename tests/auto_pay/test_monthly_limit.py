"""The monthly limit: kept by everyone at once, and gone when the month turns."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from chalicelib.auto_pay.decision import Wait
from tests.auto_pay.conftest import NewSaver
from tests.auto_pay.world import BAD_CARD, World


def test_the_monthly_limit_is_kept_and_the_next_month_goes_on_by_itself(new_saver: NewSaver, world: World) -> None:
    saver = new_saver()
    with world.at(datetime(2027, 3, 29, 12, tzinfo=UTC)):
        saver.switch_on(monthly_limit="120")
        for _ in range(4):
            world.settle()
            saver.spend_down_to(1)
        world.settle()
        assert len(saver.charges) == 2
        found = saver.view
        assert (found.reason, found.charged_this_month) == ("monthly_limit_reached", "100.00")
        assert found.next_attempt_at == "2027-04-01T00:00:00.000Z"
        assert found.last_refusal
        assert found.last_refusal.reason == "monthly_limit_reached"
        use = saver.auto_pay.limit_use
        assert use
        assert (use.month, use.percent, use.charged_micros) == ("2027-03", 100, 100_000_000)
    with world.at(datetime(2027, 3, 31, 23, 59, 58, tzinfo=UTC)):
        world.minute()
        assert len(saver.charges) == 2
    with world.at(datetime(2027, 4, 1, 0, 0, 1, tzinfo=UTC)):
        world.minute()
        assert len(saver.charges) == 3
        assert saver.view.charged_this_month == "50.00"
        assert saver.view.last_refusal is None


def test_a_higher_limit_goes_on_at_once(new_saver: NewSaver, world: World) -> None:
    saver = new_saver()
    saver.use(400)
    saver.switch_on(monthly_limit="120")
    world.settle()
    assert (len(saver.charges), saver.balance) == (1, -300)
    assert saver.view.reason == "monthly_limit_reached"
    saver.switch_on(monthly_limit="1000")
    world.settle()
    assert (len(saver.charges), saver.balance) == (2, 50)


def test_a_declined_attempt_does_not_use_up_the_monthly_limit(new_saver: NewSaver, world: World) -> None:
    saver = new_saver(BAD_CARD)
    saver.switch_on(monthly_limit="50")
    world.settle()
    assert saver.view.charged_this_month == "0.00"
    saver.save_card("pm_card_visa")
    world.settle()
    assert (saver.view.charged_this_month, saver.balance) == ("50.00", 50)


def test_two_functions_at_once_keep_the_monthly_limit(new_saver: NewSaver, world: World) -> None:
    saver = new_saver()
    saver.switch_on(monthly_limit="100")
    for _ in range(4):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: saver.evaluate(), range(8)))
        world.settle()
        saver.spend_down_to(1)
    assert sum(charge["amount"] for charge in saver.charges) == 100_00
    assert saver.evaluate() == Wait("monthly_limit_reached", saver.auto_pay.due_at_ms)
