"""Changes of one account's prices that are made at once are all kept."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import catalog
from chalicelib.clients.change_rebilling import RebillingState, change_rebilling
from chalicelib.pricing import table
from chalicelib.pricing.rebilling import ALL_METERS
from tests.build import unique
from tests.clients.rebilling_build import ABSORBED, markup, request

pytestmark = pytest.mark.usefixtures("stack")

CHANGES: list[dict[str, Any]] = [
    {"enabled": True},
    {"default": {"state": "markup", "markup": "2"}},
    {"meters": {"sms": {"state": "absorbed"}}},
    {"meters": {"email": {"state": "markup", "markup": "3"}}},
    {"allowance": "5"},
]


def test_changes_of_different_settings_at_once_are_all_kept() -> None:
    account = Account(unique("client"), "client", "acme", "Bob", "a@b.example", "usd", "en", None, None, 1)
    accounts.create(account)

    def change(body: dict[str, Any]) -> RebillingState:
        return change_rebilling(account, request(**body), actor="kim", catalog=catalog())

    with ThreadPoolExecutor(len(CHANGES)) as threads:
        states = list(threads.map(change, CHANGES))
    kept, time_ms = table.find(account.account_id), max(state.time_ms for state in states)
    assert kept.version == len(CHANGES)
    assert (kept.is_on(time_ms), kept.allowance_at(time_ms)) == (True, 5_000_000)
    prices = {key: dated[0].value for key, dated in kept.prices.items()}
    assert prices == {ALL_METERS: markup(2), "sms": ABSORBED, "email": markup(3)}
    assert {dated[0].actor for dated in kept.prices.values()} == {"kim"}


def test_the_same_change_at_once_is_made_once() -> None:
    account = Account(unique("client"), "client", "acme", "Bob", "a@b.example", "usd", "en", None, None, 1)
    accounts.create(account)

    def change(_: int) -> RebillingState:
        body = {"enabled": True, "default": {"state": "markup", "markup": "2"}}
        return change_rebilling(account, request(**body), actor="kim", catalog=catalog())

    with ThreadPoolExecutor(4) as threads:
        assert len(list(threads.map(change, range(4)))) == 4
    kept = table.find(account.account_id)
    assert (kept.version, len(kept.switches), len(kept.prices[ALL_METERS])) == (1, 1, 1)
