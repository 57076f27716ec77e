"""Every test card's documented outcome, on session and off session (https://docs.stripe.com/testing)."""

from typing import Any

import pytest
import stripe

from local.stripe_emulator import test_cards
from local.stripe_emulator.client import Emulator, wait_until
from local.stripe_emulator.test_cards import Authentication, Sequel
from tests.stripe_emulator.conftest import CARD_ONLY, pay, saved_card

PLAIN = [
    card for card in test_cards.CARDS if card.decline is None and card.authentication is Authentication.NEVER
    and card.sequel not in (Sequel.SETTLES, Sequel.FAILS_TO_SETTLE)
]  # fmt: skip
DECLINING = [card for card in test_cards.CARDS if not card.attaches]
ASKING = [
    card
    for card in test_cards.CARDS
    if card.authentication not in (Authentication.NEVER, Authentication.WHEN_REQUESTED)
]


def method_of(card: test_cards.Card) -> str:
    name = card.names[0]
    return name if name.startswith("pm_") else f"pm_card_{name}"


def names(card: test_cards.Card) -> str:
    return card.names[0]


def test_every_number_has_a_right_check_digit() -> None:
    assert [card.number for card in test_cards.CARDS if not test_cards.is_valid_number(card.number)] == []


@pytest.mark.parametrize("off_session", [False, True])
@pytest.mark.parametrize("card", PLAIN, ids=names)
def test_plain_cards_succeed(client: Any, card: test_cards.Card, off_session: bool) -> None:
    intent = pay(client, method_of(card), off_session=off_session, expand=["latest_charge"])
    assert intent.status == "succeeded"
    assert intent.latest_charge.payment_method_details.card.last4 == card.last4
    assert intent.latest_charge.payment_method_details.card.brand == card.brand


@pytest.mark.parametrize("off_session", [False, True])
@pytest.mark.parametrize("card", DECLINING, ids=names)
def test_declining_cards_decline(emulator: Emulator, client: Any, card: test_cards.Card, off_session: bool) -> None:
    with pytest.raises(stripe.CardError) as declined:
        pay(client, method_of(card), off_session=off_session)
    error: Any = declined.value.error
    assert card.decline is not None
    assert (declined.value.http_status, error.code, error.decline_code) == (
        402,
        card.decline.code,
        card.decline.decline_code,
    )
    intent = client.v1.payment_intents.retrieve(error.payment_intent.id)
    assert (intent.status, intent.payment_method) == ("requires_payment_method", None)
    assert intent.last_payment_error.decline_code == card.decline.decline_code
    assert [charge["id"] for charge in emulator.charges(intent.id, status="failed")] == [error.charge]
    assert emulator.charges() == []


@pytest.mark.parametrize("card", DECLINING, ids=names)
def test_declining_cards_can_be_neither_attached_nor_set_up(client: Any, card: test_cards.Card) -> None:
    customer = client.v1.customers.create().id
    with pytest.raises(stripe.CardError):
        client.v1.payment_methods.attach(method_of(card), {"customer": customer})
    with pytest.raises(stripe.CardError) as refused:
        saved_card(client, method_of(card))
    error: Any = refused.value.error
    assert error.setup_intent.status == "requires_payment_method"


def test_a_card_that_attaches_and_then_declines(client: Any) -> None:
    saved = saved_card(client, "pm_card_chargeCustomerFail")
    assert saved.status == "succeeded"
    with pytest.raises(stripe.CardError) as declined:
        pay(client, saved.payment_method, customer=saved.customer, off_session=True)
    error: Any = declined.value.error
    assert error.decline_code == "generic_decline"


@pytest.mark.parametrize("card", ASKING, ids=names)
def test_cards_with_3d_secure_ask_on_session(emulator: Emulator, client: Any, card: test_cards.Card) -> None:
    intent = pay(client, method_of(card))
    assert (intent.status, intent.next_action.type) == ("requires_action", "use_stripe_sdk")
    assert emulator.charges(status="") == []
    ended = emulator.authenticate(intent.id)
    if card.decline is None:
        assert (ended["status"], len(emulator.charges(intent.id))) == ("succeeded", 1)
    else:
        assert ended["status"] == "requires_payment_method"
        assert ended["last_payment_error"]["decline_code"] == card.decline.decline_code


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("authenticationRequired", "authentication_required"),
        ("threeDSecure2Required", "authentication_required"),
        ("authenticationRequiredOnSetup", "succeeded"),
        ("authenticationRequiredSetupForOffSession", "succeeded"),
        ("authenticationRequiredChargeDeclinedInsufficientFunds", "card_declined"),
    ],
)
def test_a_saved_card_with_3d_secure_off_session(emulator: Emulator, client: Any, name: str, outcome: str) -> None:
    saved = saved_card(client, f"pm_card_{name}", emulator)
    assert saved.status == "succeeded"
    try:
        result = pay(client, saved.payment_method, customer=saved.customer, off_session=True).status
    except stripe.CardError as declined:
        error: Any = declined.error
        assert error.payment_intent.status == "requires_payment_method"
        result = error.code
    assert result == outcome


