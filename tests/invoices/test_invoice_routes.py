from collections.abc import Callable
from typing import Any

import pytest
import requests

from chalicelib.accounts.account import Account
from chalicelib.invoices.invoice import Invoice
from chalicelib.ledger.post import post_one
from chalicelib.ledger.statement import Filter, read_history
from chalicelib.money import MICROS
from chalicelib.payments.payment import Payment
from tests.api import NOBODY, Api, problem
from tests.build import debit as usage_debit
from tests.invoices.documents import AT_MS
from tests.invoices.logos import bombs, png
from tests.payments.payer import Payer

NewAccount = Callable[..., Account]
NewPayment = Callable[..., Payment]


def path(account: Account, rest: str = "") -> str:
    return f"/v1/accounts/{account.account_id}/invoices{rest}"


def transactions(account_id: str, **wanted: Any) -> list[Any]:
    return read_history(account_id, Filter(**wanted), limit=50).transactions


def debit(account: Account) -> str:
    """Post usage and return its transaction's id."""
    post_one(usage_debit(1, account.account_id, occurred_at_ms=AT_MS))
    return str(transactions(account.account_id, type="debit")[0].id)


def test_invoices_are_listed_newest_first_without_waiting_for_anyone(
    api: Api, account: Account, new_payment: NewPayment
) -> None:
    paid = [new_payment(account) for _ in range(3)]
    first = api.get(path(account, "?limit=2")).json()
    assert [each["payment_id"] for each in first["data"]] == [paid[2].payment_id, paid[1].payment_id]
    rest = api.get(path(account, f"?limit=2&cursor={first['next_cursor']}")).json()
    assert [each["payment_id"] for each in rest["data"]] == [paid[0].payment_id]
    assert rest["next_cursor"] is None
    shown = first["data"][0]
    assert shown["number"] == f"{account.account_id.upper()}-000003"
    assert (shown["total"], shown["currency"], shown["kind"]) == ("25.00", "usd", "invoice")
    assert shown["pdf"] == path(account, f"/{shown['number']}.pdf")


def test_an_invoice_is_shown_with_all_of_its_data(api: Api, account: Account, new_payment: NewPayment) -> None:
    payment = new_payment(account)
    number = api.get(path(account)).json()["data"][0]["number"]
    shown = api.get(path(account, f"/{number}")).json()
    assert shown["buyer"]["name"] == "Acme Agency LLC"
    assert shown["seller"]["name"] == "Example Platform, Inc."
    assert shown["lines"] == [
        {"description": "Wallet top-up", "quantity": "1", "unit_price": "25.00", "amount": "25.00", "period": None}
    ]
    assert (shown["total"], shown["balance_due"], shown["tax"]) == ("25.00", "0.00", None)
    assert shown["paid"]["charge_id"] == payment.charge_id
    assert shown["issued_at"].endswith("Z")


