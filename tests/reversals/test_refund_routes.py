from typing import Any

import pytest

from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.text import Line
from chalicelib.token import Role
from local.stripe_emulator.client import Emulator
from tests.api import NOBODY, Api, problem
from tests.payments.payer import NewPayer, Payer
from tests.reversals.refund_calls import REFUND, post, show, spend
from tests.reversals.refunder import REFUNDS, assert_refunded_once, assert_sound, kinds, only_refund, pay, tell


def test_a_refund_goes_to_the_card_and_leaves_the_wallet(api: Api, paid: Payer) -> None:
    answer = post(api, paid)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["refund"]["state"] == "succeeded"
    assert body["refund"]["amount"] == "25.00"
    assert (body["refund"]["reason"], body["refund"]["actor"]) == ("goodwill", "operator")
    assert body["payment"]["refunded"] == "25.00"
    assert body["payment"]["state"] == "succeeded"
    assert body["wallet"] == {"balance": "0.00", "currency": "usd"}
    assert_refunded_once(paid)


def test_a_part_can_be_refunded_and_then_the_rest(api: Api, paid: Payer) -> None:
    assert post(api, paid, {**REFUND, "amount": "10"}).json()["payment"]["refunded"] == "10.00"
    second = post(api, paid, key="refund-2").json()
    assert (second["refund"]["amount"], second["payment"]["refunded"]) == ("15.00", "25.00")
    assert kinds(paid) == [("refund", -10), ("refund", -15)]
    problem(post(api, paid, key="refund-3"), 409, "nothing-to-refund")
    assert_sound(paid)


def test_a_payment_shows_its_refunds_and_disputes(api: Api, paid: Payer, emulator: Emulator) -> None:
    fresh = show(api, paid)
    assert (fresh["refunded"], fresh["refunds"], fresh["disputes"], fresh["dispute_status"]) == ("0.00", [], [], None)
    post(api, paid, {**REFUND, "amount": "10"})
    emulator.open_dispute(paid.charges[0]["id"])
    tell(paid)
    shown = show(api, paid)
    assert [(each["amount"], each["state"]) for each in shown["refunds"]] == [("10.00", "succeeded")]
    (dispute,) = shown["disputes"]
    assert (dispute["amount"], dispute["debited"], dispute["reason"]) == ("15.00", "15.00", "fraudulent")
    assert dispute["evidence_due_by"].endswith("Z")
    assert (shown["dispute_status"], shown["state"]) == ("needs_response", "succeeded")
    listed = api.get(f"/v1/accounts/{paid.account_id}/payments").json()["data"][0]
    assert (listed["refunded"], listed["dispute_status"]) == ("10.00", "needs_response")


def test_repeating_a_key_changes_nothing(api: Api, paid: Payer, emulator: Emulator) -> None:
    first = post(api, paid, {**REFUND, "amount": "10"})
    calls = len(emulator.calls())
    again = post(api, paid, {**REFUND, "amount": "10.00"})
    assert again.status_code == 201
    assert again.json()["refund"] == first.json()["refund"]
    assert len(emulator.calls()) == calls
    assert_refunded_once(paid, 10)


@pytest.mark.parametrize("changes", [{"amount": "9"}, {"reason": "another"}, {"amount": None}])
def test_a_key_with_other_content_is_refused(api: Api, paid: Payer, changes: dict[str, Any]) -> None:
    body = {**REFUND, "amount": "10"}
    post(api, paid, body)
    other = {name: value for name, value in {**body, **changes}.items() if value is not None}
    problem(post(api, paid, other), 409, "idempotency-conflict")
    assert_refunded_once(paid, 10)


def test_a_key_of_a_top_up_by_the_operator_is_refused(api: Api, payer: Payer) -> None:
    payer.top_up(space="operator")
    problem(post(api, payer, key=payer.key), 409, "idempotency-conflict")


def test_a_key_of_a_customer_is_free_for_a_refund(api: Api, paid: Payer) -> None:
    refunded = post(api, paid, key=paid.key)
    assert refunded.status_code == 201
    assert post(api, paid, key=paid.key).json() == refunded.json()
    assert paid.top_up().payment == paid.payment()


def test_no_more_is_refunded_than_is_unspent(api: Api, paid: Payer) -> None:
    spend(paid, "5.005")
    refused = problem(post(api, paid, {**REFUND, "amount": "20"}), 422, "refund-too-large")
    assert (refused["maximum"], refused["currency"], refused["field"]) == ("19.99", "usd", "amount")
    # A refusal keeps no key.
    assert post(api, paid, {**REFUND, "amount": "19.99"}).status_code == 201
    assert paid.balance_micros == 5_000
    refused = problem(post(api, paid, key="refund-2"), 409, "nothing-to-refund")
    assert refused["because"] == "spent"


