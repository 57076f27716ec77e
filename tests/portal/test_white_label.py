"""Nothing that a client gets names the operator: no page, file, mail or document, and no answer to its token."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
import requests
from msgspec.structs import replace
from pypdf import PdfReader

from chalicelib import api as whole_api
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account, BillingDetails
from chalicelib.catalog.catalog import catalog
from chalicelib.invoices.issue import issue
from chalicelib.invoices.issue_credit_note import issue_credit_note
from chalicelib.money import MICROS
from chalicelib.notices.sender import find_sender
from chalicelib.payments import table as payments
from chalicelib.portal.routes import HOME, PAGES
from chalicelib.settings import settings
from local.aws import Aws
from local.resources import Deployment
from tests.api import Api
from tests.doors.declared import path_names
from tests.doors.world import Tenant, enter
from tests.environment import use
from tests.invoices import documents
from tests.invoices.logos import png
from tests.notices.conftest import Inbox
from tests.notices.sending import deliver, low, owe, pay, switch_on, used_up

ROUTES = [
    each
    for blueprint in whole_api.BLUEPRINTS
    for each in blueprint.operations
    if each.method == "GET" and each.path.startswith("/v1/accounts/")
]


def traces(text: str) -> list[str]:
    """Return what of the operator's name, e-mail and address is in a text."""
    seller, (name, _, _) = catalog().seller, str(settings().mail_from).partition(" <")
    searched = [seller.name, seller.name.partition(",")[0], str(seller.email), *seller.address, name]
    return [each for each in searched if each.casefold() in text.casefold()]


def make(api: Api, kind: str, account_id: str, **changes: Any) -> Tenant:
    """Make an account that has one of everything."""
    api.make_account(account_id, kind=kind, name="Bob's Bakery", email=f"{account_id}@bakery.example", **changes)
    path, credit = f"/v1/accounts/{account_id}", {"type": "credit", "amount": "40", "reason": "Welcome credit"}
    assert api.post(f"{path}/adjustments", credit, Idempotency_Key="welcome").status_code == 201
    transaction_id = api.get(f"{path}/transactions").json()["data"][0]["id"]
    paid = documents.payment(account_id)
    payments.put_new(paid)
    issue(paid, catalog())
    note = issue_credit_note(documents.refund(paid, 5 * MICROS), catalog())
    none = f"{account_id}.none"
    return Tenant(account_id, paid.payment_id, transaction_id, note.number, none, none, "pm_none")


@pytest.fixture(scope="module")
def agency(api_server: Api, stack: Deployment) -> Iterator[Tenant]:
    with use({"PORTAL_BASE_URL": api_server.url}):
        agency = make(api_server, "workspace", "north")
        details = BillingDetails("Studio North GmbH", ["Nordstraße 1", "Kiel"], "DE123", "hello@north.example")
        assert accounts.change(replace(accounts.get("north"), name="Studio North", billing_details=details))
        assert api_server.put("/v1/accounts/north/brand", {"color": "#7a3e9d", "logo": png(40, 20)}).ok
        yield agency


@pytest.fixture(scope="module")
def client(api_server: Api, agency: Tenant) -> Tenant:
    return make(api_server, "client", "north.bob", workspace_id="north", country="DE")


def get(api: Api, path: str, account_id: str = "") -> requests.Response:
    """Return a page, with a session of an account if one is given."""
    cookies = dict([enter(account_id).cookie.split("=", 1)]) if account_id else {}
    return requests.get(api.url + path, cookies=cookies, timeout=60)


def test_the_search_finds_the_operator_where_it_is(api: Api, agency: Tenant) -> None:
    assert "Example Platform, Inc." in traces(get(api, HOME.format(**agency.page_names), "north").text)


@pytest.mark.parametrize("page", [page for page in PAGES if page[0] == "GET"], ids=lambda page: page[2])
def test_no_page_names_it(api: Api, client: Tenant, page: tuple[str, str, str]) -> None:
    answer = get(api, (HOME + page[1]).format(**client.page_names), client.account_id)
    assert answer.status_code < 500
    if answer.headers["Content-Type"] != "application/pdf":
        assert "Studio North" in answer.text or "text/html" not in answer.headers["Content-Type"]
        assert traces(answer.text + str(answer.headers)) == []


