from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.stripe_emulator.client import Emulator
from tests.api import NOBODY, Api, problem
from tests.environment import use
from tests.payments.calls import top_up
from tests.payments.payer import NewPayer, Payer

CREATE = "/v1/payment_intents"


def test_a_top_up_is_charged_and_available_in_the_answer(api: Api, payer: Payer) -> None:
    owner = api.token("owner", payer.account_id)
    answer = top_up(api, payer, "25", token=owner)
    assert answer.status_code == 201
    body = answer.json()
    assert body["wallet"] == {"balance": "25.00", "currency": "usd"}
    assert body["authentication"] is None
    payment = body["payment"]
    assert (payment["state"], payment["amount"], payment["kind"], payment["failure"]) == (
        *("succeeded", "25.00", "top_up"),
        None,
    )
    assert payment["card"] == {"brand": "visa", "last_four": "4242"}
    assert payment["actor"] == f"owner:{payer.account_id}"
    assert payment["refresh"] is None
    payer.assert_paid_once()
    (charge,) = payer.charges
    assert (charge["id"], charge["amount"], charge["currency"]) == (payment["charge_id"], 2500, "usd")
    (credit,) = payer.credits
    assert credit.actor == f"owner:{payer.account_id}"


def test_the_credit_shows_in_the_history_with_its_payment(api: Api, payer: Payer) -> None:
    top_up(api, payer)
    (credit,) = api.get(f"/v1/accounts/{payer.account_id}/transactions?type=credit").json()["data"]
    assert (credit["kind"], credit["amount"], credit["source"]) == ("top_up", "25.00", "/payments")
    assert credit["payment_id"] == credit["event_id"] == payer.payment().payment_id


def test_a_repeat_gives_the_same_answer_and_changes_nothing(api: Api, payer: Payer) -> None:
    first = top_up(api, payer, "25")
    for amount in ("25", "25.0", "25.00"):
        again = top_up(api, payer, amount)
        assert (again.status_code, again.json()) == (201, first.json())
    payer.assert_paid_once()


def test_any_card_on_file_may_pay(api: Api, payer: Payer) -> None:
    other = payer.add_card("pm_card_mastercard")
    paid = top_up(api, payer, more={"card_id": other.payment_method_id})
    assert (paid.status_code, paid.json()["payment"]["card"]["last_four"]) == (201, "4444")
    assert top_up(api, payer, more={"card_id": other.payment_method_id}).json() == paid.json()
    problem(top_up(api, payer), 409, "idempotency-conflict")
    payer.assert_paid_once()


def test_a_card_that_is_not_on_file_pays_nothing_and_the_key_stays_free(api: Api, payer: Payer) -> None:
    refused = top_up(api, payer, more={"card_id": "pm_card_visa"})
    problem(refused, 404, "card-not-found")
    payer.assert_not_paid()
    assert top_up(api, payer).status_code == 201


def test_a_repeat_by_another_person_is_the_same_payment(api: Api, payer: Payer) -> None:
    client = api.make_account("repeating", kind="client", workspace_id=payer.account_id)
    payer.connect_stripe()
    buyer = Payer(client, payer.emulator)
    buyer.save_card()
    first = top_up(api, buyer, token=api.token("owner", client))
    assert top_up(api, buyer, token=api.token("owner", payer.account_id)).json() == first.json()
    buyer.assert_paid_once()


def test_the_same_key_of_the_operator_and_of_a_customer_is_two_payments(api: Api, payer: Payer) -> None:
    owner = api.token("owner", payer.account_id)
    by_operator, by_owner = top_up(api, payer).json(), top_up(api, payer, "30", token=owner).json()
    assert top_up(api, payer).json()["payment"]["payment_id"] == by_operator["payment"]["payment_id"]
    assert top_up(api, payer, "30", token=owner).json()["payment"] == by_owner["payment"]
    assert [charge["amount"] for charge in payer.charges] in ([2500, 3000], [3000, 2500])


def test_the_same_key_with_other_content_is_refused(api: Api, payer: Payer) -> None:
    top_up(api, payer, "25")
    problem(top_up(api, payer, "26"), 409, "idempotency-conflict")
    # The conflict comes before the limits: whatever the new amount is, the key is taken.
    problem(top_up(api, payer, "1"), 409, "idempotency-conflict")
    payer.assert_paid_once()


