"""What pages read: how many calls to AWS they take, and what is read of whoever has no session."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from chalicelib.accounts.table import AccountRow
from chalicelib.ledger.table import WalletRow
from chalicelib.portal.session import id_of
from chalicelib.portal.table import SessionRow
from chalicelib.tables import connection
from tests.function_records import logged
from tests.portal.customer import ask, open_customer, token_of
from tests.wire import calls_of

WORKSPACE, CLIENT, OTHER = "workspace", "workspace.client", "other"
"""None has an id of digits."""


@pytest.fixture(scope="module", autouse=True)
def customers(memory: Mapping[str, str]) -> None:
    open_customer(WORKSPACE, with_month=False)
    open_customer(CLIENT, WORKSPACE, with_month=False)
    open_customer(OTHER, with_month=False)
    for account_id in (WORKSPACE, CLIENT):
        assert ask(account_id).status == 200  # the first one reads the catalog, and finds the tables


@pytest.fixture
def calls() -> Iterator[list[Any]]:
    """List the bodies of the calls to DynamoDB."""
    found: list[Any] = []
    events = connection().client.meta.events

    def note(params: dict[str, Any], **_: Any) -> None:
        found.append(params["body"])

    events.register("before-call.dynamodb.*", note)
    yield found
    events.unregister("before-call.dynamodb.*", note)


@pytest.mark.parametrize(("path", "number"), [("", 4), ("/history", 4)])
def test_a_page_of_a_workspace_takes_few_calls(path: str, number: int) -> None:
    assert calls_of(lambda: ask(WORKSPACE, path)) == number


def test_the_overview_of_a_client_takes_few_calls() -> None:
    assert calls_of(lambda: ask(CLIENT)) == 7


def test_whoever_sends_no_cookie_has_nothing_read(calls: list[Any]) -> None:
    for cookie in ("", "portal_session=", "another=cookie"):
        assert ask(WORKSPACE, cookie=cookie).status == 401
    assert calls == []


def test_a_session_of_another_account_and_none_are_answered_alike() -> None:
    answers = [
        ask(account_id, cookie=f"portal_session={secret}")
        for account_id in (WORKSPACE, "no-such-account")
        for secret in (token_of(OTHER), "nonsense")
    ]
    assert {each.status for each in answers} == {401}
    assert len({each.text for each in answers}) == 1


def test_nothing_of_an_account_is_looked_at_before_its_session_is_known(calls: list[Any]) -> None:
    """A row that cannot be read would be an error that tells that the account exists."""
    key = {"account_id": {"S": OTHER}}
    connection().client.put_item(TableName=AccountRow.Meta.table_name, Item={**key, "created_at_ms": {"S": "never"}})
    del calls[:]
    assert ask(OTHER, cookie="portal_session=nonsense").status == 401
    assert len(calls) == 1
    assert ask(OTHER).status == 500


def test_a_client_whose_ledger_is_damaged_learns_whom_to_ask_and_the_operator_what_is_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    WalletRow(CLIENT).update([WalletRow.balance_micros.add(1)])
    answer = ask(CLIENT, "/statements")
    assert (answer.status, "Please contact " in answer.text) == (500, True)
    [line] = logged(capsys)
    assert (line["level"], line["account_id"], "WalletMismatch" in line["exception"]) == ("error", CLIENT, True)


def test_a_page_of_a_session_that_has_ended_reads_nothing_more(calls: list[Any]) -> None:
    SessionRow(id_of("session", token_of(CLIENT))).update([SessionRow.expires_at_ms.set(1)])
    del calls[:]
    assert ask(CLIENT).status == 401
    assert len(calls) == 1