@pytest.mark.parametrize(
    "path",
    [
        *("/portal", "/portal/signed-out", "/portal/open/used", "/portal/invitations/north.bob/1/used", "/portal/x/y"),
        *("/portal/accounts/north.bob", "/portal/accounts/north.bob/history", "/portal/accounts/nobody"),
    ],
)
def test_no_page_without_a_session_names_it(api: Api, client: Tenant, path: str) -> None:
    answer = get(api, path)
    assert answer.status_code in {200, 401, 404, 410}
    assert traces(answer.text + str(answer.headers)) == []


def test_no_page_of_a_link_and_no_way_out_names_it(api: Api, client: Tenant) -> None:
    link = api.post("/v1/portal-sessions", {"account_id": client.account_id}).json()["url"]
    visitor = enter(client.account_id)
    form = {"form_token": visitor.form_token}
    home = api.url + HOME.format(**client.page_names)
    out = requests.post(f"{home}/sign-out", data=form, headers={"Cookie": visitor.cookie}, timeout=30)
    for answer in (
        requests.get(link, timeout=30),
        requests.post(link, timeout=30),
        requests.get(link, timeout=30),
        out,
    ):
        assert traces(answer.text) == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_no_answer_of_the_api_to_the_clients_token_names_it(api: Api, client: Tenant, route: Any) -> None:
    path = route.path.format(**{name: client.names[name] for name in path_names(route)})
    answer = api.get(path, token=api.token("owner", client.account_id))
    assert answer.status_code < 500
    assert traces(answer.text + str(answer.headers)) == []


def test_no_file_for_a_spreadsheet_names_it(api: Api, client: Tenant) -> None:
    path = f"/v1/accounts/{client.account_id}/transactions.csv?for=spreadsheet"
    answer = api.get(path, token=api.token("owner", client.account_id))
    assert "Welcome credit" in answer.text
    assert traces(answer.text) == []


def test_no_invoice_and_no_credit_note_names_it_also_not_in_its_metadata(api: Api, client: Tenant) -> None:
    token = api.token("owner", client.account_id)
    listed = api.get(f"/v1/accounts/{client.account_id}/invoices", token=token).json()["data"]
    assert {each["kind"] for each in listed} == {"invoice", "credit_note"}
    for each in listed:
        pdf = requests.get(api.get(each["pdf"], token=token).headers["Location"], timeout=30).content
        reader = PdfReader(BytesIO(pdf))
        assert reader.metadata
        assert reader.metadata.author == "Studio North GmbH"
        text = "".join(page.extract_text() for page in reader.pages)
        assert "Studio North GmbH" in text
        assert traces(text + str(dict(reader.metadata)) + pdf.decode("latin-1")) == []


def test_no_mail_names_it_but_as_the_address_that_it_is_sent_from(api: Api, aws: Aws, client: Tenant) -> None:
    account = accounts.get(client.account_id)
    assert deliver(*events_of(account)) == []
    assert api.post(f"/v1/accounts/{account.account_id}/invitations", None).status_code == 201
    mails = Inbox(aws.endpoint).mails(account.email)
    assert len(mails) == 7
    assert find_sender(account.workspace_id).reply_to == "hello@north.example"
    for mail in mails:
        name, _, address = mail["Source"].partition(" <")
        assert name == "Studio North"
        assert traces(json.dumps({**mail, "Source": name}, ensure_ascii=False)) == [], address


def events_of(account: Account) -> list[Any]:
    """Return an event for each kind of mail that is true of the account."""
    switch_on(account, failures=1)
    poor = replace(account, account_id="north.poor", email=account.email)
    assert accounts.create(poor)
    return [
        *(pay(account), pay(account, "requires_action"), pay(account, "failed", "auto_pay")),
        *(used_up(poor), owe(account, "past_due", "past_due"), owe(poor, "unpaid", "unpaid"), low(account)),
    ]
