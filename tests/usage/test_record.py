import json
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.catalog.catalog import catalog
from chalicelib.clock import Deadline
from chalicelib.ledger import statement, table
from chalicelib.ledger.verify import verify
from chalicelib.tables import connection
from chalicelib.usage.record import record
from local.resources import Deployment
from tests.build import event, sqs_record
from tests.conftest import NewWallet
from tests.environment import use
from tests.metric_lines import counted
from tests.usage.letters import take_dead_letters


def recorded(*bodies: Any) -> list[int]:
    """Record messages; return the places of those that are delivered again."""
    failed = record([sqs_record(body, str(place)) for place, body in enumerate(bodies)], catalog(), Deadline(60))
    return sorted(int(message_id) for message_id in failed)


def dead(stack: Deployment) -> dict[int, tuple[str, str]]:
    """Take the dead letters: by the place of the message, the reason and the body of the last one."""
    return {int(letter.message_id): (letter.reason, letter.body) for letter in take_dead_letters(stack)}


def events_of(account_id: str) -> list[str]:
    return [each.identity.event_id for each in statement.read_history(account_id, limit=500).transactions]


def test_messages_are_charged_to_their_wallets(new_wallet: NewWallet) -> None:
    acme, other = new_wallet(), new_wallet()
    assert recorded(event(acme, 1), event(other, 2), [event(acme, 3), event(other, 4), event(acme, 5)]) == []
    assert table.read_wallet(acme).balance_micros == -150_000
    assert table.read_wallet(other).balance_micros == -100_000


def test_each_bad_message_fails_alone_and_says_why(
    new_wallet: NewWallet, stack: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    acme = new_wallet()
    passing = {
        json.dumps(event(acme, type="fax")): "unknown_meter",
        json.dumps(event("nobody")): "unknown_account",
        json.dumps(event(acme, time="2999-01-01T00:00:00Z")): "in_the_future",
    }
    permanent = {
        "nonsense": "not_json",
        json.dumps(event(acme, data={"quantity": "-1"})): "not_a_decimal",
        json.dumps(event(acme, id=...)): "not_a_usage_event",
        json.dumps(event(acme, time="2020-01-01T00:00:00Z")): "too_old",
    }
    bad = passing | permanent
    bodies = [each for number, body in enumerate(bad) for each in (event(acme, number), body)]
    assert recorded(*bodies) == [1, 3, 5]
    assert table.read_wallet(acme).sequence == len(bad)
    output = capsys.readouterr().out
    refused = [(f"usage_refused {reason}", 1) for reason in permanent.values()]
    assert sorted(counted(output, "usage")) == sorted([("usage_posted", len(bad)), *refused])
    lines = [json.loads(line) for line in output.splitlines()]
    logged = {line["message_id"]: line["reason"] for line in lines if line["event"] == "usage message not posted"}
    assert [logged[str(place)] for place in range(1, len(bodies), 2)] == list(bad.values())
    assert dead(stack) == {
        place: (reason, body) for place, (body, reason) in zip((7, 9, 11, 13), permanent.items(), strict=True)
    }


def test_the_same_event_is_charged_once_within_a_batch_and_in_the_next(new_wallet: NewWallet) -> None:
    acme = new_wallet()
    once = event(acme, 1)
    assert recorded(once, once, [once, event(acme, 2)]) == []
    assert recorded(once, event(acme, 3)) == []
    assert sorted(events_of(acme)) == ["event-1", "event-2", "event-3"]


def test_a_conflict_is_never_posted_and_put_away(new_wallet: NewWallet, stack: Deployment) -> None:
    acme = new_wallet()
    sent = event(acme, 1)
    changed = {**sent, "data": {"quantity": "2"}}
    assert recorded(sent, changed, event(acme, 2)) == []
    assert dead(stack) == {1: ("conflict", json.dumps(changed))}
    assert recorded(changed) == []
    assert dead(stack) == {0: ("conflict", json.dumps(changed))}
    assert table.read_wallet(acme).balance_micros == -100_000


def test_of_an_array_the_bad_event_alone_is_put_away(new_wallet: NewWallet, stack: Deployment) -> None:
    acme = new_wallet()
    bad = event(acme, 2, data={"quantity": "x"})
    assert recorded([event(acme, 1), bad, event(acme, 3)]) == []
    assert sorted(events_of(acme)) == ["event-1", "event-3"]
    assert dead(stack) == {0: ("not_a_decimal", json.dumps(bad))}


def test_an_array_comes_back_whole_while_a_part_of_it_may_be_posted_later(
    new_wallet: NewWallet, stack: Deployment
) -> None:
    acme = new_wallet()
    message = [event(acme, 1), event(acme, 2, data={"quantity": "x"}), event(acme, 3, type="fax")]
    assert recorded(message) == [0]
    assert recorded(message) == [0]
    assert events_of(acme) == ["event-1"]
    assert dead(stack) == {}


def test_what_cannot_be_put_away_comes_back(new_wallet: NewWallet, stack: Deployment) -> None:
    acme = new_wallet()
    stack_queue = stack.environment["USAGE_DEAD_LETTERS_QUEUE_URL"]
    with use({"USAGE_DEAD_LETTERS_QUEUE_URL": stack_queue + "-gone"}):
        assert recorded("nonsense", event(acme, 1)) == [0]
    assert events_of(acme) == ["event-1"]


def test_what_there_is_no_time_for_comes_back_and_is_posted_then(new_wallet: NewWallet) -> None:
    acme, other = new_wallet(), new_wallet()
    records = [sqs_record(event(acme, 1), "0"), sqs_record(event(other, 2), "1")]
    assert sorted(record(records, catalog(), Deadline(0))) == ["0", "1"]
    assert events_of(acme) == []
    assert record(records, catalog(), Deadline(60)) == []
    assert events_of(acme) == ["event-1"]


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
    (found,) = statement.read_history(yen, limit=1).transactions
    assert (found.currency, found.leg.amount_micros) == ("jpy", 7_500_000)


def test_ten_thousand_messages_of_one_wallet_are_one_commit(new_wallet: NewWallet) -> None:
    acme = new_wallet()
    assert recorded(*(event(acme, number) for number in range(10_000))) == []
    assert table.read_wallet(acme).balance_micros == -500_000_000
    found = verify(acme)
    assert found.difference is None
    assert found.pages < 10
