"""The rule's truth table: every reason, every size of a charge, and the order among the reasons."""

from typing import Any, get_args

import pytest
from msgspec.structs import replace

from chalicelib.accounts.account import Account
from chalicelib.auto_pay.decision import (
    AUTHENTICATING_MS,
    REASONS,
    Block,
    BlockReason,
    Charge,
    Decision,
    Reason,
    Wait,
    WaitReason,
    build_situation,
    charged_in_month_micros,
    decide,
)
from chalicelib.cards.card import is_expired
from chalicelib.cards.payer import Payer
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import iso, next_month_ms, parse_iso
from chalicelib.ledger.wallet import Wallet
from chalicelib.stripe_api.stripe_account import PLATFORM
from tests.auto_pay.build import CARD, HOUR_MS, NOW_MS, UNIT, auto_pay, declined, payment, situation

DECEMBER_MS = parse_iso("2026-12-01T00:00:00.000Z")
LIMITS = catalog().limits("usd")
ON: dict[str, Any] = {}
TABLE: list[tuple[str, dict[str, Any], dict[str, Any], Decision]] = [
    ("off", {"enabled": False}, {}, Wait("disabled")),
    ("a refill is under way", {"in_flight_payment_id": "pay_1"}, {}, Wait("in_flight")),
    ("exactly at the threshold", ON, {"balance_micros": 20 * UNIT}, Wait("above_threshold")),
    ("above the threshold", ON, {"balance_micros": 21 * UNIT}, Wait("above_threshold")),
    ("a micro below the threshold", ON, {"balance_micros": 20 * UNIT - 1}, Charge(50 * UNIT)),
    ("below the threshold", ON, {}, Charge(50 * UNIT)),
    ("threshold zero, and nothing left", {"threshold_micros": 0}, {"balance_micros": 0}, Charge(50 * UNIT)),
    ("threshold zero, and a micro left", {"threshold_micros": 0}, {"balance_micros": 1}, Wait("above_threshold")),
    (
        "an overdraft, and threshold zero",
        {"threshold_micros": 0},
        {"balance_micros": 0, "limits": replace(LIMITS, floor_micros=-UNIT)},
        Wait("above_threshold"),
    ),
    ("a pending payment covers the gap", ON, {"pending_micros": 15 * UNIT}, Wait("pending_payment_covers")),
    (
        "it counts for a time only",
        ON,
        {"pending_micros": 15 * UNIT, "pending_until_ms": NOW_MS + 5},
        Wait("pending_payment_covers", NOW_MS + 5),
    ),
    ("a pending payment is not enough", ON, {"pending_micros": 15 * UNIT - 1}, Charge(50 * UNIT)),
    (
        "a pending payment closes a part of a large gap",
        ON,
        {"balance_micros": -100 * UNIT, "pending_micros": 30 * UNIT},
        Charge(100 * UNIT),
    ),
    (
        "after a decline",
        {"failures": 1, "next_attempt_at_ms": NOW_MS + 1},
        {},
        Wait("backing_off", NOW_MS + 1),
    ),
    ("the back-off is over", {"failures": 1, "next_attempt_at_ms": NOW_MS}, {}, Charge(50 * UNIT)),
    ("three declines", {"failures": 3, "suspended_reason": "declines"}, {}, Block("suspended_declines")),
    ("3-D Secure", {"suspended_reason": "authentication"}, {}, Block("suspended_authentication")),
    ("removed at Stripe", {"suspended_reason": "card_unusable"}, {}, Block("suspended_card_unusable")),
    ("disputed", {"held_by": ("pay_1/dispute",)}, {}, Block("suspended_dispute")),
    ("low by a refund only", {"refunded_micros": 15 * UNIT}, {}, Wait("refunded")),
    ("a refund, and a micro used", {"refunded_micros": 15 * UNIT - 1}, {}, Charge(50 * UNIT)),
    ("no connection", ON, {"connected": False}, Wait("not_connected")),
    ("a card on another account", ON, {"card": None, "card_needed_again": True}, Block("card_needed_again")),
    ("no card", ON, {"card": None}, Block("card_missing")),
    (
        "an expired card",
        ON,
        {"card": replace(CARD, expiry_year=2026, expiry_month=10)},
        Block("card_expired"),
    ),
    ("a card in its last month", ON, {"card": replace(CARD, expiry_year=2026, expiry_month=11)}, Charge(50 * UNIT)),
    ("no longer sold in", ON, {"limits": None}, Block("currency_not_sold")),
    ("the minimum has risen", {"amount_micros": 9 * UNIT}, {}, Block("amount_out_of_limits")),
    ("the maximum has fallen", {"amount_micros": 5001 * UNIT}, {}, Block("amount_out_of_limits")),
    ("no whole cents", {"amount_micros": 50 * UNIT + 1}, {}, Block("amount_out_of_limits")),
    ("no limit", ON, {"charged_this_month_micros": 10**12}, Charge(50 * UNIT)),
    (
        "room for one more",
        {"monthly_limit_micros": 100 * UNIT},
        {"charged_this_month_micros": 50 * UNIT},
        Charge(50 * UNIT),
    ),
    (
        "no room",
        {"monthly_limit_micros": 100 * UNIT},
        {"charged_this_month_micros": 51 * UNIT},
        Wait("monthly_limit_reached", DECEMBER_MS),
    ),
    (
        "the limit was lowered below what was charged",
        {"monthly_limit_micros": 50 * UNIT},
        {"charged_this_month_micros": 500 * UNIT},
        Wait("monthly_limit_reached", DECEMBER_MS),
    ),
    ("a gap of 8.6 refills", ON, {"balance_micros": -410 * UNIT}, Charge(450 * UNIT)),
    ("a gap of exactly two refills", ON, {"balance_micros": -80 * UNIT}, Charge(100 * UNIT)),
    (
        "a gap beyond one charge's maximum, in whole amounts",
        {"amount_micros": 70 * UNIT},
        {"balance_micros": -9000 * UNIT},
        Charge(71 * 70 * UNIT),
    ),
    (
        "a gap beyond what the month allows, in whole amounts",
        {"monthly_limit_micros": 399 * UNIT},
        {"balance_micros": -410 * UNIT, "charged_this_month_micros": 100 * UNIT},
        Charge(250 * UNIT),
    ),
    (
        "yen",
        {"threshold_micros": 1000 * UNIT, "amount_micros": 3500 * UNIT},
        {"currency": "jpy", "limits": catalog().limits("jpy")},
        Charge(3500 * UNIT),
    ),
]


