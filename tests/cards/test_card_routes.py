from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest

from chalicelib.cards.save_card import CardSetupUnknown, save_card
from chalicelib.cards.start_setup import start_setup
from local.stripe_emulator.client import PUBLISHABLE_KEY, Emulator
from tests.api import NOBODY, Api, problem
from tests.cards.card_calls import attached, delete, put, shown, start
from tests.payments.payer import NewPayer, Payer, deliver


def test_a_card_is_saved_with_a_setup_that_the_browser_confirms(
    api: Api, new_payer: NewPayer, emulator: Emulator
) -> None:
    payer = new_payer(card=None)
    owner = api.token("owner", payer.account_id)
    answer = start(api, payer, token=owner)
    assert answer.status_code == 201
    setup = answer.json()
    assert setup["client_secret"].startswith(setup["setup_intent_id"])
    assert (setup["publishable_key"], setup["stripe_account"]) == (PUBLISHABLE_KEY, None)
    problem(put(api, payer, setup["setup_intent_id"], token=owner), 409, "card-setup-unfinished")
    emulator.stripe_client().v1.setup_intents.confirm(
        setup["setup_intent_id"], {"payment_method": "pm_card_visa", "return_url": "https://a.example/"}
    )
    kept = put(api, payer, setup["setup_intent_id"], token=owner)
    assert kept.status_code == 200
    (method,) = emulator.objects("payment_method")
    year = method["card"]["exp_year"]
    visa = {"brand": "visa", "last_four": "4242", "expiry_month": 12, "expiry_year": year, "wallet": None}
    assert kept.json() == visa
    assert shown(api, payer) == kept.json()
    assert put(api, payer, setup["setup_intent_id"]).json() == kept.json()
    assert payer.card().fingerprint
    (intent,) = emulator.objects("setup_intent")
    assert (intent["usage"], intent["metadata"]["account_id"]) == ("off_session", payer.account_id)


@pytest.mark.parametrize(
    ("email", "told"),
    [
        ("kim@bücher.example", "kim@xn--bcher-kva.example"),
        *((stored, None) for stored in ("kim@acme", "kim@acme.example\n", "kïm@acme.example")),
    ],
)
def test_an_address_that_stripe_would_refuse_keeps_nobody_from_saving_a_card(
    new_payer: NewPayer, emulator: Emulator, email: str, told: str | None
) -> None:
    payer = new_payer(email=email)
    (customer,) = emulator.objects("customer")
    assert (customer["id"], customer["email"]) == (payer.customer_id, told)
    assert payer.card().last_four == "4242"


@pytest.mark.parametrize(
    "setup_intent_id", ["seti_x\n", "seti_x/../customers", "seti_", "pi_x", "", "seti_" + "x" * 101]
)
def test_what_is_no_setup_intents_id_never_becomes_a_part_of_an_address(
    api: Api, new_payer: NewPayer, setup_intent_id: str
) -> None:
    payer = new_payer(card=None)
    assert problem(put(api, payer, setup_intent_id), 422, "invalid-request")["field"] == "setup_intent_id"
    with pytest.raises(CardSetupUnknown):
        save_card(payer.load(), setup_intent_id)


def test_an_account_gets_one_customer_however_often_and_however_many_start(
    api: Api, new_payer: NewPayer, emulator: Emulator
) -> None:
    payer = new_payer(card=None)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: start(api, payer), range(4)))
    assert {answer.status_code for answer in answers} <= {201, 503}
    assert start(api, payer).status_code == 201
    assert len(emulator.objects("customer")) == 1


def test_a_card_saved_by_3d_secure_pays(api: Api, new_payer: NewPayer) -> None:
    payer = new_payer("pm_card_authenticationRequiredOnSetup")
    assert payer.top_up().payment.state in {"succeeded", "requires_action"}


def test_the_webhook_alone_puts_the_card_on_file(new_payer: NewPayer) -> None:
    payer = new_payer(card=None)
    setup = start_setup(payer.load())
    payer.confirm_setup(setup)
    payer.deliver("setup_intent.succeeded")
    assert payer.load().card is not None
    payer.top_up()
    payer.assert_paid_once()