def test_a_key_of_an_adjustment_is_no_key_for_a_top_up(api: Api, payer: Payer) -> None:
    adjustment = {"type": "credit", "amount": "1", "reason": "goodwill"}
    api.post(f"/v1/accounts/{payer.account_id}/adjustments", adjustment, Idempotency_Key="key-1")
    problem(top_up(api, payer), 409, "idempotency-conflict")


def test_two_keys_are_two_payments(api: Api, payer: Payer) -> None:
    top_up(api, payer, "25", "key-1")
    assert top_up(api, payer, "25", "key-2").json()["wallet"]["balance"] == "50.00"
    assert len(payer.charges) == len(payer.credits) == 2


def test_the_same_key_of_two_accounts_is_two_payments(api: Api, new_payer: NewPayer) -> None:
    for payer in (new_payer(), new_payer()):
        top_up(api, payer)
        payer.assert_paid_once()


@pytest.mark.parametrize("key", [..., "", "a b", "x" * 256, "schlüssel".encode()])
def test_a_request_without_a_proper_key_is_refused(api: Api, payer: Payer, key: Any) -> None:
    headers = {} if key is ... else {"Idempotency_Key": key}
    answer = api.post(f"/v1/accounts/{payer.account_id}/top-ups", {"amount": "25"}, **headers)
    problem(answer, 400, "idempotency-key-missing")
    payer.assert_not_paid()


@pytest.mark.parametrize("amount", ["9.99", "0", "0.01", "5000.01", "999999999999"])
def test_an_amount_outside_the_limits_is_refused_with_the_limits(api: Api, payer: Payer, amount: str) -> None:
    refused = problem(top_up(api, payer, amount), 422, "top-up-out-of-limits")
    assert (refused["minimum"], refused["maximum"], refused["field"]) == ("10.00", "5000.00", "amount")
    assert payer.payments == []


@pytest.mark.parametrize("amount", ["10", "5000", "5000.00", "10.01"])
def test_an_amount_at_the_limits_is_taken(api: Api, payer: Payer, amount: str) -> None:
    assert top_up(api, payer, amount).status_code == 201


@pytest.mark.parametrize(
    ("body", "slug", "field"),
    [
        ({"amount": "25.001"}, "amount-not-chargeable", None),
        ({"amount": "25.0000001"}, "invalid-request", "amount"),
        ({"amount": "-25"}, "invalid-request", "amount"),
        ({"amount": "1e3"}, "invalid-request", "amount"),
        ({"amount": "NaN"}, "invalid-request", "amount"),
        ({"amount": "1" * 13}, "invalid-request", "amount"),
        ({"amount": 25}, "invalid-request", "amount"),
        ({}, "invalid-request", "amount"),
        ({"amount": "25", "currency": "eur"}, "currency-mismatch", "currency"),
        ({"amount": "25", "currency": "USD"}, "invalid-request", "currency"),
        ({"amount": "25", "tip": "1"}, "invalid-request", "tip"),
    ],
)
def test_a_wrong_body_is_refused_by_field(api: Api, payer: Payer, body: Any, slug: str, field: str | None) -> None:
    answer = api.post(f"/v1/accounts/{payer.account_id}/top-ups", body, Idempotency_Key="key-1")
    assert problem(answer, 422, slug).get("field") == field
    payer.assert_not_paid()


def test_the_accounts_own_currency_may_be_named(api: Api, payer: Payer) -> None:
    assert top_up(api, payer, more={"currency": "usd"}).status_code == 201
    assert top_up(api, payer).status_code == 201
    payer.assert_paid_once()


def test_a_currency_without_decimals_is_charged_in_whole_units(api: Api, new_payer: NewPayer) -> None:
    payer = new_payer(currency="jpy")
    problem(top_up(api, payer, "2500.5"), 422, "amount-not-chargeable")
    assert top_up(api, payer, "2500", "key-2").json()["wallet"] == {"balance": "2500", "currency": "jpy"}
    assert [charge["amount"] for charge in payer.charges] == [2500]


def test_without_a_card_the_refusal_says_what_to_do_and_the_key_stays_free(api: Api, new_payer: NewPayer) -> None:
    payer = new_payer(card=None)
    assert "card-setups" in problem(top_up(api, payer), 409, "card-missing")["detail"]
    payer.save_card()
    assert top_up(api, payer).status_code == 201
    payer.assert_paid_once()


def test_a_repeat_answers_the_payment_after_the_card_is_gone(api: Api, payer: Payer) -> None:
    first = top_up(api, payer)
    api.call("DELETE", f"/v1/accounts/{payer.account_id}/card")
    assert top_up(api, payer).json() == first.json()
    problem(top_up(api, payer, key="key-2"), 409, "card-missing")


