"""When the expiry of cards is told: 30 and 7 days ahead, of the default and the backup alone."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.cards.card import Card, CardsOnFile
from chalicelib.cards.expiry import due_at_ms, expires_at_ms, expiring, next_notice_ms, notice_of
from chalicelib.clock import parse_iso

DAY_MS = 24 * 3_600_000
EXPIRES_MS = parse_iso("2027-01-01T00:00:00.000Z")
THIRTY_MS, SEVEN_MS = EXPIRES_MS - 30 * DAY_MS, EXPIRES_MS - 7 * DAY_MS


def card(method: str = "pm_1", month: int = 12, year: int = 2026) -> Card:
    return Card(method, "visa", "4242", month, year, f"print of {method}", 0)


def on_file(default: Card | None = None, *others: Card, backup: str | None = None) -> CardsOnFile:
    return CardsOnFile("cus_1", default, others, backup)


@pytest.mark.parametrize(
    ("now_ms", "days"),
    [
        (THIRTY_MS - 1, None),
        (THIRTY_MS, 30),
        (SEVEN_MS - 1, 30),
        (SEVEN_MS, 7),
        (EXPIRES_MS - 1, 7),
        (EXPIRES_MS, None),
    ],
)
def test_a_card_is_valid_to_the_end_of_its_month_and_told_of_30_and_7_days_before(now_ms: int, days: Any) -> None:
    assert expires_at_ms(card()) == EXPIRES_MS
    assert notice_of(card(), now_ms) == days


def test_cards_are_due_for_the_notice_that_has_begun_and_then_for_the_next() -> None:
    cards = on_file(card())
    assert due_at_ms(cards, THIRTY_MS - DAY_MS) == due_at_ms(cards, SEVEN_MS - 1) == THIRTY_MS
    assert due_at_ms(cards, EXPIRES_MS - 1) == SEVEN_MS
    assert due_at_ms(cards, EXPIRES_MS) is None
    assert next_notice_ms(cards, THIRTY_MS) == SEVEN_MS
    assert next_notice_ms(cards, SEVEN_MS) is None


def test_only_the_default_and_the_backup_matter_each_by_its_own_date() -> None:
    backup, other = card("pm_2", month=11), card("pm_3", month=10)
    cards = on_file(card(), backup, other, backup="pm_2")
    first_ms = parse_iso("2026-11-01T00:00:00.000Z")
    assert due_at_ms(cards, first_ms) == first_ms
    assert expiring(cards.all, first_ms) == [(backup, 30)]
    assert due_at_ms(on_file(card(), other), first_ms) == THIRTY_MS
    assert due_at_ms(on_file(), first_ms) is None


def test_a_card_that_its_bank_has_renewed_is_due_before_its_new_date() -> None:
    known = card()
    renewed = on_file(known).refreshed(known, replace(known, expiry_year=2030))
    assert due_at_ms(renewed, SEVEN_MS) == parse_iso("2031-01-01T00:00:00.000Z") - 30 * DAY_MS


@pytest.mark.parametrize(("month", "year"), [(0, 2026), (13, 2026), (12, 0), (12, 9999)])
def test_a_card_without_a_date_is_never_told_of(month: int, year: int) -> None:
    assert due_at_ms(on_file(card(month=month, year=year)), 0) is None