@pytest.mark.parametrize(
    ("settings", "facts", "decision"), [row[1:] for row in TABLE], ids=[row[0].replace(" ", "-") for row in TABLE]
)
def test_the_rule_decides(settings: dict[str, Any], facts: dict[str, Any], decision: Decision) -> None:
    assert decide(auto_pay(**settings), situation(**facts)) == decision


def test_the_table_has_every_reason_and_every_reason_has_a_sentence() -> None:
    known = {*get_args(WaitReason), *get_args(BlockReason)}
    assert set(REASONS) == known
    assert {decision.reason for *_, decision in TABLE if not isinstance(decision, Charge)} == known
    assert all(sentence.endswith(".") for sentence in REASONS.values())


def test_of_several_reasons_the_first_of_the_list_is_given() -> None:
    """From everything at once, what is given is mended, until the card is charged."""
    settings: dict[str, Any] = {
        "enabled": False,
        "in_flight_payment_id": "pay_1",
        "next_attempt_at_ms": NOW_MS + 1,
        "suspended_reason": "declines",
        "held_by": ("pay_1/dispute",),
        "refunded_micros": 900 * UNIT,
        "amount_micros": 5001 * UNIT,
        "monthly_limit_micros": 10 * UNIT,
    }
    facts: dict[str, Any] = {"balance_micros": 30 * UNIT, "pending_micros": 900 * UNIT, "card": None, "limits": None}
    facts |= {"connected": False, "card_needed_again": True}
    mend: dict[Reason, tuple[dict[str, Any], dict[str, Any]]] = {
        "disabled": ({"enabled": True}, {}),
        "in_flight": ({"in_flight_payment_id": None}, {}),
        "above_threshold": ({}, {"balance_micros": 1}),
        "pending_payment_covers": ({}, {"pending_micros": 0}),
        "refunded": ({"refunded_micros": 0}, {}),
        "not_connected": ({}, {"connected": True}),
        "backing_off": ({"next_attempt_at_ms": None}, {}),
        "suspended_declines": ({"suspended_reason": "authentication"}, {}),
        "suspended_authentication": ({"suspended_reason": "card_unusable"}, {}),
        "suspended_card_unusable": ({"suspended_reason": None}, {}),
        "suspended_dispute": ({"held_by": ()}, {}),
        "card_needed_again": ({}, {"card_needed_again": False}),
        "card_missing": ({}, {"card": replace(CARD, expiry_year=2020)}),
        "card_expired": ({}, {"card": CARD}),
        "currency_not_sold": ({}, {"limits": LIMITS}),
        "amount_out_of_limits": ({"amount_micros": 50 * UNIT}, {}),
        "monthly_limit_reached": ({"monthly_limit_micros": None}, {}),
    }
    for reason in REASONS:
        decision = decide(auto_pay(**settings), situation(**facts))
        assert not isinstance(decision, Charge)
        assert decision.reason == reason
        settings, facts = {**settings, **mend[reason][0]}, {**facts, **mend[reason][1]}
    assert decide(auto_pay(**settings), situation(**facts)) == Charge(50 * UNIT)


