"""What a new card is charged for a renewal that is owed, and until when access lasts without one."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.auto_pay.new_card import ANOTHER
from chalicelib.catalog.catalog import catalog
from chalicelib.catalog.tax import Tax
from chalicelib.payments.payment import Failure
from chalicelib.subscriptions.dunning import CARD_DISPUTED, CARD_MISSING, access_end_ms, charge_again_ms, retry_at_ms
from chalicelib.subscriptions.new_card import OwedCharge, charge_of_owed, is_tried_at_once
from chalicelib.subscriptions.subscription import Hold, Subscription
from tests.auto_pay.build import CARD
from tests.portal.seen import payer
from tests.subscriptions.build import DAY_MS, END_MS, pending, subscription

DECLINED = Failure("card_declined")
AUTHENTICATE = Failure("card_declined", "authentication_required")
HELD = Hold("not_connected", "", END_MS)
AWAITED = pending(subscription(), purpose="renewal")


def owing(**changes: Any) -> Subscription:
    fields = {"status": "past_due", "failure": DECLINED, "past_due_since_ms": END_MS, "due_at_ms": END_MS + 3 * DAY_MS}
    return subscription(**{**fields, **changes})


def charge(found: Subscription, card: str = ANOTHER.payment_method_id, tax: Tax | None = None) -> OwedCharge | None:
    return charge_of_owed(found, card, catalog(), END_MS + DAY_MS, tax)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, OwedCharge(97_000_000, certain=True)),
        ({"status": "unpaid", "due_at_ms": None}, OwedCharge(97_000_000, certain=True)),
        ({"failure": AUTHENTICATE}, OwedCharge(97_000_000, certain=True)),
        ({"failure": CARD_MISSING, "charged_card": None}, OwedCharge(97_000_000, certain=True)),
        ({"pending": AWAITED}, OwedCharge(97_000_000, certain=False)),
        ({"declined_default": DECLINED}, OwedCharge(97_000_000, certain=False)),
        ({"held": HELD}, OwedCharge(97_000_000, certain=False)),
        ({"carried_micros": -97_000_000}, None),
        ({"status": "active"}, None),
        ({"status": "canceled"}, None),
        ({"plan": "no longer sold"}, None),
    ],
)
def test_another_card_is_charged_what_is_owed(changes: dict[str, Any], expected: OwedCharge | None) -> None:
    plan = changes.pop("plan", None)
    found = owing(**changes)
    if plan:
        found = replace(found, terms=replace(found.terms, contents=replace(found.terms.contents, plan=plan)))
    assert charge(found) == expected


def test_the_card_that_failed_is_not_charged_again_before_its_day() -> None:
    assert charge(owing(), "pm_1") is None


@pytest.mark.parametrize(
    ("changes", "card", "expected"),
    [
        ({}, "pm_2", True),
        ({}, "pm_1", False),
        ({}, None, False),
        ({"pending": AWAITED}, "pm_2", False),
        ({"held": HELD}, "pm_2", False),
        ({"status": "active"}, "pm_2", False),
    ],
)
def test_a_card_that_was_not_tried_yet_is_about_to_be(
    changes: dict[str, Any], card: str | None, expected: bool
) -> None:
    pays = payer(card=replace(CARD, payment_method_id=card) if card else None)
    assert is_tried_at_once(owing(**changes), pays) is expected


@pytest.mark.parametrize(
    ("changes", "retried", "charged"),
    [
        ({}, True, True),
        ({"failure": CARD_DISPUTED}, True, False),
        ({"failure": CARD_MISSING}, True, False),
        ({"held": HELD}, True, False),
        ({"failure": AUTHENTICATE}, False, False),
        ({"pending": AWAITED}, False, False),
        ({"status": "unpaid"}, False, False),
    ],
)
def test_a_card_is_charged_again_only_where_that_may_help(
    changes: dict[str, Any], retried: bool, charged: bool
) -> None:
    found = owing(**changes)
    assert (retry_at_ms(found), charge_again_ms(found)) == (
        found.due_at_ms if retried else None,
        found.due_at_ms if charged else None,
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, END_MS + 10 * DAY_MS),
        ({"failure": AUTHENTICATE}, END_MS + 10 * DAY_MS),
        ({"past_due_since_ms": END_MS - 9 * DAY_MS}, END_MS + 3 * DAY_MS),
        ({"status": "unpaid", "access_until_ms": END_MS + DAY_MS}, END_MS + DAY_MS),
        ({"held": HELD}, None),
        ({"status": "active"}, None),
        ({"status": "canceled", "access_until_ms": END_MS + DAY_MS}, None),
    ],
)
def test_access_ends_with_the_grace_after_the_last_attempt(changes: dict[str, Any], expected: int | None) -> None:
    assert access_end_ms(owing(**changes), catalog().dunning, END_MS) == expected
