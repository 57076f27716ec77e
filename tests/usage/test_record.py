import json
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.catalog.catalog import catalog
from chalicelib.ledger import statement, table
from chalicelib.ledger.verify import verify
from chalicelib.tables import connection
from chalicelib.usage.record import record
from tests.build import event, sqs_record
from tests.conftest import NewWallet


def recorded(*bodies: Any) -> list[int]:
    """Record messages; return the places of those that failed."""
    failed = record([sqs_record(body, str(place)) for place, body in enumerate(bodies)], catalog())
    return sorted(int(message_id) for message_id in failed)


def events_of(account_id: str) -> list[str]:
    return [each.identity.event_id for each in statement.history(account_id, limit=500).transactions]


def test_messages_are_charged_to_their_wallets(new_wallet: NewWallet) -> None:
    acme, other = new_wallet(), new_wallet()
    assert recorded(event(acme, 1), event(other, 2), [event(acme, 3), event(other, 4), event(acme, 5)]) == []
    assert table.read_wallet(acme).balance_micros == -150_000
    assert table.read_wallet(other).balance_micros == -100_000


def test_each_bad_message_fails_alone_and_says_why(new_wallet: NewWallet, capsys: pytest.CaptureFixture[str]) -> None:
    acme = new_wallet()
    bad = {
        "nonsense": "not_json",
        json.dumps(event(acme, type="fax")): "unknown_meter",
        json.dumps(event("nobody")): "unknown_account",
        json.dumps(event(acme, data={"quantity": "-1"})): "not_a_decimal",
        json.dumps(event(acme, id=...)): "not_a_usage_event",
        json.dumps(event(acme, time="2020-01-01T00:00:00Z")): "too_old",
        json.dumps(event(acme, time="2999-01-01T00:00:00Z")): "in_the_future",
    }
    bodies = [each for body in bad for each in (event(acme, hash(body)), body)]
    assert recorded(*bodies) == list(range(1, len(bodies), 2))
    assert table.read_wallet(acme).sequence == len(bad)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    logged = {line["message_id"]: line["reason"] for line in lines if line["event"] == "usage message not posted"}
    assert [logged[str(place)] for place in range(1, len(bodies), 2)] == list(bad.values())


def test_the_same_event_is_charged_once_within_a_batch_and_in_the_next(new_wallet: NewWallet) -> None:
    acme = new_wallet()
    once = event(acme, 1)
    assert recorded(once, once, [once, event(acme, 2)]) == []
    assert recorded(once, event(acme, 3)) == []
    assert sorted(events_of(acme)) == ["event-1", "event-2", "event-3"]


def test_a_conflict_fails_and_is_never_posted(new_wallet: NewWallet) -> None:
    acme = new_wallet()
    sent = event(acme, 1)
    changed = {**sent, "data": {"quantity": "2"}}
    assert recorded(sent, changed, event(acme, 2)) == [1]
    assert recorded(changed) == [0]
    assert table.read_wallet(acme).balance_micros == -100_000


def test_an_array_with_one_bad_event_is_posted_but_for_that_one_and_comes_back(new_wallet: NewWallet) -> None:
    acme = new_wallet()
    message = [event(acme, 1), event(acme, 2, type="fax"), event(acme, 3)]
    assert recorded(message) == [0]
    assert recorded(message) == [0]
    assert sorted(events_of(acme)) == ["event-1", "event-3"]


def test_a_wallet_that_cannot_be_written_does_not_hold_up_the_others(new_wallet: NewWallet) -> None:
    acme, other = new_wallet(), new_wallet()

    def cut(request: Any, **_: Any) -> None:
        if acme.encode() in request.body:
            raise EndpointConnectionError(endpoint_url=request.url)

    events = connection().client.meta.events
    events.register("before-send.dynamodb.*", cut)
    try:
        assert recorded(event(acme, 1), event(other, 2), event(acme, 3)) == [0, 2]
    finally:
        events.unregister("before-send.dynamodb.*", cut)
    assert recorded(event(acme, 1), event(acme, 3)) == []
    assert table.read_wallet(acme).sequence == 2
    assert table.read_wallet(other).sequence == 1


def test_prices_are_in_the_wallets_currency(new_wallet: NewWallet) -> None:
    yen = new_wallet(currency="jpy")
    assert recorded(event(yen, 1)) == []
    (found,) = statement.history(yen, limit=1).transactions
    assert (found.currency, found.leg.amount_micros) == ("jpy", 7_500_000)


def test_ten_thousand_messages_of_one_wallet_are_one_commit(new_wallet: NewWallet) -> None:
    acme = new_wallet()
    assert recorded(*(event(acme, number) for number in range(10_000))) == []
    assert table.read_wallet(acme).balance_micros == -500_000_000
    found = verify(acme)
    assert found.difference is None
    assert found.pages < 10