@pytest.mark.parametrize(
    ("moment", "then"),
    [
        ("2026-11-30T23:59:59.999Z", "2026-12-01T00:00:00.000Z"),
        ("2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"),
        ("2027-01-31T12:00:00.000Z", "2027-02-01T00:00:00.000Z"),
        ("2028-02-29T12:00:00.000Z", "2028-03-01T00:00:00.000Z"),
    ],
)
def test_the_month_turns_at_midnight_utc(moment: str, then: str) -> None:
    assert iso(next_month_ms(parse_iso(moment))) == then


def test_a_card_is_good_to_the_end_of_its_month() -> None:
    card = replace(CARD, expiry_year=2026, expiry_month=11)
    assert not is_expired(card, DECEMBER_MS - 1)
    assert is_expired(card, DECEMBER_MS)


def account(**changes: Any) -> Account:
    fields: dict[str, Any] = dict.fromkeys(Account.__struct_fields__)
    return Account(**{**fields, "account_id": "acme", "currency": "usd", **changes})


def situation_with(*payments: Any, now_ms: int = NOW_MS, customer_id: str | None = "cus_1", **changes: Any) -> Any:
    return build_situation(
        auto_pay(in_flight_payment_id="pay_7"),
        payer=Payer(account(**changes), PLATFORM, customer_id, CARD),
        wallet=Wallet("acme", "usd", 5 * UNIT),
        payments=payments,
        catalog=catalog(),
        now_ms=now_ms,
    )


def test_payments_that_have_not_ended_count_as_money_to_come_but_not_the_refill_itself() -> None:
    found = situation_with(
        payment(1, state="created", kind="top_up"),
        payment(2, state="processing", kind="top_up"),
        payment(3),
        declined(4),
        payment(5, state="canceled"),
        payment(6, state="created", kind="subscription"),
        payment(7, state="created"),
    )
    assert found.pending_micros == 100 * UNIT
    assert found.pending_until_ms is None


def test_a_payment_that_waits_for_the_customer_counts_for_an_hour() -> None:
    asked = payment(1, state="requires_action", kind="top_up")
    until_ms = asked.created_at_ms + AUTHENTICATING_MS
    assert situation_with(asked, now_ms=until_ms - 1).pending_micros == 50 * UNIT
    assert situation_with(asked, now_ms=until_ms - 1).pending_until_ms == until_ms
    assert situation_with(asked, now_ms=until_ms).pending_micros == 0


def test_a_card_without_its_customer_is_no_card() -> None:
    assert situation_with().card == CARD
    assert situation_with(customer_id=None).card is None


def test_what_auto_pay_charged_in_the_month_counts_and_what_it_is_about_to_charge() -> None:
    november = parse_iso("2026-11-30T23:59:59.999Z")
    charged = [
        payment(1, created_at_ms=november),
        payment(2, created_at_ms=november, state="processing"),
        payment(3, created_at_ms=november, state="created"),
        payment(4, created_at_ms=november, kind="top_up"),
        payment(5, created_at_ms=november + 1),
        declined(6, created_at_ms=november),
        payment(7, created_at_ms=november, state="canceled"),
    ]
    assert charged_in_month_micros(charged, "2026-11") == 150 * UNIT
    assert charged_in_month_micros(charged, "2026-12") == 50 * UNIT
    assert HOUR_MS == AUTHENTICATING_MS
