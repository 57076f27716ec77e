"""Whatever else is lost, each account is looked at once a day."""

from datetime import UTC, datetime, timedelta

from click.testing import CliRunner

from chalicelib import clock
from chalicelib.auto_pay import table as auto_pay
from chalicelib.cards.table import CardRow
from chalicelib.stripe_api.stripe_account import PLATFORM
from chalicelib.subscriptions import table as subscriptions
from ops.daily_looks import give_daily_looks
from tests.auto_pay.world import Saver
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.losses import DAY, DECLINES, lose, unpaid
from tests.subscriptions.world import RenewalWorld, moment


def test_a_wallet_whose_record_was_lost_is_refilled_within_a_day(saver: Saver, world: RenewalWorld) -> None:
    saver.spend_down_to(-10)
    lose(world)
    with world.at(clock.now() + DAY):
        world.minute()
    assert (saver.balance, len(saver.charges)) == (40, 2)


def test_an_account_is_looked_at_once_a_day_and_no_more(saver: Saver, world: RenewalWorld) -> None:
    start, looked_at = clock.now(), 0
    for hour in range(0, 24 * 7, 2):
        with world.at(start + timedelta(hours=hour)):
            looked_at += world.fire("retry_refills")["evaluated"]
    assert looked_at in {6, 7}
    assert saver.auto_pay.due_at_ms is None
    assert len(saver.charges) == 1


def test_one_that_waits_for_the_turn_of_the_month_is_looked_at_every_day(saver: Saver, world: RenewalWorld) -> None:
    with world.at(moment("2027-03-02")):
        saver.switch_on(monthly_limit="50")
        for _ in range(2):
            saver.spend_down_to(1)
            world.settle()
        assert saver.view.reason == "monthly_limit_reached"
    with world.at(moment("2027-03-03")):
        assert world.fire("retry_refills")["evaluated"] == 1
        assert saver.auto_pay.due_at_ms == clock.parse_iso("2027-04-01T00:00:00+00:00")
    with world.at(moment("2027-04-01")):
        world.minute()
    assert saver.balance == 51


def test_one_that_is_off_is_not_looked_at(saver: Saver, world: RenewalWorld) -> None:
    saver.switch_off()
    with world.at(clock.now() + DAY):
        assert world.fire("retry_refills")["evaluated"] == 0


def test_the_row_of_before_there_was_a_daily_look_gets_one_with_its_next_change(
    saver: Saver, world: RenewalWorld
) -> None:
    forget_the_daily_look(saver)
    saver.evaluate()
    with world.at(clock.now() + DAY):
        assert world.fire("retry_refills")["evaluated"] == 0
    saver.spend_down_to(1)
    world.settle()
    saver.spend_down_to(1)
    lose(world)
    with world.at(clock.now() + DAY):
        world.minute()
    assert saver.balance == 51


def test_the_operator_gives_rows_of_before_a_daily_look(saver: Saver, world: RenewalWorld) -> None:
    saver.spend_down_to(-10)
    lose(world)
    forget_the_daily_look(saver)
    assert list(auto_pay.without_due()) == [saver.account_id]
    done = CliRunner().invoke(give_daily_looks)
    assert done.exit_code == 0
    assert "auto-pays: 1 given a look, 0 failed" in done.output
    world.minute()
    assert (saver.balance, list(auto_pay.without_due())) == (40, [])


def test_the_operator_gives_unpaid_subscriptions_of_before_a_daily_look(
    new_subscriber: NewSubscriber, world: RenewalWorld
) -> None:
    subscriber = unpaid(new_subscriber, world)
    row, columns = subscriptions.SubscriptionRow(subscriber.account_id), subscriptions.SubscriptionRow
    row.update([columns.due_at_ms.remove(), columns.due_shard.remove(), columns.is_daily.remove()])
    with world.at(moment("2027-03-10")):
        subscriber.save_card("pm_card_visa")
        lose(world)
        for _ in range(2):
            assert CliRunner().invoke(give_daily_looks).exit_code == 0
        assert list(subscriptions.without_due()) == []
    with world.at(moment("2027-03-11")):
        world.run()
    assert (subscriber.status(), subscriber.amounts) == ("active", [97, 97])


