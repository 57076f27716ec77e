"""What the first page tells of a subscription: overdue, without a card, or about to change."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.catalog.catalog import catalog
from chalicelib.payments.payment import Failure
from chalicelib.portal.banners.banner import Banner, Unresolved
from chalicelib.portal.banners.find import find_banners
from chalicelib.portal.banners.snapshot import Snapshot
from chalicelib.subscriptions.dunning import CARD_DISPUTED, CARD_MISSING, access_end_ms
from chalicelib.subscriptions.subscription import Contents, Hold, Pause
from tests.auto_pay.build import CARD, UNIT
from tests.portal.seen import ENGLISH, payer, payment, snapshot
from tests.subscriptions.build import DAY_MS, END_MS, pending, subscription

DECLINED = Failure("card_declined", "insufficient_funds", "No.")


def seen(status: str = "active", *, card: bool = True, **changes: Any) -> Snapshot:
    found = subscription(status=status, **{"charged_card": "pm_1", **changes})
    at_ms = END_MS if status in {"past_due", "unpaid"} else END_MS - 10 * DAY_MS
    failed = payment("failed", kind="subscription", failure=DECLINED, card_last_four="0341")
    return snapshot(
        now_ms=at_ms,
        subscription=found,
        renewal_micros=97 * UNIT,
        scheduled_plan="Starter",
        payer=payer() if card else payer(card=None),
        payments=[replace(failed, state_at_ms=at_ms)] if at_ms == END_MS else [],
        access_end_ms=access_end_ms(found, catalog().dunning, at_ms),
    )


def only(found: Snapshot) -> Banner:
    (banner,) = find_banners(found, ENGLISH)
    return banner


def past_due(**changes: Any) -> Snapshot:
    fields = {"failure": DECLINED, "past_due_since_ms": END_MS, "due_at_ms": END_MS + 3 * DAY_MS}
    return seen("past_due", **{**fields, **changes})


def test_a_subscription_that_runs_is_told_nothing_of() -> None:
    assert find_banners(seen(), ENGLISH) == []


def test_a_renewal_that_was_not_paid_tells_the_card_the_reason_and_until_when_access_lasts() -> None:
    banner = only(past_due())
    assert banner.title == "Your subscription is overdue"
    assert banner.text == (
        "We couldn't charge $97.00 to Visa ending in 0341. The card has insufficient funds. Use another card. "
        "Pay before Mar 10, 2027 to keep your access. We'll try your card again on Mar 3, 2027."
    )
    assert [each.page for each in banner.actions] == [("plan",), ("card",)]


def test_of_two_cards_that_were_declined_the_default_is_named_with_its_reason() -> None:
    found = past_due()
    backup = replace(found.payments[0], payment_method_id="pm_2", card_last_four="4444")
    assert (
        "to Visa ending in 0341. The card has insufficient funds."
        in only(replace(found, payments=[backup, *found.payments])).text
    )


@pytest.mark.parametrize(
    ("changes", "said", "not_said"),
    [
        ({"failure": CARD_MISSING}, "The last renewal of $97.00 wasn't paid. There's no card on file.", "Visa"),
        ({"failure": CARD_DISPUTED}, "so we don't charge it automatically.", "We'll try your card again"),
        ({"access_until_ms": END_MS - DAY_MS}, "Access is off until it's paid.", "to keep your access"),
        ({"failure": Failure("authentication_required")}, "We won't try this card again automatically.", "We'll try"),
        ({"due_at_ms": None}, "to keep your access", "We'll try"),
    ],
)
def test_what_does_not_apply_is_not_said(changes: dict[str, Any], said: str, not_said: str) -> None:
    text = only(past_due(**changes)).text
    assert said in text
    assert not_said not in text


def test_a_card_that_is_gone_is_not_said_to_be_tried_again() -> None:
    banner = only(replace(past_due(), payer=payer(card=None)))
    assert "We'll try your card again" not in banner.text


def test_a_card_that_was_saved_since_is_said_to_be_charged_now_and_nobody_is_asked_to_pay() -> None:
    found = replace(past_due(), payer=payer(card=replace(CARD, payment_method_id="pm_2", last_four="4444")))
    banner = only(found)
    assert (banner.tone, banner.title) == ("warn", "We're charging your card")
    assert banner.text == "We're charging $97.00 to Visa ending in 4444 now to renew your subscription."
    assert [(each.label, each.page) for each in banner.actions] == [("Check again", ())]


@pytest.mark.parametrize(
    "changes",
    [{"failure": CARD_DISPUTED}, {"held": Hold("not_connected", "", END_MS)}, {"declined_default": DECLINED}],
)
def test_a_card_that_was_saved_since_is_promised_nothing_if_something_may_keep_it_from_being_charged(
    changes: dict[str, Any],
) -> None:
    found = replace(past_due(**changes), payer=payer(card=replace(CARD, payment_method_id="pm_2")))
    assert only(found).title == "Your subscription is overdue"


def in_progress(minutes_ago: int = 1, *, automatic: bool = True, state: str = "created") -> Snapshot:
    at_ms = END_MS - minutes_ago * 60_000
    paying = payment(state, kind="subscription", created_at_ms=at_ms, card_last_four="4444")
    awaited = pending(subscription(), purpose="renewal", automatic=automatic)
    found = past_due(pending=awaited)
    return replace(found, payments=[replace(paying, payment_id="pay_1", amount_micros=97 * UNIT), *found.payments])


def test_the_payment_of_a_new_card_is_told_once_while_it_is_in_progress() -> None:
    banner = only(in_progress())
    assert banner.text == "We're charging $97.00 to Visa ending in 4444 now to renew your subscription."
    assert banner.unresolved == Unresolved("pay_1", "created")
    assert banner.actions == ()


@pytest.mark.parametrize(
    "found", [in_progress(minutes_ago=11), in_progress(automatic=False), in_progress(state="requires_action")]
)
def test_a_payment_that_takes_longer_or_was_made_by_hand_asks_for_no_second_one(found: Snapshot) -> None:
    overdue, payment_banner = sorted(find_banners(found, ENGLISH), key=lambda each: each.unresolved is not None)
    assert (overdue.title, overdue.actions) == ("Your subscription is overdue", ())
    assert "try" not in overdue.text
    assert payment_banner.unresolved is not None


def test_an_unpaid_subscription_promises_no_further_attempt() -> None:
    text = only(seen("unpaid", failure=DECLINED, access_until_ms=END_MS - 1, due_at_ms=END_MS + DAY_MS)).text
    assert text.endswith("Access is off until it's paid.")


def test_a_renewal_that_waits_for_the_provider_asks_for_no_payment() -> None:
    banner = only(past_due(held=Hold("not_connected", "", END_MS)))
    assert "waits for your provider" in banner.text
    assert banner.actions == ()


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({"card": False}, True),
        ({"card": False, "status": "trialing"}, True),
        ({"card": False, "status": "paused"}, True),
        ({"card": False, "cancel_at_period_end": True}, False),
        ({"card": False, "status": "canceled"}, False),
        ({}, False),
    ],
)
def test_a_subscription_that_renews_without_a_card_is_told_of(changes: dict[str, Any], is_told: bool) -> None:
    found = find_banners(seen(**changes), ENGLISH)
    assert [each.title for each in found] == ["Your subscription has no card"] * is_told
    assert [each.text for each in found] == [
        "It renews on Feb 28, 2027 for $97.00. Save a card before then to keep it."
    ] * is_told


def test_a_change_that_comes_later_is_told_with_its_day_and_where_to_undo_it() -> None:
    banner = only(seen(scheduled=Contents("starter")))
    assert banner.title == "Your plan will change on Feb 28, 2027"
    assert banner.text == "From then on you're on Starter. You can still undo the change."
    assert [(each.page, each.right) for each in banner.actions] == [(("plan",), "act")]


def test_fewer_add_ons_are_no_other_plan() -> None:
    banner = only(seen(add_ons={"phone_number": 2}, scheduled=Contents("agency", {"phone_number": 1})))
    assert banner.title == "Your add-ons will change on Feb 28, 2027"


def test_a_pause_is_told_with_its_days_and_what_is_charged_after_it() -> None:
    pause = Pause(END_MS + 10 * DAY_MS, None, "tester", END_MS)
    for status, title in (
        ("active", "Your subscription pauses on Feb 28, 2027"),
        ("paused", "Your subscription is paused"),
    ):
        banner = only(seen(status, pause=pause))
        assert (banner.tone, banner.title) == ("quiet", title)
        assert banner.text == "It continues on Mar 10, 2027, when we charge $97.00."
    changing = find_banners(seen("paused", pause=pause, scheduled=Contents("starter")), ENGLISH)
    assert [each.title for each in changing][1:] == ["Your plan will change on Mar 10, 2027"]
    without_card = find_banners(seen("paused", pause=pause, card=False), ENGLISH)[0]
    assert without_card.text.startswith("It renews on Mar 10, 2027 for $97.00.")


def test_a_canceled_subscription_tells_of_no_change() -> None:
    assert find_banners(seen(scheduled=Contents("starter"), cancel_at_period_end=True), ENGLISH) == []


def test_a_subscription_whose_cards_have_no_default_asks_to_choose_one() -> None:
    found = replace(seen(card=False), payer=payer(card=None, others=(CARD,)))
    assert [each.title for each in find_banners(found, ENGLISH)] == ["Your subscription has no default card"]