def test_pdf_behind_a_number_leads_to_the_document(api: Api, account: Account, new_payment: NewPayment) -> None:
    new_payment(account)
    answer = api.get(api.get(path(account)).json()["data"][0]["pdf"])
    assert (answer.status_code, answer.content) == (303, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    fetched = requests.get(answer.headers["Location"], timeout=30)
    assert fetched.headers["Content-Type"] == "application/pdf"
    assert fetched.content.startswith(b"%PDF-")


def test_a_credit_leads_to_its_invoice_at_once(api: Api, payer: Payer) -> None:
    payer.top_up()
    (credit,) = payer.credits
    answer = api.get(f"/v1/accounts/{payer.account_id}/transactions/{credit.id}/invoice")
    assert answer.status_code == 303
    assert requests.get(answer.headers["Location"], timeout=30).content.startswith(b"%PDF-")
    (listed,) = api.get(f"/v1/accounts/{payer.account_id}/invoices").json()["data"]
    assert listed["payment_id"] == payer.payment().payment_id


def test_a_debit_has_no_invoice_and_the_answer_says_why(api: Api, account: Account) -> None:
    answer = api.get(f"/v1/accounts/{account.account_id}/transactions/{debit(account)}/invoice")
    assert "that of the credit which filled the wallet" in problem(answer, 404, "invoice-not-found")["detail"]


def test_a_credit_by_hand_has_no_invoice(api: Api, account: Account) -> None:
    body = {"type": "credit", "amount": "5", "reason": "goodwill"}
    api.post(f"/v1/accounts/{account.account_id}/adjustments", body, Idempotency_Key="key-1")
    (credit,) = transactions(account.account_id, type="credit")
    answer = api.get(f"/v1/accounts/{account.account_id}/transactions/{credit.id}/invoice")
    assert "not paid by card" in problem(answer, 404, "invoice-not-found")["detail"]


@pytest.mark.parametrize("number", ["ACME-000001", "nothing", "BUYER-000001.pdf", "x.pdf.pdf"])
def test_a_number_that_was_never_issued_is_not_found(api: Api, account: Account, number: str) -> None:
    problem(api.get(path(account, f"/{number}")), 404, "invoice-not-found")


def test_the_number_of_another_account_or_kind_is_not_found(
    api: Api, new_account: NewAccount, new_payment: NewPayment
) -> None:
    one, other = new_account(), new_account()
    new_payment(one)
    new_payment(other)
    number = api.get(path(one)).json()["data"][0]["number"]
    assert api.get(path(other)).json()["data"]
    problem(api.get(path(other, f"/{number}")), 404, "invoice-not-found")
    problem(api.get(path(one, f"/{number.replace('-0', '-CN-0', 1)}")), 404, "invoice-not-found")


@pytest.mark.parametrize("rest", ["", "/ACME-000001", "/ACME-000001.pdf"])
def test_a_stranger_is_told_that_there_is_no_account(api: Api, account: Account, rest: str) -> None:
    stranger = api.token("owner", "somebody-else")
    problem(api.get(path(account, rest), token=stranger), 404, "account-not-found")
    problem(api.get(path(account, rest), token=NOBODY), 401, "unauthorized")


def test_a_stranger_cannot_fetch_the_invoice_of_a_transaction(api: Api, account: Account) -> None:
    url = f"/v1/accounts/{account.account_id}/transactions/{debit(account)}/invoice"
    problem(api.get(url, token=api.token("viewer", "somebody-else")), 404, "account-not-found")
    problem(api.get(url, token=api.token("viewer", account.account_id)), 404, "invoice-not-found")


def test_a_viewer_and_a_workspaces_owner_may_read(api: Api, new_account: NewAccount, new_payment: NewPayment) -> None:
    workspace = new_account()
    client = new_account(kind="client", workspace_id=workspace.account_id)
    new_payment(client)
    for token in (api.token("viewer", client.account_id), api.token("owner", workspace.account_id)):
        assert len(api.get(path(client), token=token).json()["data"]) == 1


@pytest.mark.parametrize("query", ["?limit=0", "?limit=101", "?cursor=nothing", "?cursor=MTIz%00", "?page=2"])
def test_a_bad_question_is_refused(api: Api, account: Account, query: str) -> None:
    assert api.get(path(account, query)).status_code == 422


def test_a_workspace_chooses_how_its_clients_documents_look(
    api: Api, new_account: NewAccount, new_payment: NewPayment
) -> None:
    workspace = new_account(name="Northwind", billing_details=None)
    client = new_account(kind="client", workspace_id=workspace.account_id)
    url = f"/v1/accounts/{workspace.account_id}/brand"
    owner = api.token("owner", workspace.account_id)
    assert api.get(url, token=owner).json() == {"color": "#24405f", "logo": None}
    chosen = api.put(url, {"color": "#7a3e9d", "logo": png(40, 20)}, token=owner).json()
    assert api.get(url, token=owner).json() == chosen
    new_payment(client)
    number = api.get(path(client)).json()["data"][0]["number"]
    assert api.get(path(client, f"/{number}")).json()["seller"]["name"] == "Northwind"
    assert api.put(url, {}, token=owner).json() == chosen
    assert api.put(url, {"color": "#0a0b0c"}).json() == {**chosen, "color": "#0a0b0c"}
    assert api.put(url, {"color": None}).json() == {**chosen, "color": "#24405f"}
    assert api.put(url, {"logo": None}).json() == {"color": "#24405f", "logo": None}
    assert api.put(url, {"logo": png(40, 20)}).json() == {**chosen, "color": "#24405f"}
    problem(api.put(url, {"logo": ""}, token=owner), 422, "logo-invalid")
    for logo in ("nothing", *bombs()):
        assert problem(api.put(url, {"logo": logo}, token=owner), 422, "logo-invalid")["field"] == "logo"
    problem(api.put(url, {"color": "red"}, token=owner), 422, "invalid-request")
    problem(api.put(url, {}, token=api.token("viewer", workspace.account_id)), 403, "forbidden")


def test_a_refund_leads_to_its_credit_note(api: Api, payer: Payer) -> None:
    payer.top_up()
    url = f"/v1/accounts/{payer.account_id}"
    refunds = f"{url}/payments/{payer.payment().payment_id}/refunds"
    body = {"amount": "10", "reason": "charged twice"}
    assert api.post(refunds, body, Idempotency_Key="refund-1").status_code == 201
    found = api.get(f"{url}/invoices").json()["data"]
    assert [(each["kind"], each["total"]) for each in found] == [("credit_note", "10.00"), ("invoice", "25.00")]
    assert found[0]["credits"] == found[1]["number"]
    (back,) = transactions(payer.account_id, kind="refund")
    answer = api.get(f"{url}/transactions/{back.id}/invoice")
    assert answer.status_code == 303
    assert found[0]["number"] in answer.headers["Location"]


def test_a_document_is_made_of_nothing_but_its_row(api: Api, account: Account, new_payment: NewPayment) -> None:
    new_payment(account, amount_micros=30 * MICROS)
    number = api.get(path(account)).json()["data"][0]["number"]
    before = api.get(path(account, f"/{number}")).json()
    fields = {"kind": "workspace", "name": "Renamed", "email": "new@acme.example", "currency": "usd"}
    assert api.put(f"/v1/accounts/{account.account_id}", fields).status_code == 200
    assert api.get(path(account, f"/{number}")).json() == before
    assert Invoice.__struct_config__.frozen