def test_who_may_not_is_told_no(api: Api, payer: Payer, new_payer: NewPayer) -> None:
    stranger = new_payer(card=None).account_id
    problem(top_up(api, payer, token=NOBODY), 401, "unauthorized")
    problem(top_up(api, payer, token=api.token("viewer", payer.account_id)), 403, "forbidden")
    problem(top_up(api, payer, token=api.token("owner", stranger)), 404, "account-not-found")
    payer.assert_not_paid()


def test_a_workspaces_owner_may_pay_for_its_client(api: Api, payer: Payer, new_payer: NewPayer) -> None:
    client = api.make_account("client-of-payer", kind="client", workspace_id=payer.account_id)
    payer.connect_stripe()
    buyer = Payer(client, payer.emulator)
    buyer.save_card()
    assert top_up(api, buyer, token=api.token("owner", payer.account_id)).status_code == 201
    buyer.assert_paid_once()


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
        ("pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
    ],
)
def test_a_declined_card_is_answered_with_stripes_code_and_again_for_its_repeat(
    api: Api, payer: Payer, card: str, code: str, decline_code: str
) -> None:
    payer.put_test_card(card)
    refused = problem(top_up(api, payer), 402, "card-declined")
    assert (refused["code"], refused["decline_code"]) == (code, decline_code)
    assert refused["payment_id"] == payer.payment().payment_id
    assert top_up(api, payer).json() == refused
    payer.deliver()
    assert top_up(api, payer).json() == refused
    assert payer.payment().state == "failed"
    payer.assert_not_paid()
    assert [call["path"] for call in payer.emulator.calls("POST", CREATE)].count(CREATE) == 1


def test_a_declined_card_can_be_saved_and_replaced_and_the_next_key_pays(api: Api, new_payer: NewPayer) -> None:
    payer = new_payer("pm_card_chargeCustomerFail")
    problem(top_up(api, payer), 402, "card-declined")
    payer.save_card("pm_card_mastercard")
    assert top_up(api, payer, key="key-2").status_code == 201
    assert [payment.state for payment in payer.payments] == ["succeeded", "failed"]
    assert payer.balance_micros == 25_000_000


def test_a_card_that_stripe_lost_is_a_definite_failure(api: Api, payer: Payer, emulator: Emulator) -> None:
    emulator.stripe_client().v1.payment_methods.detach(payer.card().payment_method_id)
    refused = problem(top_up(api, payer), 402, "card-declined")
    assert "Save a card again" in refused["detail"]
    assert payer.payment().state == "failed"
    payer.assert_not_paid()


def test_an_unknown_outcome_is_told_with_a_way_to_check_again(api: Api, payer: Payer, emulator: Emulator) -> None:
    emulator.fault("cut_after_effect", method="POST", path=CREATE, times=2)
    answer = top_up(api, payer)
    assert answer.status_code == 202
    assert answer.headers["Retry-After"]
    assert answer.json()["payment"]["state"] == "created"
    shown = api.get(f"/v1/accounts/{payer.account_id}/billing").json()["payments_unresolved"]
    assert shown == [answer.json()["payment"]]
    checked = api.post(shown[0]["refresh"], None)
    assert (checked.status_code, checked.json()["payment"]["state"]) == (200, "succeeded")
    assert api.get(f"/v1/accounts/{payer.account_id}/billing").json()["payments_unresolved"] == []
    payer.assert_paid_once()


def test_eight_at_once_with_one_key_are_one_charge_and_one_credit(api: Api, payer: Payer) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: top_up(api, payer), range(8)))
    assert {answer.status_code for answer in answers} <= {201, 202}
    assert top_up(api, payer).status_code == 201
    payer.assert_paid_once()
    assert len({answer.json()["payment"]["payment_id"] for answer in answers}) == 1


def test_eight_at_once_with_eight_keys_are_eight_of_each(api: Api, payer: Payer) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: top_up(api, payer, key=f"key-{number}"), range(8)))
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len(payer.charges) == len(payer.credits) == 8
    assert payer.balance_micros == 200_000_000


def test_a_wrong_stripe_key_is_loud_and_charges_nothing(api: Api, payer: Payer) -> None:
    with use({}, secrets={"stripe_secret_key": "sk_live_of_nobody"}):
        problem(top_up(api, payer), 503, "payments-unavailable")
    assert payer.payment().state == "created"
    assert top_up(api, payer).status_code == 201
    payer.assert_paid_once()