def test_a_full_wallet_does_not_make_a_payment_larger(api: Api, paid: Payer) -> None:
    request = AdjustmentRequest("credit", "100", Line("goodwill"))
    adjust(paid.account(), request, key=Key("more", "operator"), actor="operator")
    assert problem(post(api, paid, {**REFUND, "amount": "25.01"}), 422, "refund-too-large")["maximum"] == "25.00"
    assert post(api, paid).json()["refund"]["amount"] == "25.00"
    assert problem(post(api, paid, key="refund-2"), 409, "nothing-to-refund")["because"] == "refunded"


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({"reason": "x", "amount": "0"}, 422, "amount-not-chargeable"),
        ({"reason": "x", "amount": "1.005"}, 422, "amount-not-chargeable"),
        ({"reason": "x", "amount": "-1"}, 422, "invalid-request"),
        ({"reason": "x", "amount": 5}, 422, "invalid-request"),
        ({"reason": "x", "amount": "1e2"}, 422, "invalid-request"),
        ({"reason": "x", "amount": "5", "currency": "eur"}, 422, "currency-mismatch"),
        ({"reason": ""}, 422, "invalid-request"),
        ({"amount": "5"}, 422, "invalid-request"),
        ({"reason": "x", "amuont": "5"}, 422, "invalid-request"),
    ],
)
def test_bad_input_is_refused(api: Api, paid: Payer, body: dict[str, Any], status: int, slug: str) -> None:
    problem(post(api, paid, body), status, slug)
    assert kinds(paid) == []


def test_a_refund_needs_a_key(api: Api, paid: Payer) -> None:
    problem(post(api, paid, key=""), 400, "idempotency-key-missing")


def test_no_account_refunds_itself(api: Api, paid: Payer) -> None:
    roles: tuple[Role, ...] = ("owner", "viewer")
    for role in roles:
        problem(post(api, paid, token=api.token(role, paid.account_id)), 403, "forbidden")
    problem(post(api, paid, token=api.token("owner", "a-stranger")), 404, "account-not-found")
    problem(post(api, paid, token=NOBODY), 401, "unauthorized")
    assert kinds(paid) == []


def test_another_accounts_payment_is_not_there(api: Api, paid: Payer, new_payer: NewPayer) -> None:
    other = new_payer()
    problem(post(api, other, payment_id=paid.payment().payment_id), 404, "payment-not-found")
    problem(post(api, paid, payment_id="pay_unheard_of"), 404, "payment-not-found")


def test_a_payment_that_took_no_money_cannot_be_refunded(api: Api, payer: Payer, emulator: Emulator) -> None:
    emulator.fault("cut_before_effect", method="POST", path="/v1/payment_intents", times=0)
    payer.top_up()
    assert problem(post(api, payer), 409, "payment-not-refundable")["state"] == "created"
    assert emulator.calls("POST", REFUNDS) == []


def test_a_disputed_payment_is_not_refunded_until_the_dispute_is_won(api: Api, paid: Payer, emulator: Emulator) -> None:
    dispute = emulator.open_dispute(paid.charges[0]["id"])["id"]
    tell(paid)
    refused = problem(post(api, paid), 409, "payment-disputed")
    assert (refused["dispute_id"], refused["dispute_status"]) == (dispute, "needs_response")
    emulator.close_dispute(dispute, "win")
    tell(paid)
    assert post(api, paid).status_code == 201
    assert kinds(paid) == [("dispute", -25), ("dispute_reversal", 25), ("refund", -25)]
    assert_sound(paid)


def test_a_dispute_that_nobody_here_heard_of_yet_is_stripes_refusal(api: Api, paid: Payer, emulator: Emulator) -> None:
    emulator.open_dispute(paid.charges[0]["id"])
    refused = problem(post(api, paid), 409, "refund-failed")
    assert refused["code"] == "charge_disputed"
    problem(post(api, paid), 409, "refund-failed")
    assert only_refund(paid).state == "failed"
    assert kinds(paid) == []
    assert show(api, paid)["refunded"] == "0.00"


@pytest.mark.parametrize(("currency", "amount"), [("jpy", "2500"), ("kwd", "12.340")])
def test_every_currency_is_refunded_in_its_own_units(api: Api, new_payer: NewPayer, currency: str, amount: str) -> None:
    payer = new_payer(currency=currency)
    payment = pay(payer, amount)
    answer = post(api, payer, payment_id=payment.payment_id)
    assert answer.status_code == 201, answer.text
    assert answer.json()["refund"]["amount"] == amount
    assert payer.balance_micros == 0
    assert_sound(payer)


def test_a_subscriptions_payment_is_refunded_without_the_wallet(api: Api, new_payer: NewPayer) -> None:
    payer = new_payer()
    pay(payer, "49", kind="subscription")
    assert post(api, payer, {**REFUND, "amount": "9"}).json()["wallet"]["balance"] == "0.00"
    payer.emulator.open_dispute(payer.charges[0]["id"])
    tell(payer)
    shown = show(api, payer)
    assert shown["refunded"] == "9.00"
    assert [(each["amount"], each["debited"]) for each in shown["disputes"]] == [("40.00", "0.00")]
    assert kinds(payer) == []
    assert_sound(payer)