def forget_the_daily_look(saver: Saver) -> None:
    row, columns = auto_pay.AutoPayRow(saver.account_id), auto_pay.AutoPayRow
    row.update([columns.due_at_ms.remove(), columns.due_shard.remove(), columns.is_daily.remove()])


def test_a_card_that_was_renewed_while_the_webhook_was_lost_is_charged_within_a_day(
    saver: Saver, world: RenewalWorld
) -> None:
    card = saver.card()
    with world.at(datetime(card.expiry_year, card.expiry_month, 28, tzinfo=UTC) + timedelta(days=4)):
        saver.spend_down_to(1)
        world.settle()
        saver.emulator.control("POST", f"payment_methods/{card.payment_method_id}/renew", {"exp_year": 2060})
        world.minute()
        assert saver.view.reason == "card_expired"
    with world.at(datetime(card.expiry_year, card.expiry_month, 28, tzinfo=UTC) + timedelta(days=5)):
        world.minute()
        assert saver.balance == 51


def test_a_card_that_expires_is_told_of_once_and_not_if_its_bank_has_renewed_it(
    saver: Saver, world: RenewalWorld
) -> None:
    card, told = saver.card(), {"published": 1, "failed": 0}
    expires = clock.from_ms(clock.end_of_month_ms(f"{card.expiry_year}-{card.expiry_month:02d}"))
    for days, expected in ((31, {**told, "published": 0}), (25, told), (24, {**told, "published": 0}), (6, told)):
        with world.at(expires - timedelta(days=days)):
            assert world.fire("warn_of_expiring_cards") == expected
    row = CardRow(saver.account_id, PLATFORM.key)
    row.update([CardRow.due_at_ms.set(clock.now_ms()), CardRow.due_shard.set("0")])
    saver.emulator.control("POST", f"payment_methods/{card.payment_method_id}/renew", {"exp_year": 2060})
    with world.at(expires - timedelta(days=5)):
        assert world.fire("warn_of_expiring_cards") == {**told, "published": 0}
    assert saver.card().expiry_year == 2060


def test_another_card_whose_record_was_lost_is_tried_within_a_day(
    new_subscriber: NewSubscriber, world: RenewalWorld
) -> None:
    subscriber = unpaid(new_subscriber, world)
    with world.at(moment("2027-03-10")):
        before = len(subscriber.payments)
        world.run()
        world.run()
        assert len(subscriber.payments) == before
        subscriber.save_card("pm_card_visa")
        lose(world)
        assert world.fire("find_renewals") == {"found": 0}
    with world.at(moment("2027-03-11")):
        world.run()
    assert (subscriber.status(), subscriber.amounts) == ("active", [97, 97])


def test_looking_every_day_makes_no_attempt_earlier_or_later(
    new_subscriber: NewSubscriber, world: RenewalWorld
) -> None:
    subscriber = new_subscriber()
    with world.at(moment("2027-01-31")):
        subscriber.put("agency")
    with world.at(moment("2027-02-10")):
        subscriber.save_card(DECLINES)
        world.settle()
    tried: list[int] = []
    for hours in range(0, 9 * 24, 4):
        with world.at(moment("2027-02-28") + timedelta(hours=hours, minutes=5 + hours // 4)):
            before = len(subscriber.payments)
            world.run()
            tried += [hours] * (len(subscriber.payments) - before)
            assert world.fire("find_renewals") == {"found": 0}
    assert [hours // 24 for hours in tried] == [0, 3, 5, 7]
    assert all(hours % 24 <= 4 for hours in tried)
    assert subscriber.status() == "unpaid"
