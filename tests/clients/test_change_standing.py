"""Archiving ends what is charged by itself: once, cut off anywhere, and whatever others do at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import AccountArchived
from chalicelib.auto_pay import table as auto_pay
from chalicelib.subscriptions import table as subscriptions
from tests.clients.client import Client
from tests.clients.conftest import NewClient
from tests.subscriptions.world import RenewalWorld, moment
from tests.wire import Wire, calls_of, cuts


@pytest.fixture
def paying(client: Client, world: RenewalWorld) -> Client:
    """Return a client with a subscription and auto-pay."""
    client.subscribe()
    world.settle()
    return client


def test_a_row_without_a_standing_is_active(agency: str) -> None:
    accounts.AccountRow(agency).update([accounts.AccountRow.standing.remove()])
    assert accounts.get(agency).standing == "active"


def test_archiving_ends_the_subscription_with_its_period_and_auto_pay_at_once(paying: Client) -> None:
    archived = paying.put_standing("archived", "moved away")
    assert (archived.standing, archived.standing_reason, archived.standing_actor) == ("archived", "moved away", "jane")
    assert paying.account() == archived
    assert (paying.status(), paying.subscription.cancel_at_period_end) == ("active", True)
    assert not paying.saver.auto_pay.enabled
    assert (paying.subscription.actor, paying.saver.auto_pay.actor) == ("archiving", "archiving")


def test_repeating_it_changes_nothing(paying: Client) -> None:
    first = paying.put_standing("archived")
    before = (paying.subscription, paying.saver.auto_pay)
    assert paying.put_standing("archived") == first
    assert (paying.subscription, paying.saver.auto_pay) == before


def test_another_reason_is_kept(client: Client) -> None:
    client.put_standing("suspended", "one invoice is unpaid")
    assert client.put_standing("suspended", "two are").standing_reason == "two are"


def test_making_it_active_again_does_not_bring_the_charges_back(paying: Client) -> None:
    paying.put_standing("archived")
    assert paying.put_standing("active").standing == "active"
    assert not paying.is_charged_by_itself
    paying.resume()
    paying.saver.switch_on()
    assert paying.is_charged_by_itself


def test_what_is_owed_ends_at_once_and_is_not_charged_again(new_client: NewClient, world: RenewalWorld) -> None:
    client = new_client()
    with world.at(moment("2027-01-31")):
        client.put("agency")
        client.save_card("pm_card_chargeCustomerFail")
        world.settle()
    world.run_on("2027-02-28")
    assert client.status() == "past_due"
    with world.at(moment("2027-02-28")):
        client.put_standing("archived")
        assert client.status() == "canceled"
        client.save_card()
        world.settle()
    world.run_on("2027-03-05")
    assert len(client.paid) == 1


def test_a_suspended_account_pays_on(paying: Client) -> None:
    paying.put_standing("suspended")
    assert paying.top_up().payment.state == "succeeded"
    assert paying.is_charged_by_itself


@pytest.mark.parametrize(
    "deed",
    [
        lambda client: client.top_up(),
        lambda client: client.put("agency"),
        lambda client: client.preview("agency"),
        lambda client: client.saver.switch_on(),
    ],
)
def test_an_archived_account_begins_nothing_that_costs(client: Client, deed: Callable[[Client], Any]) -> None:
    client.put_standing("archived")
    with pytest.raises(AccountArchived):
        deed(client)
    assert client.payments == []


def test_an_archived_account_does_not_resume_its_subscription(paying: Client) -> None:
    paying.put_standing("archived")
    with pytest.raises(AccountArchived):
        paying.resume()
    assert not paying.is_charged_by_itself


def test_a_repeat_of_a_payment_made_before_is_answered_as_then(client: Client) -> None:
    first = client.top_up(key="before").payment
    client.put_standing("archived")
    assert client.top_up(key="before").payment == first


def test_an_archiving_that_is_cut_off_anywhere_is_finished_by_repeating_it(
    new_client: NewClient, paying: Client, world: RenewalWorld
) -> None:
    for cut in cuts(lambda: paying.put_standing("archived")):
        client = new_client()
        client.subscribe()
        cut(partial(client.put_standing, "archived"))
        client.put_standing("archived")
        assert client.account().standing == "archived"
        assert not client.is_charged_by_itself


@pytest.mark.parametrize("begin", ["put", "resume", "switch_on"])
def test_what_begins_while_it_is_archived_ends_with_it(new_client: NewClient, begin: str) -> None:
    """It is archived before each call of the beginning in turn: the beginning fails, or is ended."""

    def prepared() -> tuple[Client, Callable[[], Any]]:
        client = new_client()
        if begin == "resume":
            client.put("agency")
            client.cancel()
        deeds: dict[str, Callable[[], Any]] = {"put": client.put, "resume": client.resume}
        return client, deeds.get(begin, client.saver.switch_on)

    for place in range(1, calls_of(prepared()[1]) + 1):
        client, deed = prepared()
        assert_nothing_goes_on(client, deed, place)


def assert_nothing_goes_on(client: Client, deed: Callable[[], Any], place: int) -> None:
    """Archive a client before a deed's call of this number, and check that nothing is charged by itself after both."""

    def archive() -> None:
        if wire.calls == place - 1:
            wire.leaving = lambda: None
            client.put_standing("archived")

    with Wire() as wire, suppress(AccountArchived):
        wire.leaving = archive
        deed()
    assert client.account().standing == "archived"
    subscription, settings = subscriptions.find(client.account_id), auto_pay.find(client.account_id)
    assert subscription is None or not subscription.exists or subscription.cancel_at_period_end
    assert settings is None or not settings.enabled


def test_of_two_standings_at_once_one_stands_whole(new_client: NewClient) -> None:
    """Whichever is later: the charges of an account that was archived have ended."""
    for _ in range(3):
        client = new_client()
        client.subscribe()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda each, client=client: client.put_standing(each, each), ("archived", "active")))
        account = client.account()
        assert account.standing == account.standing_reason
        assert not client.is_charged_by_itself
