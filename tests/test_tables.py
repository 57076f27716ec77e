"""Rows of several tables in one call, and what DynamoDB leaves unread of them."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pynamodb.exceptions import AttributeDeserializationError

from chalicelib.accounts.table import AccountRow
from chalicelib.cards.table import CardRow
from chalicelib.ledger.table import WalletRow
from chalicelib.tables import AGENT, KEYS_A_CALL, READS, RowsUnread, connection, read_rows, read_together
from tests.wire import calls_of

ANSWERED = "after-call.dynamodb.BatchGetItem"
LARGE = "x" * 380_000
MANY = 50
"""Rows of that size, more than the 16 MB that one answer holds."""


def account(account_id: str, name: str = "Acme") -> AccountRow:
    fixed: dict[str, Any] = {"kind": "workspace", "email": "a@acme.example", "currency": "usd", "locale": "en"}
    return AccountRow(account_id, name=name, created_at_ms=1, updated_at_ms=1, **fixed)


def names(rows: dict[Any, list[Any]]) -> list[str]:
    return sorted(row.account_id for row in rows[AccountRow])


@pytest.fixture
def unread(memory: Mapping[str, str]) -> Iterator[list[dict[str, Any]]]:
    """Leave everything of each call unread, and list the calls."""
    calls: list[dict[str, Any]] = []
    client = connection().client

    def note(params: dict[str, Any], **_: Any) -> None:
        calls.append(params["RequestItems"])

    def leave(parsed: dict[str, Any], **_: Any) -> None:
        parsed.update(Responses={}, UnprocessedKeys=calls[-1])

    hooks: dict[str, Any] = {"provide-client-params.dynamodb.BatchGetItem": note, ANSWERED: leave}
    for name, hook in hooks.items():
        client.meta.events.register(name, hook)
    yield calls
    for name, hook in hooks.items():
        client.meta.events.unregister(name, hook)


def test_a_call_names_the_product_and_describes_nothing_anew(memory: Mapping[str, str]) -> None:
    agents: list[str] = []
    connection().client.meta.events.register(
        "before-sign.dynamodb.BatchGetItem", lambda request, **_: agents.append(request.headers["User-Agent"])
    )
    read_together({AccountRow: ["nobody"]})
    assert agents == [AGENT.user_agent]


def test_rows_of_two_tables_come_together_without_those_that_are_not_there(memory: Mapping[str, str]) -> None:
    account("acme").save()
    CardRow("acme", "platform", stripe_customer_id="cus_1").save()
    rows = read_together({AccountRow: ["acme", "nobody"], CardRow: [("acme", "platform"), ("acme", "acct_1")]})
    assert names(rows) == ["acme"]
    assert [row.stripe_customer_id for row in rows[CardRow]] == ["cus_1"]


def test_what_one_answer_cannot_hold_is_asked_for_again(memory: Mapping[str, str]) -> None:
    ids = [f"large-{number:02}" for number in range(MANY)]
    for each in ids:
        account(each, LARGE).save()
    assert names(read_together({AccountRow: ids})) == ids


def test_what_stays_unread_is_an_error_and_never_taken_for_missing(unread: list[dict[str, Any]]) -> None:
    with pytest.raises(RowsUnread):
        read_together({AccountRow: ["acme"]})
    assert len(unread) == READS
    assert all(unread)


def test_whoever_is_answered_at_once_is_not_kept_waiting(
    memory: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    read_rows({AccountRow: ["nobody"]})
    assert pauses == []


def test_rows_of_several_lists_of_keys_are_found_by_their_keys(memory: Mapping[str, str]) -> None:
    account("found").save()
    CardRow("found", "platform", stripe_customer_id="cus_2").save()
    # DynamoDB refuses a key that is there twice.
    rows = read_rows(
        {AccountRow: ["found"], CardRow: [("found", "platform")]}, {AccountRow: ["nobody", "found"]}, {CardRow: []}
    )
    card = rows.find(CardRow, ("found", "platform"))
    assert card is not None
    assert card.stripe_customer_id == "cus_2"
    assert [bool(rows.find(AccountRow, each)) for each in ("found", "nobody")] == [True, False]
    with pytest.raises(KeyError):
        rows.find(WalletRow, "found")


def test_no_keys_take_no_call(memory: Mapping[str, str]) -> None:
    assert calls_of(lambda: read_rows({}, {AccountRow: []})) == 0


def test_a_row_that_cannot_be_read_harms_nobody_who_does_not_ask_for_it(memory: Mapping[str, str]) -> None:
    key = {"account_id": {"S": "malformed"}}
    connection().client.put_item(TableName=AccountRow.Meta.table_name, Item={**key, "created_at_ms": {"S": "never"}})
    account("well-formed").save()
    rows = read_rows({AccountRow: ["malformed", "well-formed"]})
    assert rows.find(AccountRow, "well-formed")
    with pytest.raises(AttributeDeserializationError):
        rows.find(AccountRow, "malformed")
    connection().client.delete_item(TableName=AccountRow.Meta.table_name, Key=key)


def test_more_keys_than_one_call_takes_are_refused_here(memory: Mapping[str, str]) -> None:
    with pytest.raises(ValueError, match="100 keys"):
        read_rows({AccountRow: map(str, range(KEYS_A_CALL)), CardRow: [("acme", "platform")]})
