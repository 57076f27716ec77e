"""Lists, cursors, filters, expansion and search."""

from typing import Any

import pytest
import stripe

from local.stripe_emulator.client import Emulator, wait_until
from tests.stripe_emulator.conftest import pay


def test_pages_run_newest_first_in_both_directions(client: Any) -> None:
    made = [client.v1.customers.create().id for _ in range(5)][::-1]
    first = client.v1.customers.list({"limit": 2})
    second = client.v1.customers.list({"limit": 2, "starting_after": first.data[-1].id})
    assert [c.id for c in first.data + second.data] == made[:4]
    assert (first.has_more, second.has_more) == (True, True)
    last = client.v1.customers.list({"limit": 2, "starting_after": made[3]})
    assert ([c.id for c in last.data], last.has_more) == (made[4:], False)
    back = client.v1.customers.list({"limit": 2, "ending_before": made[3]})
    assert ([c.id for c in back.data], back.has_more) == (made[1:3], True)
    assert [c.id for c in client.v1.customers.list({"limit": 2}).auto_paging_iter()] == made


@pytest.mark.parametrize("limit", [0, 101])
def test_limits_are_between_1_and_100(client: Any, limit: int) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.list({"limit": limit})


def test_created_filters(emulator: Emulator, client: Any) -> None:
    old = pay(client)
    emulator.move_clock(1000)
    new = pay(client)
    newer = client.v1.payment_intents.list({"created": {"gt": old.created}}).data
    older = client.v1.payment_intents.list({"created": {"lte": old.created}}).data
    assert ([i.id for i in newer], [i.id for i in older]) == ([new.id], [old.id])


def test_deleted_customers_are_not_listed(client: Any) -> None:
    client.v1.customers.delete(client.v1.customers.create().id)
    assert client.v1.customers.list().data == []


def test_expansion_reaches_through_lists(client: Any) -> None:
    pay(client, customer=client.v1.customers.create({"name": "Acme"}).id)
    expand = ["data.latest_charge.balance_transaction", "data.customer", "data.payment_method"]
    intent = client.v1.payment_intents.list({"expand": expand}).data[0]
    assert intent.latest_charge.balance_transaction.amount == 2500
    assert (intent.customer.name, intent.payment_method.card.last4) == ("Acme", "4242")
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.payment_intents.list({"expand": ["data.amount"]})


def test_a_search_lags_and_a_list_does_not(client: Any) -> None:
    intent = pay(client, metadata={"payment_id": "p1"})
    query = {"query": "metadata['payment_id']:'p1' AND status:'succeeded'"}
    assert client.v1.payment_intents.search(query).data == []
    assert [found.id for found in client.v1.payment_intents.list().data] == [intent.id]
    wait_until(lambda: [found.id for found in client.v1.payment_intents.search(query).data] == [intent.id])
    assert client.v1.payment_intents.search({"query": "metadata['payment_id']:'p2'"}).data == []
