from typing import Any

import pytest

from chalicelib.ledger.verify import verify
from chalicelib.payments.top_up import DESCRIPTION
from local.stripe_emulator.client import Emulator
from tests.api import NOBODY, Api, problem
from tests.payments.calls import top_up
from tests.payments.payer import NewPayer, Payer


def test_payments_are_listed_newest_first_page_by_page(api: Api, payer: Payer) -> None:
    for number in range(5):
        payer.top_up(key=f"key-{number}")
    url = f"/v1/accounts/{payer.account_id}/payments"
    everything = api.get(url).json()
    assert everything["next_cursor"] is None
    created = [payment["created_at"] for payment in everything["data"]]
    assert created == sorted(created, reverse=True)
    page = api.get(f"{url}?limit=2").json()
    found = page["data"]
    while page["next_cursor"]:
        page = api.get(f"{url}?limit=2&cursor={page['next_cursor']}").json()
        found += page["data"]
    assert found == everything["data"]
    assert len(found) == 5


def test_a_full_last_page_has_no_cursor(api: Api, payer: Payer) -> None:
    payer.top_up()
    assert api.get(f"/v1/accounts/{payer.account_id}/payments?limit=1").json()["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("limit=0", "invalid-request"),
        ("limit=101", "invalid-request"),
        ("limit=x", "invalid-request"),
        ("page=2", "invalid-request"),
        ("cursor=abc", "invalid-cursor"),
        ("cursor=%ff", "invalid-cursor"),
        ("cursor=cGF5", "invalid-cursor"),
    ],
)
def test_a_wrong_query_is_refused(api: Api, payer: Payer, query: str, slug: str) -> None:
    problem(api.get(f"/v1/accounts/{payer.account_id}/payments?{query}"), 422, slug)


def test_a_payment_is_shown_with_stripes_ids(api: Api, payer: Payer) -> None:
    payment = payer.top_up().payment
    shown = api.get(f"/v1/accounts/{payer.account_id}/payments/{payment.payment_id}").json()
    assert shown["description"] == DESCRIPTION
    assert shown["payment_intent_id"] == payment.payment_intent_id
    assert shown["charge_id"] == payer.charges[0]["id"]
    assert shown["created_at"].endswith("Z")


def test_another_accounts_payment_is_not_there(api: Api, payer: Payer, new_payer: NewPayer) -> None:
    payment_id = payer.top_up().payment.payment_id
    other = new_payer(card=None)
    problem(api.get(f"/v1/accounts/{other.account_id}/payments/{payment_id}"), 404, "payment-not-found")
    problem(api.post(f"/v1/accounts/{other.account_id}/payments/{payment_id}/refresh", None), 404, "payment-not-found")
    problem(api.get(f"/v1/accounts/{payer.account_id}/payments/pay_unheard_of"), 404, "payment-not-found")


def test_refreshing_an_ended_payment_asks_nobody(api: Api, payer: Payer, emulator: Emulator) -> None:
    payment = payer.top_up().payment
    calls = len(emulator.calls())
    shown = api.post(f"/v1/accounts/{payer.account_id}/payments/{payment.payment_id}/refresh", None)
    assert (shown.status_code, shown.json()["payment"]["state"]) == (200, "succeeded")
    assert len(emulator.calls()) == calls


def test_a_viewer_reads_and_does_not_act(api: Api, payer: Payer) -> None:
    payment = payer.top_up().payment
    viewer = api.token("viewer", payer.account_id)
    account = f"/v1/accounts/{payer.account_id}"
    for path in ("/payments", f"/payments/{payment.payment_id}", "/billing"):
        assert api.get(account + path, token=viewer).status_code == 200
        problem(api.get(account + path, token=NOBODY), 401, "unauthorized")
        problem(api.get(account + path, token=api.token("owner", "a-stranger")), 404, "account-not-found")
    problem(api.post(f"{account}/payments/{payment.payment_id}/refresh", None, token=viewer), 403, "forbidden")


