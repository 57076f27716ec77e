"""What the pages say of a renewal that is owed: what follows, until when access lasts, and what a card is charged."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.auto_pay import table as auto_pay
from chalicelib.ledger.table import read_wallet
from chalicelib.payments.payment import DAY_MS, Failure
from chalicelib.portal.words import Words
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.dunning import CARD_DISPUTED
from tests.auto_pay.build import CARD
from tests.portal.customer import ask, open_customer
from tests.subscriptions.build import pending

OWNER, REFILLED = "owing", "refilled"
DECLINED = Failure("card_declined", "generic_decline")
AUTHENTICATE = Failure("card_declined", "authentication_required")
AGAIN, NEVER_AGAIN = "We'll try your card again on", "We won't try this card again automatically."
CHARGING = re.compile(r"We're charging \$[\d.]+ to Visa ending in 4242 now to renew your subscription\.")
TO_PAY = re.compile(r"Pay now|Pay \$[\d.]+ now")
NOT_CHARGED = "Saving a card doesn't charge it."
FOR_RENEWAL = re.compile(
    r"When you save the card, we'll charge \$[\d.]+ to it right away for your overdue subscription"
)


@pytest.fixture(scope="module", autouse=True)
def customer(memory: Mapping[str, str]) -> None:
    for account_id in (OWNER, REFILLED):
        open_customer(account_id, with_month=False)


def owe(**changes: Any) -> None:
    found, now_ms = subscriptions.get(OWNER), clock.now_ms()
    owed: dict[str, Any] = {
        "status": "past_due",
        "failure": DECLINED,
        "charged_card": CARD.payment_method_id,
        "past_due_since_ms": now_ms,
        "due_at_ms": now_ms + 3 * DAY_MS,
        "pending": None,
    }
    assert subscriptions.write(replace(found, **{**owed, **changes}, version=found.version + 1), over=found)


def text(path: str = "", account_id: str = OWNER, **query: str) -> str:
    found = ask(account_id, path, **query)
    assert found.status == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", unescape(found.text)))


def day(days: int) -> str:
    return Words("en-US").day(clock.iso(clock.now_ms() + days * DAY_MS))


@pytest.mark.parametrize("path", ["", "/plan"])
def test_until_when_access_lasts_is_said_during_the_retries(path: str) -> None:
    owe()
    said = text(path)
    assert f"Pay before {day(10)} to keep your access. {AGAIN} {day(3)}." in said
    assert TO_PAY.search(said)


@pytest.mark.parametrize("path", ["", "/plan"])
def test_a_card_whose_bank_wants_the_customer_is_not_said_to_be_tried_again(path: str) -> None:
    owe(failure=AUTHENTICATE, due_at_ms=clock.now_ms() + 7 * DAY_MS)
    said = text(path)
    assert f"Pay before {day(10)} to keep your access. {NEVER_AGAIN}" in said
    assert AGAIN not in said


def test_what_recurs_does_not_promise_to_charge_that_card_again_either() -> None:
    owe()
    assert f"We'll charge it again on {day(3)}." in text("/recurring")
    owe(failure=AUTHENTICATE)
    assert "We'll charge it once another card is added." in text("/recurring")
    owe(pending=pending(subscriptions.get(OWNER), purpose="renewal"))
    assert "A payment for it isn't finished yet." in text("/recurring")


@pytest.mark.parametrize("path", ["", "/plan"])
def test_while_a_card_is_being_charged_nobody_is_asked_to_pay(path: str) -> None:
    owe(charged_card="pm_before")
    said = text(path)
    assert CHARGING.search(said)
    assert "Check again" in said
    assert not TO_PAY.search(said)
    assert AGAIN not in said


def test_the_card_page_says_what_the_card_is_charged_only_if_it_is() -> None:
    owe()
    said = text("/card")
    assert FOR_RENEWAL.search(said)
    assert NOT_CHARGED not in said
    said = text("/card", adds="yes")
    assert NOT_CHARGED in said
    assert "right away" not in said
    owe(status="active", failure=None, past_due_since_ms=None)
    assert NOT_CHARGED in text("/card")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"failure": CARD_DISPUTED}, "If it's not the same card as before, we'll charge $"),
        ({"declined_default": DECLINED}, "When you save the card, we may charge $"),
    ],
)
def test_a_charge_that_depends_on_something_is_not_promised(changes: dict[str, Any], said: str) -> None:
    owe(**changes)
    assert said in text("/card")
    owe(declined_default=None)


def test_a_card_that_auto_pay_is_about_to_charge_is_said_to_be_charged_as_soon_as_it_is_saved() -> None:
    assert "Your card is saved." in text("", REFILLED, done="card")
    assert "to refill your balance" not in text("", REFILLED, done="card")
    found = auto_pay.find(REFILLED)
    assert found is not None
    above = replace(found, threshold_micros=read_wallet(REFILLED).balance_micros + 1, version=found.version + 1)
    assert auto_pay.write(above, over=found.version)
    said = text("", REFILLED, done="card")
    assert "Your card is saved. We're charging $50.00 to Visa ending in 4242 now to refill your balance." in said
    assert "to refill your balance" not in text("", REFILLED)
