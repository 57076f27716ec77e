"""Rows that cannot be read: what needs them is off, everything else goes on, and the operator finds them in the log."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from chalicelib import clock
from chalicelib.accounts.table import AccountRow
from chalicelib.auto_pay.table import AutoPayRow
from chalicelib.budgets.table import BudgetsRow
from chalicelib.cards.table import CardRow
from chalicelib.connection.table import ConnectionRow
from chalicelib.invoices.table import BRAND, BrandRow
from chalicelib.ledger.client_usage_table import ClientUsageRow
from chalicelib.ledger.post import post
from chalicelib.ledger.table import WalletRow
from chalicelib.portal.session import form_token, id_of
from chalicelib.portal.table import SessionRow
from chalicelib.pricing.table import RebillingRow
from chalicelib.secrets import secrets
from chalicelib.subscriptions import table as subscriptions
from chalicelib.subscriptions.table import SubscriptionRow
from chalicelib.tables import Table, connection
from chalicelib.token import sign_token
from tests.auto_pay.build import CARD
from tests.build import pair
from tests.doors.callers import IN_2096_MS
from tests.doors.gateway import Answer, Request, send
from tests.function_records import logged
from tests.portal.customer import STRIPE_ACCOUNT, ask, open_customer, token_of
from tests.subscriptions.build import subscription

WORKSPACE, CLIENT, OTHER = "workspace", "workspace.client", "workspace.other"
PAGES: Final = ("", "/usage", "/history", "/invoices", "/plan", "/details", "/card", "/auto-pay", "/activity")
OFF: Final = "Your card can't be shown right now, so nothing can be paid"
NO_CARD: Final = ("No card on file", "has no card", "Save a card", "cannot take payments")

Damage = Callable[..., None]


@pytest.fixture(scope="module", autouse=True)
def customers(memory: Mapping[str, str]) -> None:
    open_customer(WORKSPACE, with_month=False)
    for client_id in (CLIENT, OTHER):
        open_customer(client_id, WORKSPACE, with_month=False)
        subscriptions.write(subscription(account_id=client_id, version=1), over=None)
    now_ms = clock.now_ms()
    post([pair(number, each, WORKSPACE, occurred_at_ms=now_ms) for number, each in enumerate((CLIENT, OTHER))])


@pytest.fixture
def damage() -> Iterator[Damage]:
    """Return a function that gives an attribute of a row a wrong type; afterwards all rows are as they were."""
    client, mended = connection().client, []

    def change(table: type[Table], attribute: str, *key: str, value: Mapping[str, Any] | None = None) -> None:
        description = client.describe_table(TableName=table.Meta.table_name)["Table"]
        names = [each["AttributeName"] for each in description["KeySchema"]]
        keys = {name: {"S": part} for name, part in zip(names, key, strict=True)}
        row = {"TableName": table.Meta.table_name, "Key": keys}
        before = client.get_item(**row).get("Item")
        mended.append((table.Meta.table_name, keys, before))
        item = {**(before or keys), attribute: value or {"M": {}}}
        client.put_item(TableName=table.Meta.table_name, Item=item)

    yield change
    for name, keys, before in reversed(mended):
        if before is None:
            client.delete_item(TableName=name, Key=keys)
        else:
            client.put_item(TableName=name, Item=before)


def unreadable_in(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    """Return whose rows could not be read, and what they are, as they are logged."""
    lines = [each for each in logged(capsys) if each["event"] == "a row cannot be read"]
    assert {each["level"] for each in lines} <= {"error"}
    return [(each.get("account_id", ""), each["what"]) for each in lines]


def send_form(account_id: str, path: str, **fields: str) -> Answer:
    secret, names = token_of(account_id), {"account_id": account_id}
    headers = {"cookie": f"portal_session={secret}", "content-type": "application/x-www-form-urlencoded"}
    body = urlencode({"form_token": form_token(secret), **fields}).encode()
    return send(Request("POST", f"/portal/accounts/{{account_id}}{path}", names, {}, headers, body))


def test_clients_of_a_workspace_whose_brand_is_unreadable_see_the_default_one(
    damage: Damage, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(BrandRow, "color", WORKSPACE, BRAND, value={"N": "1"})
    for path in PAGES:
        capsys.readouterr()
        page = ask(CLIENT, path)
        assert (path, page.status, OFF in page.text) == (path, 200, False)
        assert unreadable_in(capsys) == [(WORKSPACE, "brand")]


def test_clients_of_a_workspace_whose_connection_is_unreadable_see_all_and_cannot_pay(
    damage: Damage, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(ConnectionRow, "version", WORKSPACE, value={"S": "x"})
    for path in PAGES:
        capsys.readouterr()
        page = ask(CLIENT, path)
        assert (path, page.status, OFF in page.text) == (path, 200, True)
        assert [each for each in NO_CARD if each in page.text] == []
        assert unreadable_in(capsys) == [(WORKSPACE, "connection")]
    shown = get("/clients").json()["data"]
    assert [(each["card_on_file"], each["attention"]) for each in shown] == [(None, []), (None, [])]
    assert "Not known right now" in ask(WORKSPACE, "/clients").text
    page = ask(WORKSPACE)
    assert page.status == 200
    assert "Your Stripe connection can&#39;t be read right now" in page.text


def test_an_overview_goes_on_without_budgets_that_are_unreadable(
    damage: Damage, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(BudgetsRow, "budgets", WORKSPACE, value={"S": "{"})
    assert ask(WORKSPACE).status == 200
    assert unreadable_in(capsys) == [(WORKSPACE, "budgets")]


def test_a_connection_with_a_value_that_is_none_of_its_own_is_unreadable_too(damage: Damage) -> None:
    damage(ConnectionRow, "state", WORKSPACE, value={"S": "gone"})
    assert OFF in ask(CLIENT).text


def test_clients_of_a_workspace_whose_account_is_unreadable_see_its_id(damage: Damage) -> None:
    damage(AccountRow, "created_at_ms", WORKSPACE, value={"S": "never"})
    assert ask(CLIENT, "/history").status == 200


@pytest.mark.parametrize(("account_id", "on"), [(WORKSPACE, "platform"), (CLIENT, STRIPE_ACCOUNT)])
def test_who_has_an_unreadable_card_sees_all_and_cannot_pay(
    damage: Damage, capsys: pytest.CaptureFixture[str], account_id: str, on: str
) -> None:
    damage(CardRow, "card", account_id, on, value={"S": '{"brand": 5}'})
    for path in PAGES:
        capsys.readouterr()
        page = ask(account_id, path)
        assert (path, page.status, OFF in page.text) == (path, 200, True)
        assert [each for each in NO_CARD if each in page.text] == []
        assert unreadable_in(capsys) == [(account_id, "cards")]
    assert OFF not in ask(OTHER).text


def test_nothing_is_said_to_be_done_with_cards_that_cannot_be_read(damage: Damage) -> None:
    damage(CardRow, "card", WORKSPACE, "platform", value={"S": '{"brand": 5}'})
    before = connection().client.scan(TableName=CardRow.Meta.table_name)["Items"]
    assert send_form(WORKSPACE, "/card/remove").status == 409
    assert send_form(WORKSPACE, "/card/role", card_id=CARD.payment_method_id, role="backup").status == 409
    assert send_form(WORKSPACE, "/card/setup").status == 409
    assert send_form(WORKSPACE, "/auto-pay", do="on", threshold="10", amount="50").status == 409
    asked = send_form(WORKSPACE, "/add-balance", attempt="1", amount="other", other="20", confirmed="20000000")
    assert (asked.status, asked.headers["location"].partition("?")[0]) == (303, f"/portal/accounts/{WORKSPACE}/card")
    assert connection().client.scan(TableName=CardRow.Meta.table_name)["Items"] == before


def test_an_unreadable_session_has_ended(damage: Damage, capsys: pytest.CaptureFixture[str]) -> None:
    damage(SessionRow, "attempt", id_of("session", token_of(CLIENT)), value={"S": "x"})
    capsys.readouterr()
    assert ask(CLIENT).status == send_form(CLIENT, "/sign-out").status == 401
    assert unreadable_in(capsys) == [(CLIENT, "session"), (CLIENT, "session")]
    assert ask(OTHER).status == 200


ROWS_OF_A_CLIENT: Final[dict[type[Table], tuple[str, str | None]]] = {
    AccountRow: ("created_at_ms", None),
    RebillingRow: ("version", None),
    CardRow: ("card", STRIPE_ACCOUNT),
    AutoPayRow: ("amount_micros", None),
    WalletRow: ("balance_micros", None),
}
LISTS: Final[dict[str, tuple[type[Table], ...]]] = {
    "/clients": (*ROWS_OF_A_CLIENT, ClientUsageRow),
    "/recurring": (AccountRow, AutoPayRow, SubscriptionRow),
}


def damage_client(damage: Damage, table: type[Table]) -> None:
    """Damage a row of the client."""
    if table is ClientUsageRow:
        damage(table, "sms:cost", WORKSPACE, f"{clock.month_of(clock.now_ms())}#{CLIENT}")
        return
    attribute, range_key = ROWS_OF_A_CLIENT.get(table, ("status", None))
    damage(table, attribute, CLIENT, *([range_key] if range_key else []))


def get(path: str, **query: str) -> Answer:
    token = sign_token(secrets().token_secret, role="owner", account_id=WORKSPACE, expires_at_ms=IN_2096_MS)
    names = {"account_id": WORKSPACE}
    return send(
        Request("GET", f"/v1/accounts/{{account_id}}{path}", names, query, {"authorization": f"Bearer {token}"})
    )


@pytest.mark.parametrize(("path", "table"), [(path, table) for path, tables in LISTS.items() for table in tables])
def test_a_client_that_cannot_be_read_stands_in_the_list_beside_the_others(
    damage: Damage, capsys: pytest.CaptureFixture[str], path: str, table: type[Table]
) -> None:
    damage_client(damage, table)
    page = ask(WORKSPACE, path)
    assert page.status == 200
    assert page.text.count("This client can't be shown right now.") == 1
    assert CLIENT in page.text
    answer = get(path)
    assert answer.status == 200, answer.text
    assert answer.json()["unreadable"] == [CLIENT]
    assert OTHER in {each["account_id"] for each in answer.json()["data"]}
    assert CLIENT not in {each["account_id"] for each in answer.json()["data"]}
    assert {each for each, _ in unreadable_in(capsys)} == {CLIENT}


@pytest.mark.parametrize("path", LISTS)
def test_lists_whose_clients_can_all_be_read_name_none(path: str) -> None:
    assert get(path).json()["unreadable"] == []
    assert "can't be shown" not in ask(WORKSPACE, path).text


@pytest.mark.parametrize("tab", ["all", "rebilled", "suspended", "archived"])
def test_a_client_whose_account_cannot_be_read_may_belong_in_any_tab(damage: Damage, tab: str) -> None:
    damage_client(damage, AccountRow)
    assert get("/clients", tab=tab).json()["unreadable"] == [CLIENT]


def test_a_client_whose_rebilling_cannot_be_read_stands_where_it_may_belong(damage: Damage) -> None:
    damage_client(damage, RebillingRow)
    found = {tab: get("/clients", tab=tab).json()["unreadable"] for tab in ("all", "rebilled", "suspended")}
    assert found == {"all": [CLIENT], "rebilled": [CLIENT], "suspended": []}


def test_pages_go_on_after_a_client_that_cannot_be_read(damage: Damage) -> None:
    damage_client(damage, AccountRow)
    first = get("/clients", limit="1").json()
    assert (first["data"], first["unreadable"]) == ([], [CLIENT])
    second = get("/clients", limit="1", cursor=first["next_cursor"]).json()
    assert [each["account_id"] for each in second["data"]] == [OTHER]
    assert second["next_cursor"] is None


def test_the_sum_of_a_month_is_not_complete_without_a_client_that_cannot_be_read(damage: Damage) -> None:
    whole = get("/clients/summary").json()
    damage_client(damage, ClientUsageRow)
    found = get("/clients/summary").json()
    assert (whole["clients"], whole["complete"], found["clients"], found["complete"]) == (2, True, 1, False)


def test_usage_by_client_names_a_month_that_cannot_be_read_and_shows_the_others(damage: Damage) -> None:
    damage_client(damage, ClientUsageRow)
    page = ask(WORKSPACE, "/usage", group="client")
    assert page.status == 200
    assert f"the totals leave it out: {CLIENT}" in page.text
    assert "0.05" in page.text
    assert "for none of your clients" not in page.text
    file = ask(WORKSPACE, "/usage/csv", group="client")
    month = clock.month_of(clock.now_ms())
    assert file.status == 200
    assert f'"{month}","{CLIENT}","","","","","usd",""' in file.text
    assert f'"{month}","{OTHER}","sms","1","0.05"' in file.text


@pytest.mark.parametrize(("path", "query"), [("/usage", {}), ("/usage", {"group": "client"}), ("/history", {})])
def test_a_client_whose_account_cannot_be_read_keeps_no_other_from_being_shown(
    damage: Damage, path: str, query: dict[str, str]
) -> None:
    damage_client(damage, AccountRow)
    assert ask(WORKSPACE, path, **query).status == 200
    assert ask(WORKSPACE, path, client=OTHER).status == 200