def test_the_overview_shows_everything_at_once(api: Api, payer: Payer) -> None:
    overview = api.get(f"/v1/accounts/{payer.account_id}/billing").json()
    assert overview["account"]["account_id"] == payer.account_id
    assert overview["wallet"] == {"balance": "0.00", "currency": "usd", "floor": "0.00", "status": "exhausted"}
    assert overview["card"]["last_four"] == "4242"
    assert overview["auto_pay"]["enabled"] is False
    assert overview["subscription"] is None
    assert overview["payments_unresolved"] == []
    assert overview["top_up"] == {
        "minimum": "10.00",
        "maximum": "5000.00",
        "step": "0.01",
        "shortcuts": ["25.00", "50.00", "100.00", "250.00"],
        "currency": "usd",
    }
    payer.top_up()
    assert api.get(f"/v1/accounts/{payer.account_id}/billing").json()["wallet"]["status"] == "open"


def adjust(api: Api, payer: Payer, body: dict[str, Any], key: str = "key-1", **options: Any) -> Any:
    return api.post(f"/v1/accounts/{payer.account_id}/adjustments", body, Idempotency_Key=key, **options)


CREDIT = {"type": "credit", "amount": "3.50", "reason": "Two calls were cut off"}


def test_the_operator_credits_and_debits_with_a_reason(api: Api, payer: Payer) -> None:
    answer = adjust(api, payer, CREDIT)
    assert answer.status_code == 201
    assert answer.json()["wallet"] == {"balance": "3.50", "currency": "usd"}
    debit = adjust(api, payer, {"type": "debit", "amount": "5.000001", "reason": "Counted twice"}, "key-2").json()
    assert debit["wallet"]["balance"] == "-1.500001"
    newest, first = api.get(f"/v1/accounts/{payer.account_id}/transactions").json()["data"]
    assert (first["kind"], first["type"], first["amount"]) == ("adjustment", "credit", "3.50")
    assert (first["description"], first["actor"]) == ("Two calls were cut off", "operator")
    assert (newest["type"], newest["amount"], newest["event_id"]) == ("debit", "5.000001", debit["adjustment_id"])


def test_an_adjustment_sent_again_is_posted_once(api: Api, payer: Payer) -> None:
    first = adjust(api, payer, CREDIT)
    assert adjust(api, payer, CREDIT).json() == first.json()
    assert adjust(api, payer, {**CREDIT, "amount": "3.5"}).status_code == 201
    assert verify(payer.account_id).transactions == 1


@pytest.mark.parametrize("change", [{"type": "debit"}, {"amount": "3.51"}, {"reason": "Another"}])
def test_a_key_with_another_adjustment_is_refused(api: Api, payer: Payer, change: dict[str, str]) -> None:
    adjust(api, payer, CREDIT)
    problem(adjust(api, payer, {**CREDIT, **change}), 409, "idempotency-conflict")
    assert payer.balance_micros == 3_500_000


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({**CREDIT, "amount": "0"}, "adjustment-empty"),
        ({**CREDIT, "amount": "-1"}, "invalid-request"),
        ({**CREDIT, "amount": "0.0000001"}, "invalid-request"),
        ({**CREDIT, "type": "gift"}, "invalid-request"),
        ({**CREDIT, "reason": ""}, "invalid-request"),
        ({"type": "credit", "amount": "1"}, "invalid-request"),
        ({**CREDIT, "currency": "eur"}, "currency-mismatch"),
        ({**CREDIT, "kind": "top_up"}, "invalid-request"),
    ],
)
def test_a_wrong_adjustment_is_refused(api: Api, payer: Payer, body: dict[str, Any], slug: str) -> None:
    problem(adjust(api, payer, body), 422, slug)
    assert payer.balance_micros == 0


def test_a_customers_key_is_free_for_an_adjustment_of_the_operator(api: Api, payer: Payer) -> None:
    owner = api.token("owner", payer.account_id)
    assert top_up(api, payer, key="shared", token=owner).status_code == 201
    first = adjust(api, payer, CREDIT, key="shared")
    assert first.status_code == 201
    assert adjust(api, payer, CREDIT, key="shared").json() == first.json()
    assert top_up(api, payer, key="shared", token=owner).status_code == 201
    assert len(payer.charges) == 1


def test_only_the_operator_adjusts(api: Api, payer: Payer) -> None:
    problem(adjust(api, payer, CREDIT, token=api.token("owner", payer.account_id)), 403, "forbidden")
    problem(adjust(api, payer, CREDIT, token=api.token("owner", "a-stranger")), 404, "account-not-found")
    answer = api.post(f"/v1/accounts/{payer.account_id}/adjustments", CREDIT)
    problem(answer, 400, "idempotency-key-missing")
    assert payer.balance_micros == 0
