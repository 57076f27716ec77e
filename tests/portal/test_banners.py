"""What needs attention on the first page: each rule by itself, without AWS."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.access.view import PAUSED
from chalicelib.connection.connection import Unconnected
from chalicelib.payments.payment import Failure
from chalicelib.portal.banners.banner import Banner
from chalicelib.portal.banners.find import find_banners
from chalicelib.portal.banners.snapshot import AutoPayStatus, Snapshot
from tests.auto_pay.build import CARD, NOW_MS, UNIT
from tests.build import account
from tests.portal.seen import ENGLISH, payer, payment, snapshot

DECLINED = Failure("card_declined", "insufficient_funds", "No.")


def titles(seen: Snapshot) -> list[str]:
    return [each.title for each in find_banners(seen, ENGLISH)]


def only(seen: Snapshot) -> Banner:
    (banner,) = find_banners(seen, ENGLISH)
    return banner


def test_an_account_that_lacks_nothing_is_told_nothing() -> None:
    assert titles(snapshot()) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"balance_micros": 0}, ["Your balance is used up"]),
        ({"balance_micros": 0, "is_new": True}, []),
        ({"balance_micros": UNIT}, ["Your balance is low"]),
        ({"balance_micros": UNIT, "auto_pay": AutoPayStatus(status="on")}, []),
        ({"balance_micros": UNIT, "auto_pay": AutoPayStatus(status="on", is_at_limit=True)}, ["Your balance is low"]),
        ({"balance_micros": 0, "payer": payer(account=replace(account("acme"), standing="archived"))}, []),
        ({"closed_by": "account_suspended"}, ["Your account is suspended"]),
        ({"closed_by": PAUSED}, ["Service is paused"]),
        ({"connection_problem": "Stripe needs more."}, ["Your clients can't pay"]),
        ({"auto_pay": AutoPayStatus(status="suspended", problem="Why.")}, ["Auto-pay is suspended"]),
        ({"auto_pay": AutoPayStatus(status="on", has_failed=True, problem="Why.")}, ["Your card was declined"]),
        ({"payer": payer(card=None)}, []),
        ({"payer": payer(card=None), "auto_pay": AutoPayStatus(status="on")}, ["Auto-pay has no card"]),
        ({"payer": payer(card=None, others=(CARD,))}, []),
        (
            {"payer": payer(card=None, others=(CARD,)), "auto_pay": AutoPayStatus(status="on")},
            ["Auto-pay has no default card"],
        ),
        ({"payer": payer(card=None, card_needed_again=True)}, ["Please save your card again"]),
        ({"payer": payer(card=None, card_needed_again=True, unconnected=Unconnected("w", "North", "Why."))}, []),
        ({"payer": payer(card=replace(CARD, expiry_year=2026, expiry_month=10))}, ["Your card has expired"]),
        ({"payer": payer(card=replace(CARD, expiry_year=2026, expiry_month=12))}, ["Your card expires soon"]),
        ({"payer": payer(card=replace(CARD, expiry_year=2027, expiry_month=1))}, []),
    ],
)
def test_what_is_wrong_is_told_once(changes: dict[str, Any], told: list[str]) -> None:
    assert titles(snapshot(**changes)) == told


def test_a_refill_that_is_on_its_way_is_said_where_the_balance_is_used_up() -> None:
    seen = snapshot(balance_micros=0, auto_pay=AutoPayStatus(status="on", is_refilling=True))
    assert "Auto-pay is adding balance" in only(seen).text


def test_what_has_stopped_comes_before_what_will_stop() -> None:
    seen = snapshot(
        balance_micros=0,
        payer=payer(card=replace(CARD, expiry_year=2026, expiry_month=12)),
        payments=[payment("processing")],
    )
    assert [each.tone for each in find_banners(seen, ENGLISH)] == ["bad", "warn", "warn"]


@pytest.mark.parametrize(
    ("state", "kind", "told"),
    [
        ("requires_action", "top_up", ["Verification needed"]),
        ("requires_action", "auto_pay", ["Verification needed"]),
        ("created", "top_up", ["A payment isn't confirmed yet"]),
        ("processing", "subscription", ["Your bank is processing a payment"]),
        ("created", "auto_pay", []),
        ("processing", "auto_pay", []),
        ("succeeded", "top_up", []),
    ],
)
def test_a_payment_that_has_not_ended_is_told_with_what_it_waits_for(state: str, kind: str, told: list[str]) -> None:
    seen = snapshot(payments=[payment(state, kind=kind)])
    assert titles(seen) == told
    assert [each.unresolved.state for each in find_banners(seen, ENGLISH) if each.unresolved] == [state] * len(told)


def failed(**changes: Any) -> Any:
    return payment("failed", failure=DECLINED, **changes)


@pytest.mark.parametrize(
    ("payments", "is_told"),
    [
        ([failed()], True),
        ([failed(hours_ago=7 * 24)], True),
        ([failed(hours_ago=7 * 24 + 1)], False),
        ([payment("succeeded"), failed(hours_ago=2)], False),
        ([failed(), payment("succeeded", hours_ago=2)], True),
        ([payment("succeeded", kind="subscription"), failed(hours_ago=2)], True),
        ([payment("canceled", failure=Failure("abandoned"))], True),
        ([payment("canceled", failure=Failure("requested_by_customer"))], False),
        ([payment("canceled", failure=Failure("outdated"), kind="auto_pay")], False),
        ([payment("canceled", failure=Failure("requested_by_customer")), failed(hours_ago=2)], True),
        ([failed(), payment("processing", hours_ago=2)], True),
        ([failed(kind="subscription")], True),
        ([], False),
    ],
)
def test_a_failed_payment_is_told_for_a_week_unless_one_for_the_same_succeeds(payments: Any, is_told: bool) -> None:
    assert ("A payment didn't go through" in titles(snapshot(payments=payments))) is is_told


@pytest.mark.parametrize(("saved_hours_ago", "is_told"), [(2, True), (0, False)])
def test_a_failed_payment_is_not_told_once_another_default_card_is_saved(saved_hours_ago: int, is_told: bool) -> None:
    card = replace(CARD, set_up_at_ms=NOW_MS - saved_hours_ago * 3_600_000)
    found = titles(snapshot(payments=[failed()], payer=payer(card=card)))
    assert ("A payment didn't go through" in found) is is_told


def test_a_payment_that_ended_later_counts_by_when_it_ended() -> None:
    begun_first = failed(hours_ago=3)
    ended_last = replace(begun_first, state_at_ms=begun_first.state_at_ms + 3 * 3_600_000)
    assert titles(snapshot(payments=[payment("succeeded"), ended_last])) == ["A payment didn't go through"]


def test_a_failed_payment_says_which_and_why() -> None:
    banner = only(snapshot(payments=[failed()]))
    assert banner.text == (
        "Your payment of $25.00 on Nov 25, 2026 failed. The card has insufficient funds. Use another card or a smaller "
        "amount."
    )
    assert banner.actions[0].page == ("payments", "pay_failed_1")


def test_a_failed_refill_is_told_by_auto_pay_while_that_is_on() -> None:
    refill = failed(kind="auto_pay")
    assert titles(snapshot(payments=[refill], auto_pay=AutoPayStatus(status="on"))) == []
    assert titles(snapshot(payments=[refill])) == ["A payment didn't go through"]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("warning_needs_response", ["Your bank is asking about a payment"]),
        ("warning_under_review", ["Your bank is asking about a payment"]),
        ("needs_response", ["A payment is disputed"]),
        ("under_review", ["A payment is disputed"]),
        *((status, []) for status in (None, "warning_closed", "won", "lost", "prevented")),
    ],
)
def test_a_dispute_is_told_while_it_is_open(status: str | None, told: list[str]) -> None:
    disputed = payment("succeeded", dispute_status=status)
    assert titles(snapshot(payments=[disputed], disputed=[disputed])) == told


def test_a_dispute_says_what_it_does_to_the_balance() -> None:
    wallet, plan = (
        payment("succeeded", dispute_status="needs_response", kind=kind) for kind in ("top_up", "subscription")
    )
    assert "we deduct it from your balance until it decides" in only(snapshot(disputed=[wallet])).text
    assert "Your balance is not affected." in only(snapshot(disputed=[plan])).text