def test_a_card_that_was_only_attached_is_not_set_up(client: Any) -> None:
    customer = client.v1.customers.create().id
    method = client.v1.payment_methods.attach("pm_card_authenticationRequiredOnSetup", {"customer": customer})
    with pytest.raises(stripe.CardError) as declined:
        pay(client, method.id, customer=customer, off_session=True)
    assert declined.value.code == "authentication_required"


def test_a_failed_challenge_ends_the_attempt_and_another_card_can_pay(emulator: Emulator, client: Any) -> None:
    intent = pay(client, "pm_card_authenticationRequired")
    failed = emulator.authenticate(intent.id, "fail")
    assert failed["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert emulator.charges() == []
    again = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (again.status, len(emulator.charges(intent.id))) == ("succeeded", 1)


def test_error_on_requires_action_declines_instead_of_asking(client: Any) -> None:
    with pytest.raises(stripe.CardError) as declined:
        pay(client, "pm_card_authenticationRequired", error_on_requires_action=True)
    assert declined.value.code == "authentication_required"


@pytest.mark.parametrize(("requested", "status"), [("any", "requires_action"), ("automatic", "succeeded")])
def test_optional_3d_secure_is_asked_for_on_request(client: Any, requested: str, status: str) -> None:
    options = {"card": {"request_three_d_secure": requested}}
    assert pay(client, "pm_card_threeDSecureOptional", payment_method_options=options).status == status


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("pm_emulator_processingSuccess", "succeeded"),
        ("pm_emulator_processingFail", "requires_payment_method"),
    ],
)
def test_slow_payments_settle_by_themselves(emulator: Emulator, client: Any, method: str, status: str) -> None:
    intent = pay(client, method)
    assert intent.status == "processing"
    wait_until(lambda: client.v1.payment_intents.retrieve(intent.id).status == status)
    assert len(emulator.charges(intent.id)) == (status == "succeeded")


def test_an_expired_card_is_declined_when_its_time_has_come(emulator: Emulator, client: Any) -> None:
    saved = saved_card(client)
    emulator.move_clock(6 * 366 * 86_400)
    with pytest.raises(stripe.CardError) as declined:
        pay(client, saved.payment_method, customer=saved.customer, off_session=True)
    assert declined.value.code == "expired_card"


def test_a_fingerprint_is_the_same_for_the_same_number_and_differs_for_others(client: Any) -> None:
    def fingerprint(number: str) -> str:
        card = {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
        return str(client.v1.payment_methods.create({"type": "card", "card": card}).card.fingerprint)

    assert fingerprint("4242424242424242") == fingerprint("4242 4242 4242 4242")
    assert fingerprint("4242424242424242") != fingerprint("5555555555554444")
    by_token = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    assert by_token.card.fingerprint == fingerprint("4242424242424242")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"number": "4242424242424241"}, "incorrect_number"),
        ({"number": "4111111111111111"}, "card_declined"),
        ({"exp_month": 13}, "invalid_expiry_month"),
        ({"exp_year": 2020}, "invalid_expiry_year"),
    ],
)
def test_wrong_card_details_are_refused(client: Any, change: dict[str, Any], code: str) -> None:
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"} | change
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.create({"type": "card", "card": card})
    assert refused.value.code == code


def test_a_card_is_used_once_unless_it_is_attached(client: Any) -> None:
    method = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}).id
    assert pay(client, method).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        pay(client, method)


def test_another_customers_card_cannot_pay(client: Any) -> None:
    saved, stranger = saved_card(client), client.v1.customers.create().id
    with pytest.raises(stripe.InvalidRequestError):
        pay(client, saved.payment_method, customer=stranger, off_session=True)
    with pytest.raises(stripe.InvalidRequestError):
        pay(client, saved.payment_method, off_session=True)


def test_setup_future_usage_attaches_the_card(client: Any) -> None:
    customer = client.v1.customers.create().id
    intent = pay(client, customer=customer, setup_future_usage="off_session")
    cards = client.v1.payment_methods.list({"customer": customer}).data
    assert [card.id for card in cards] == [intent.payment_method]


def test_a_setup_can_fail_its_challenge(emulator: Emulator, client: Any) -> None:
    params: Any = {"payment_method": "pm_card_authenticationRequired", "confirm": True} | CARD_ONLY
    intent = client.v1.setup_intents.create(params)
    failed = emulator.authenticate(intent.id, "fail")
    assert failed["last_setup_error"]["code"] == "setup_intent_authentication_failure"
    assert client.v1.setup_intents.cancel(intent.id).status == "canceled"
