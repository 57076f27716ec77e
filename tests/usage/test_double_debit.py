"""A client's usage is one posting: its workspace pays the catalog's price, and the client its own, both or neither."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.accounts import table as accounts
from chalicelib.clock import day_of, iso, now_ms
from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.ledger import table
from chalicelib.ledger.posting import Direction, Identity
from chalicelib.pricing.rebilling import Rebilling
from chalicelib.pricing.table import RebillingRow
from chalicelib.text import Line
from local.resources import Deployment
from tests.build import event
from tests.usage.agency import ABSORBED, HALF_MORE, Agency, amounts, call, dated, keep, on, send
from tests.usage.letters import take_dead_letters
from tests.wire import cut_off, cut_points

pytestmark = pytest.mark.usefixtures("stack")

MINUTE_MS = 60_000


def test_a_rebilled_client_and_its_workspace_each_pay_their_price_and_name_each_other() -> None:
    agency = Agency(1, on(sms=HALF_MORE))
    assert send(event(agency.client)) == []
    assert agency.balances() == (-50_000, -75_000)
    (cost,), (price,) = agency.history(agency.id), agency.history(agency.client)
    assert cost.sibling is not None
    assert price.sibling is not None
    assert (cost.sibling.account_id, cost.sibling.transaction_id) == (agency.client, price.id)
    assert (price.sibling.account_id, price.sibling.transaction_id) == (agency.id, cost.id)
    assert cost.identity == price.identity
    assert cost.identity.account_id == agency.client
    agency.assert_sound()
    assert agency.used(agency.client) == {"sms": (50_000, 75_000)}


@pytest.mark.parametrize("direction", ["credit", "debit"])
def test_no_balance_of_a_client_keeps_its_usage_from_being_charged_to_its_workspace(direction: Direction) -> None:
    agency = Agency(1, on(sms=HALF_MORE))
    most = AdjustmentRequest(direction, "9" * 12, Line("As much as one request takes"))
    for number in range(20):
        adjust(accounts.get(agency.client), most, key=Key(str(number), "customer"), actor="owner")
    balance_micros = table.read_wallet(agency.client).balance_micros
    assert abs(balance_micros) > 2**64
    assert send(event(agency.client)) == []
    assert agency.balances() == (-50_000, balance_micros - 75_000)
    agency.assert_sound()


def test_what_a_client_that_is_not_rebilled_uses_is_its_workspaces_alone_and_names_the_client() -> None:
    agency = Agency(1)
    assert send(event(agency.client)) == []
    assert agency.balances() == (-50_000, 0)
    (cost,) = agency.history(agency.id)
    assert cost.identity.account_id == agency.client
    assert cost.sibling is None
    assert agency.used(agency.client) == {"sms": (50_000, 0)}
    agency.assert_sound()


def test_a_receipt_has_the_same_lines_in_both_wallets_each_at_its_price() -> None:
    agency = Agency(1, on(voice_engine_minute=HALF_MORE, llm_minute=ABSORBED))
    assert send(call(agency.client)) == []
    (cost,), (price,) = agency.history(agency.id), agency.history(agency.client)
    assert [line.amount_micros for line in cost.leg.lines] == [160_000, 43_583, 0]
    assert [line.amount_micros for line in price.leg.lines] == [240_000, 0, 0]
    assert [line.unit_price_micros for line in price.leg.lines] == [120_000, 0, 0]
    assert [line.quantity_micros for line in price.leg.lines] == [line.quantity_micros for line in cost.leg.lines]
    assert agency.used(agency.client) == {
        "voice_engine_minute": (160_000, 240_000),
        "llm_minute": (43_583, 0),
        "web_audio_minute": (0, 0),
    }
    agency.assert_sound()


def test_what_is_absorbed_stands_in_the_clients_history_at_zero() -> None:
    agency = Agency(1, on(sms=ABSORBED))
    send(event(agency.client))
    assert agency.balances() == (-50_000, 0)
    assert amounts(agency.history(agency.client)) == [0]


def test_the_most_specific_price_is_charged() -> None:
    agency = Agency(1, on(sms=ABSORBED))
    keep(agency.id, on(sms=HALF_MORE, **{"*": HALF_MORE}))
    send(event(agency.client, 1), event(agency.client, 2, type="email"))
    assert agency.used(agency.client) == {"sms": (50_000, 0), "email": (2_500, 3_750)}


def test_an_event_is_priced_by_its_own_time_whenever_it_comes() -> None:
    agency, now = Agency(1), now_ms()
    switched = dated((0, False), (now - 50 * MINUTE_MS, True), (now - 20 * MINUTE_MS, False))
    prices = {"sms": dated((0, HALF_MORE), (now - 30 * MINUTE_MS, ABSORBED))}
    keep(agency.client, Rebilling(switched, prices))
    sent = [event(agency.client, ago, time=iso(now - ago * MINUTE_MS)) for ago in (10, 25, 40, 60)]
    assert send(*sent) == []
    assert amounts(agency.history(agency.client)) == [0, 75_000]
    assert agency.balances() == (-200_000, -75_000)


@pytest.mark.parametrize("after", [True, False])
def test_a_repeat_after_rebilling_was_switched_is_a_repeat(after: bool) -> None:
    agency = Agency(1, None if after else on(sms=HALF_MORE))
    sent = event(agency.client)
    send(sent)
    before = agency.balances()
    keep(agency.client, on(sms=HALF_MORE) if after else Rebilling(dated((0, False))))
    assert send(sent, sent) == []
    assert agency.balances() == before
    agency.assert_sound()


def test_a_workspaces_own_usage_and_that_of_its_clients_are_in_one_commit() -> None:
    agency = Agency(2, on())
    points = cut_points(lambda: send(event(agency.id, 1), *(event(each, 2) for each in agency.clients)))
    # Accounts with wallets, what is set for the clients, and the commit: no page can hold any of the events yet.
    assert len(points) == 3
    assert agency.balances() == (-150_000, -50_000, -50_000)


def test_both_wallets_are_debited_or_neither_wherever_the_process_ends() -> None:
    def messages(agency: Agency) -> list[Any]:
        return [event(each, number) for number in range(3) for each in (*agency.clients, agency.id)]

    first = Agency(2, on(sms=HALF_MORE))
    points = cut_points(lambda: send(*messages(first)))
    for point in [(at, when) for at, _ in points for when in ("before", "after")]:
        agency = Agency(2, on(sms=HALF_MORE))
        sent = messages(agency)
        cut_off(lambda sent=sent: send(*sent), point)  # type: ignore[misc]
        agency.assert_sound()
        assert agency.balances() in {(0, 0, 0), (-450_000, -225_000, -225_000)}, point
        assert send(*sent) == []
        assert agency.balances() == (-450_000, -225_000, -225_000), point
        agency.assert_sound()


def test_many_clients_of_one_workspace_at_once_lose_and_double_nothing() -> None:
    agency = Agency(12, on(sms=HALF_MORE))
    sent = [event(client, number) for number in range(10) for client in agency.clients]
    deliveries = [sent[start : start + 17] for start in range(0, len(sent), 17)] * 2
    with ThreadPoolExecutor(8) as pool:
        while deliveries:
            again = list(pool.map(lambda bodies: send(*bodies), deliveries))
            deliveries = [
                [bodies[int(number)] for number in numbers]
                for bodies, numbers in zip(deliveries, again, strict=True)
                if numbers
            ]
    assert agency.balances() == (-6_000_000, *[-750_000] * 12)
    agency.assert_sound()


def test_rebilling_switched_on_and_off_while_a_batch_is_posted_prices_each_event_once() -> None:
    agency, now = Agency(4), now_ms()
    sent = [event(client, number) for number in range(25) for client in agency.clients]

    def switch(times: int) -> None:
        for number in range(times):
            for client in agency.clients:
                keep(client, Rebilling(dated((0, number % 2 == 0), (now + number, number % 2 == 1))))

    with ThreadPoolExecutor(4) as pool:
        switching = pool.submit(switch, 20)
        recorded = [pool.submit(send, *half) for half in (sent, sent[::2], sent[::-1])]
        assert [each.result() for each in recorded] == [[], [], []]
        switching.result()
    assert agency.balances()[0] == -100 * 50_000
    assert len(agency.history(agency.id)) == 100
    agency.assert_sound()
    assert send(*sent) == []
    assert agency.balances()[0] == -100 * 50_000


def test_a_hundred_clients_take_as_few_commits_as_the_limits_allow() -> None:
    agency = Agency(100, on())
    made = cut_points(lambda: send(*(event(each, 1) for each in agency.clients)))
    # Two calls read the clients with their wallets, one what is set, one the workspace; 24 clients fit into a commit.
    assert len(made) <= 4 + 5
    assert agency.balances()[0] == -5_000_000


def break_settings(account_id: str) -> None:
    RebillingRow(account_id, settings={"switches": "nonsense"}, version=1).save()


def break_wallet(account_id: str) -> None:
    table.WalletRow(account_id).update(actions=[table.WalletRow.head_hash.remove()])


@pytest.mark.parametrize("broken", [break_settings, break_wallet])
def test_a_client_that_is_broken_fails_alone(stack: Deployment, broken: Any) -> None:
    agency = Agency(3, on())
    broken(agency.clients[1])
    assert send(*(event(each) for each in agency.clients)) == ["1"]
    assert table.read_wallet(agency.id).balance_micros == -100_000
    assert not list(take_dead_letters(stack))


def test_a_workspace_whose_defaults_are_broken_holds_up_its_clients_and_nobody_else() -> None:
    broken, sound = Agency(2, on()), Agency(1, on())
    break_settings(broken.id)
    assert send(event(broken.clients[0]), event(sound.client), event(broken.clients[1]), event(broken.id)) == ["0", "2"]
    assert sound.balances() == (-50_000, -50_000)
    assert broken.balances() == (-50_000, 0, 0)


@given(st.data())
def test_margins_add_up_to_the_micro(stack: Deployment, data: st.DataObject) -> None:
    agency = Agency(2, on(sms=HALF_MORE, llm_minute=ABSORBED))
    keep(agency.clients[1], Rebilling())
    shapes = data.draw(st.lists(st.tuples(st.booleans(), st.integers(0, 1), st.integers(0, 59)), max_size=12))
    now = now_ms()
    sent = []
    for number, (is_call, client, days) in enumerate(shapes):
        make, time = (call if is_call else event), iso(now - days * 24 * 60 * MINUTE_MS)
        sent.append(make(agency.clients[client], number, time=time))
    assert send(*sent) == []
    used = [agency.used(client) for client in agency.clients]
    cost, *prices = agency.balances()
    assert -cost == sum(each for meters in used for each, _ in meters.values())
    assert [-price for price in prices] == [sum(each for _, each in meters.values()) for meters in used]
    agency.assert_sound()


def test_the_event_in_both_wallets_is_the_clients() -> None:
    agency = Agency(1, on())
    sent = event(agency.client)
    send(sent)
    (cost,) = agency.history(agency.id)
    assert cost.identity == Identity(agency.client, "/messaging", "event-1", cost.identity.occurred_at_ms)
    assert sent["time"].startswith(day_of(cost.identity.occurred_at_ms))
