"""The mails before a card expires: while it is the default or the backup, and something will be charged to it."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.cards import expiry_index
from chalicelib.cards import table as cards
from chalicelib.cards.card import Card
from chalicelib.cards.payer import Payer
from chalicelib.cards.table import CardRow
from chalicelib.clock import from_ms, parse_iso
from chalicelib.ledger.wallet import Wallet
from chalicelib.notices.event import Event, card_event
from chalicelib.notices.notice import CurrentState, Notice
from chalicelib.notices.publish_expiring import publish_expiring_cards
from chalicelib.notices.rules import RULES
from chalicelib.runs import RunIncomplete
from chalicelib.stripe_api.stripe_account import PLATFORM
from tests.auto_pay.build import auto_pay
from tests.build import unique
from tests.notices.records import TEN
from tests.subscriptions.build import account, subscription

DAY_MS = 24 * 3_600_000
EXPIRES_MS = parse_iso("2027-01-01T00:00:00.000Z")
LATE_MS, SOON_MS = EXPIRES_MS - 20 * DAY_MS, EXPIRES_MS - 2 * DAY_MS
CARD = Card("pm_1", "visa", "4242", 12, 2026, "one", 0)
BACKUP = Card("pm_2", "mastercard", "4444", 12, 2026, "two", 0)
PAYER = Payer(account(), PLATFORM, "cus_1", CARD, others=(BACKUP,), backup=BACKUP)
ON, OFF = auto_pay(), auto_pay(enabled=False)


def told(card: Card = CARD, days: Any = 30) -> Event:
    return card_event(PAYER, card, days)


def notice_of(event: Event, payer: Payer = PAYER, now_ms: int = LATE_MS, **changes: Any) -> Notice | None:
    """Return the mail, by default for an account with auto-pay on."""
    state = CurrentState(wallet=Wallet("acme", "usd", 0, 8), thresholds=TEN, now_ms=now_ms, payer=payer, auto_pay=ON)
    return RULES[event.type](event.detail, replace(state, **changes))


def test_the_event_is_the_same_whenever_it_is_published() -> None:
    event, backup = told(), told(BACKUP, 7)
    assert (event.type, event.detail.id) == ("card.expiring", "card.expiring:acme:pm_1:2026-12:30")
    assert event.detail.occurred_at == "2026-12-02T00:00:00.000Z"
    assert backup.detail.id == "card.expiring:acme:pm_2:2026-12:7"


@pytest.mark.parametrize(("days", "now_ms"), [(30, LATE_MS), (7, SOON_MS)])
def test_the_default_and_the_backup_are_told_of_with_the_last_day(days: int, now_ms: int) -> None:
    default, backup = (notice_of(told(each, days), now_ms=now_ms) for each in (CARD, BACKUP))
    assert default
    assert backup
    assert (default.kind, default.message, default.page) == ("card_expiring", "card_expiring", "card")
    assert default.mark == f"card_expiring/pm_1/2027-01-01/{days}"
    assert default.dates_ms == {"expires": EXPIRES_MS - 1}
    assert (backup.message, backup.mark) == ("backup_card_expiring", f"card_expiring/pm_2/2027-01-01/{days}")


def test_the_early_notice_is_no_mail_when_the_late_one_is_due_and_none_is_once_it_has_expired() -> None:
    assert notice_of(told(days=30), now_ms=SOON_MS) is None
    assert notice_of(told(days=7), now_ms=EXPIRES_MS) is None


@pytest.mark.parametrize(
    "payer",
    [
        replace(PAYER, card=replace(CARD, payment_method_id="pm_3")),
        replace(PAYER, card=None),
        replace(PAYER, card=replace(CARD, expiry_year=2031)),
        replace(PAYER, customer_id=None),
    ],
    ids=["replaced", "removed", "renewed", "no customer"],
)
def test_a_card_that_changed_meanwhile_is_no_mail(payer: Payer) -> None:
    assert notice_of(told(), payer) is None


@pytest.mark.parametrize(
    ("changes", "is_mailed"),
    [
        ({"auto_pay": None}, False),
        ({"auto_pay": OFF}, False),
        ({"auto_pay": None, "subscription": subscription()}, True),
        ({"auto_pay": OFF, "subscription": subscription(status="past_due")}, True),
        ({"auto_pay": None, "subscription": subscription(status="paused")}, True),
        ({"auto_pay": None, "subscription": subscription(cancel_at_period_end=True)}, False),
        ({"auto_pay": None, "subscription": subscription(status="canceled")}, False),
        ({"auto_pay": ON, "subscription": subscription(status="canceled")}, True),
    ],
)
def test_who_has_no_payment_to_come_gets_none(changes: dict[str, Any], is_mailed: bool) -> None:
    assert (notice_of(told(), **changes) is not None) == is_mailed


@pytest.mark.usefixtures("memory")
def test_cards_that_cannot_be_read_fail_alone_and_are_tried_again_later() -> None:
    bad, good = (replace(account(), account_id=unique("account")) for _ in range(2))
    with clock.moved_to(from_ms(EXPIRES_MS - 40 * DAY_MS)):
        for each in (bad, good):
            assert accounts.create(each)
            assert cards.keep_customer(each.account_id, PLATFORM, "cus_1") == "cus_1"
            assert cards.put_card(each.account_id, PLATFORM, CARD)
    row = CardRow(bad.account_id, PLATFORM.key)
    row.update([CardRow.card.set({"brand": "visa"})])
    CardRow(good.account_id, PLATFORM.key).update([CardRow.stripe_customer_id.remove()])  # so that Stripe is not asked
    with clock.moved_to(from_ms(LATE_MS)):
        with pytest.raises(RunIncomplete) as failed:
            publish_expiring_cards()
        assert failed.value.run.failed == 1
        due = {account_id: due_ms for account_id, _, due_ms in expiry_index.due(EXPIRES_MS, 100)}
    assert due[good.account_id] == EXPIRES_MS - 7 * DAY_MS
    assert LATE_MS < due[bad.account_id] < LATE_MS + 2 * 3_600_000
