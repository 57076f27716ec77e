"""A renewal that cannot be charged by no fault of its customer's is held: loudly, and until the catalog is mended."""

import json
from datetime import timedelta

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.catalog.catalog import Catalog, Product, catalog
from chalicelib.idempotency import Key
from chalicelib.subscriptions.advance import advance_subscription
from chalicelib.subscriptions.change import change, preview
from chalicelib.subscriptions.check_change import check_change
from chalicelib.subscriptions.pay_past_due import pay_past_due
from chalicelib.subscriptions.renewal import Means, Renewal, next_step
from chalicelib.subscriptions.renewal_hold import HOLD_RETRY_MS, RenewalHeld
from chalicelib.subscriptions.request import SubscriptionRequest
from chalicelib.subscriptions.subscription import Contents, Subscription
from chalicelib.subscriptions.view import view_subscription
from tests.subscriptions.build import DAY_MS, END_MS, START_MS, account, subscription
from tests.subscriptions.conftest import NewSubscriber
from tests.subscriptions.world import RenewalWorld, Subscriber, moment

PLANS, ADD_ONS = catalog().plans, catalog().add_ons


def without(*names: str) -> Catalog:
    """Return the catalog without some plans and add-ons, as a deployment may bring it."""
    kept = {name: plan for name, plan in PLANS.items() if name not in names}
    return replace(catalog(), plans=kept, add_ons={name: each for name, each in ADD_ONS.items() if name not in names})


DEAR = replace(catalog(), plans={**PLANS, "agency": Product("Agency", "", {"usd": 10**12})})
FOREIGN = replace(catalog(), plans={**PLANS, "agency": Product("Agency", "", {"eur": 10**8})})
NO_DOLLARS = replace(catalog(), currencies={"eur": catalog().limits("eur")})
BROKEN = {"plan": without("agency"), "add-on": without("phone_number"), "price": DEAR, "currency": FOREIGN}
HELD = {"phone_number": 2}


def held(within: Catalog, now_ms: int = END_MS, **state: object) -> Subscription:
    step = next_step(subscription("agency", HELD, **state), Means("pm_1"), within, now_ms)
    assert isinstance(step, Subscription)
    return step


@pytest.mark.parametrize("within", [*BROKEN.values(), NO_DOLLARS], ids=[*BROKEN, "all currencies"])
def test_it_is_neither_charged_nor_owed_and_tried_again(within: Catalog) -> None:
    found = held(within)
    assert found.held
    assert (found.status, found.held.since_ms, found.due_at_ms) == ("active", END_MS, END_MS + HOLD_RETRY_MS)
    assert (found.attempt, found.access_until_ms, found.past_due_since_ms) == (0, None, None)
    assert next_step(found, Means("pm_1"), within, END_MS) == found
    later = next_step(found, Means(None), within, END_MS + 9 * DAY_MS)
    assert isinstance(later, Subscription)
    assert later == replace(found, due_at_ms=END_MS + 9 * DAY_MS + HOLD_RETRY_MS)


@pytest.mark.parametrize("within", BROKEN.values(), ids=BROKEN)
def test_one_that_is_owed_is_not_given_up_for_it(within: Catalog) -> None:
    owed = held(within, END_MS + 3 * DAY_MS, status="past_due", attempt=1, due_at_ms=END_MS + 3 * DAY_MS)
    assert (owed.status, owed.attempt, owed.access_until_ms) == ("past_due", 1, None)
    assert owed.held


def test_it_is_charged_when_the_catalog_is_mended() -> None:
    due = next_step(held(without("agency")), Means("pm_1"), catalog(), END_MS + HOLD_RETRY_MS)
    assert isinstance(due, Renewal)
    assert due.quote.charge_micros == 99_300_000
    without_card = next_step(held(without("agency")), Means(None), catalog(), END_MS + HOLD_RETRY_MS)
    assert isinstance(without_card, Subscription)
    assert (without_card.held, without_card.status) == (None, "past_due")


def test_who_leaves_leaves_all_the_same() -> None:
    assert held(without("agency"), cancel_at_period_end=True).status == "canceled"


@pytest.mark.parametrize("within", BROKEN.values(), ids=BROKEN)
def test_its_holder_may_choose_something_that_is_sold(
    new_subscriber: NewSubscriber, world: RenewalWorld, within: Catalog, capsys: pytest.CaptureFixture[str]
) -> None:
    me, neighbour = new_subscriber(), new_subscriber()
    with world.at(moment("2027-01-31")):
        me.put("agency", phone_number=2)
        neighbour.put("starter")
    with world.at(moment("2027-02-28") + timedelta(minutes=5)):
        neighbour.advance()
        capsys.readouterr()
        advance_subscription(me.account_id, within)
        (said,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "a renewal is held" in line]
        assert (said["level"], said["account_id"]) == ("error", me.account_id)
        shown = view_subscription(me.subscription, within, None)
        assert shown.held
        assert (shown.status, shown.next_renewal, shown.held.since[:10]) == ("active", None, "2027-02-28")
        request = SubscriptionRequest("starter", {})
        assert preview(me.account(), request, within).quote.charge_micros == 0
        change(me.load(), request, key=None, actor="tester", catalog=within)
        advance_subscription(me.account_id, within)
        world.settle()
    assert (me.status(), me.amounts, me.subscription.held) == ("active", [99.3, 49], None)
    assert clock.iso(me.subscription.terms.period_start_ms)[:10] == "2027-02-28"
    assert neighbour.amounts == [49, 49]


def test_before_its_end_a_change_of_what_the_catalog_lacks_waits_for_it(
    subscriber: Subscriber, world: RenewalWorld
) -> None:
    within = without("agency")
    with world.at(moment("2027-01-31")):
        subscriber.put("agency")
    with world.at(moment("2027-02-10")):
        request = SubscriptionRequest("starter", {"phone_number": 3})
        found = change(subscriber.load(), request, key=None, actor="tester", catalog=within)
    assert (found.quote.charge_micros, found.subscription.scheduled) == (0, request.wanted_contents())
    assert found.subscription.terms.contents.plan == "agency"


def test_what_the_catalog_lacks_may_be_left_while_it_is_in_use() -> None:
    current = subscription("agency", HELD, in_use={"phone_number": 2})
    wanted = SubscriptionRequest("agency", {})
    found = check_change(account(), current, wanted, without("phone_number"), START_MS, tax=None)
    assert found.scheduled == Contents("agency")


def test_nobody_pays_by_hand_what_is_held(subscriber: Subscriber, world: RenewalWorld) -> None:
    with world.at(moment("2027-01-31")):
        subscriber.put("agency")
    subscriber.put_test_card("pm_card_chargeCustomerFail")
    world.run_on("2027-02-28")
    subscriber.put_test_card("pm_card_visa")
    for within in BROKEN["plan"], BROKEN["price"]:
        with world.at(moment("2027-03-01")), pytest.raises(RenewalHeld):
            pay_past_due(subscriber.load(), key=Key("k", "customer"), actor="tester", catalog=within)
    assert (subscriber.status(), subscriber.amounts) == ("past_due", [97])
