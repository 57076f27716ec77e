"""What is missing for a client, and what its auto-pay does, by the rules alone."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.accounts.account import Account
from chalicelib.auto_pay.auto_pay import AutoPay, LastRefusal
from chalicelib.clients.client import (
    SENTENCES,
    AutoPayHealth,
    Client,
    auto_pay_health,
    is_in_tab,
    needs_attention,
    sum_meters,
)
from chalicelib.ledger.client_usage import ClientMeter

ACCOUNT = Account("bob", "client", "acme", "Bob", "a@b.c", "usd", "en", None, None, 0)
HEALTHY = Client(
    account=ACCOUNT,
    is_rebilled=True,
    can_pay=True,
    has_card=True,
    balance_micros=1,
    auto_pay=AutoPayHealth("on"),
    used=ClientMeter(),
)
AUTO_PAY = AutoPay(
    account_id="bob",
    enabled=True,
    threshold_micros=1,
    amount_micros=2,
    monthly_limit_micros=None,
    actor="bob",
    updated_at_ms=0,
)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({}, []),
        ({"has_card": False}, ["card_missing"]),
        ({"can_pay": False, "has_card": False}, ["workspace_not_connected"]),
        ({"balance_micros": 0}, ["wallet_empty"]),
        ({"auto_pay": AutoPayHealth("suspended", "suspended_declines")}, ["auto_pay_suspended"]),
        ({"auto_pay": AutoPayHealth("off")}, []),
        ({"has_card": False, "balance_micros": -1}, ["card_missing", "wallet_empty"]),
        ({"has_card": False, "balance_micros": -1, "is_rebilled": False}, []),
        ({"has_card": False, "account": replace(ACCOUNT, standing="archived")}, []),
        ({"has_card": False, "account": replace(ACCOUNT, standing="suspended")}, ["card_missing"]),
    ],
)
def test_only_a_client_that_pays_itself_lacks_something(change: dict[str, Any], missing: list[str]) -> None:
    assert needs_attention(replace(HEALTHY, **change), 0) == missing


def test_an_overdraft_of_the_catalog_is_no_empty_wallet() -> None:
    assert needs_attention(replace(HEALTHY, balance_micros=-4), -5) == []


def test_each_side_has_a_sentence_and_the_clients_names_nobody_else() -> None:
    for for_workspace, for_client in SENTENCES.values():
        assert for_workspace.endswith(".")
        assert for_client.endswith(".")
        assert "client" not in for_client


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"enabled": False, "suspended_reason": "declines"}, "off", None),
        ({}, "on", None),
        ({"suspended_reason": "declines"}, "suspended", "suspended_declines"),
        ({"held_by": ("dp_1",)}, "suspended", "suspended_dispute"),
        ({"next_attempt_at_ms": 11}, "waiting", "backing_off"),
        ({"next_attempt_at_ms": 10}, "on", None),
        ({"in_flight_payment_id": "pay_1"}, "waiting", "in_flight"),
        ({"last_refusal": LastRefusal("monthly_limit_reached", 1)}, "waiting", "monthly_limit_reached"),
    ],
)
def test_auto_pay_is_off_on_suspended_or_waits(change: dict[str, Any], status: str, reason: str | None) -> None:
    assert auto_pay_health(replace(AUTO_PAY, **change), 10) == AutoPayHealth(status, reason)  # type: ignore[arg-type]


def test_auto_pay_that_was_never_set_is_off() -> None:
    assert auto_pay_health(None, 10) == AutoPayHealth("off")


@pytest.mark.parametrize(
    ("standing", "tabs"),
    [
        ("active", {"all", "rebilled"}),
        ("suspended", {"all", "rebilled", "suspended"}),
        ("archived", {"all", "archived"}),
    ],
)
def test_a_client_is_in_the_tabs_of_its_standing(standing: Any, tabs: set[str]) -> None:
    account = replace(ACCOUNT, standing=standing)
    found = {tab for tab in ("all", "rebilled", "suspended", "archived") if is_in_tab(account, tab)}
    assert found == tabs


def test_meters_add_up() -> None:
    total = sum_meters({"sms": ClientMeter(1, 2, 3, 4), "call": ClientMeter(10, 20, 30, 40)})
    assert (total.cost_micros, total.price_micros, total.count) == (22, 33, 44)