def test_a_new_card_replaces_the_old_one_which_stripe_forgets(api: Api, payer: Payer, emulator: Emulator) -> None:
    payer.save_card("pm_card_mastercard")
    assert shown(api, payer)["brand"] == "mastercard"
    assert attached(emulator, payer) == ["4444"]
    payer.deliver()
    assert shown(api, payer)["brand"] == "mastercard"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_newest_setup_wins_in_whatever_order_they_arrive(
    api: Api, new_payer: NewPayer, emulator: Emulator, order: tuple[int, ...]
) -> None:
    payer = new_payer(card=None)
    setups = []
    for method in ("pm_card_visa", "pm_card_mastercard", "pm_card_amex"):
        setups.append(start_setup(payer.load()))
        payer.confirm_setup(setups[-1], method)
    newest = -1
    for place in order:
        answer = put(api, payer, setups[place].setup_intent_id)
        if place > newest:
            assert answer.status_code == 200
            newest = place
        else:
            problem(answer, 409, "card-superseded")
    payer.deliver()
    assert shown(api, payer)["brand"] == "amex"
    assert attached(emulator, payer) == ["0005"]


def test_setups_at_once_leave_the_newest_on_file(new_payer: NewPayer, emulator: Emulator) -> None:
    payer = new_payer(card=None)
    setups = [start_setup(payer.load()) for _ in range(4)]
    for setup in setups:
        payer.confirm_setup(setup)
    events = [event for event in payer.events if event["type"] == "setup_intent.succeeded"]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(deliver, events))
    newest = emulator.stripe_client().v1.setup_intents.retrieve(setups[-1].setup_intent_id)
    assert payer.card().payment_method_id == newest.payment_method


def test_another_accounts_setup_or_none_at_all_is_refused(api: Api, payer: Payer, new_payer: NewPayer) -> None:
    other = new_payer(card=None)
    setup = start_setup(other.load())
    other.confirm_setup(setup, "pm_card_mastercard")
    for setup_intent_id in (setup.setup_intent_id, "seti_1Q2w3E"):
        problem(put(api, payer, setup_intent_id), 422, "card-setup-unknown")
    for setup_intent_id in ("", "../customers", "seti_1?expand=customer", "seti_" + "x" * 500):
        problem(put(api, payer, setup_intent_id), 422, "invalid-request")
    assert shown(api, payer)["brand"] == "visa"


def test_a_setup_that_was_not_made_here_is_refused_and_its_webhook_ignored(
    api: Api, payer: Payer, emulator: Emulator
) -> None:
    foreign = emulator.stripe_client().v1.setup_intents.create(
        {
            "customer": payer.customer_id,
            "confirm": True,
            "payment_method": "pm_card_mastercard",
            "allowed_payment_method_types": ["card"],
        }
    )
    problem(put(api, payer, foreign.id), 422, "card-setup-unknown")
    payer.deliver()
    assert shown(api, payer)["brand"] == "visa"


def test_stripe_out_of_reach_is_told_and_nothing_is_lost(api: Api, new_payer: NewPayer, emulator: Emulator) -> None:
    payer = new_payer(card=None)
    emulator.fault("status", status=500, path="/v1/setup_intents*", times=0)
    emulator.fault("status", status=500, path="/v1/customers*", times=2)
    assert problem(start(api, payer), 503, "stripe-unavailable")
    problem(start(api, payer), 503, "stripe-unavailable")
    emulator.clear_faults()
    payer.save_card()
    assert len(emulator.objects("customer")) == 1


def test_who_may_not_is_told_no(api: Api, payer: Payer, new_payer: NewPayer) -> None:
    stranger = api.token("owner", new_payer(card=None).account_id)
    viewer = api.token("viewer", payer.account_id)
    for call in (start, delete, lambda api, payer, **options: put(api, payer, "seti_1", **options)):
        problem(call(api, payer, token=NOBODY), 401, "unauthorized")
        problem(call(api, payer, token=viewer), 403, "forbidden")
        problem(call(api, payer, token=stranger), 404, "account-not-found")
    assert payer.load().card is not None


@pytest.mark.parametrize("body", [{}, {"setup_intent_id": 7}, {"setup_intent_id": "seti_1", "number": "4242"}, []])
def test_a_wrong_body_is_refused(api: Api, payer: Payer, body: Any) -> None:
    problem(api.put(f"/v1/accounts/{payer.account_id}/card", body), 422, "invalid-request")
