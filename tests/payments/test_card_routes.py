from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest
import requests

from chalicelib.accounts import table as accounts
from chalicelib.cards import card_on_file as card
from local.stripe_emulator.client import PUBLISHABLE_KEY, Emulator
from tests.api import NOBODY, Api, problem
from tests.payments.payer import Payer, deliver
from tests.payments.wire import unheard

NewPayer = Callable[..., Payer]


def start(api: Api, payer: Payer, **options: Any) -> requests.Response:
    return api.post(f"/v1/accounts/{payer.account_id}/card-setups", None, **options)


def put(api: Api, payer: Payer, setup_intent_id: str, **options: Any) -> requests.Response:
    return api.put(f"/v1/accounts/{payer.account_id}/card", {"setup_intent_id": setup_intent_id}, **options)


def delete(api: Api, payer: Payer, **options: Any) -> requests.Response:
    return api.call("DELETE", f"/v1/accounts/{payer.account_id}/card", **options)


def shown(api: Api, payer: Payer) -> Any:
    return api.get(f"/v1/accounts/{payer.account_id}/billing").json()["card"]


def attached(emulator: Emulator, payer: Payer) -> list[str]:
    return [
        each["card"]["last4"] for each in emulator.objects("payment_method") if each["customer"] == payer.customer_id
    ]


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
    assert kept.json() == {"brand": "visa", "last_four": "4242", "expiry_month": 12, "expiry_year": 2030}
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
    with pytest.raises(card.CardSetupUnknown):
        card.keep(payer.account(), setup_intent_id)


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
    setup = card.start_setup(payer.account())
    payer.confirm_setup(setup)
    payer.deliver("setup_intent.succeeded")
    assert payer.account().card is not None
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
        setups.append(card.start_setup(payer.account()))
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
    setups = [card.start_setup(payer.account()) for _ in range(4)]
    for setup in setups:
        payer.confirm_setup(setup)
    events = [event for event in payer.events if event["type"] == "setup_intent.succeeded"]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(deliver, events))
    newest = emulator.stripe_client().v1.setup_intents.retrieve(setups[-1].setup_intent_id)
    assert payer.card().payment_method_id == newest.payment_method


def test_another_accounts_setup_or_none_at_all_is_refused(api: Api, payer: Payer, new_payer: NewPayer) -> None:
    other = new_payer(card=None)
    setup = card.start_setup(other.account())
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


def test_a_card_is_taken_off_file_here_and_at_stripe(api: Api, payer: Payer, emulator: Emulator) -> None:
    assert delete(api, payer).status_code == 204
    assert shown(api, payer) is None
    assert attached(emulator, payer) == []
    assert delete(api, payer).status_code == 204
    payer.deliver()
    assert shown(api, payer) is None


def test_a_card_taken_off_file_does_not_come_back_with_an_old_setup(api: Api, payer: Payer, emulator: Emulator) -> None:
    (setup,) = emulator.objects("setup_intent")
    delete(api, payer)
    problem(put(api, payer, setup["id"]), 422, "card-setup-unknown")
    payer.deliver()
    assert shown(api, payer) is None


def test_a_card_is_taken_off_file_even_when_stripe_fails(api: Api, payer: Payer, emulator: Emulator) -> None:
    emulator.fault("cut_before_effect", path="/v1/payment_methods/*", times=0)
    assert delete(api, payer).status_code == 204
    assert shown(api, payer) is None


def test_a_card_whose_removal_was_not_heard_of_is_gone_at_stripe_too(
    api: Api, payer: Payer, emulator: Emulator
) -> None:
    with unheard("UpdateItem"):
        assert delete(api, payer).status_code == 204
    assert shown(api, payer) is None
    assert attached(emulator, payer) == []


def test_a_card_may_go_while_a_payment_is_unresolved_and_the_payment_still_ends_right(
    api: Api, payer: Payer, emulator: Emulator
) -> None:
    emulator.fault("500_after_effect", method="POST", path="/v1/payment_intents")
    payer.top_up()
    assert delete(api, payer).status_code == 204
    payer.be_swept()
    payer.assert_paid_once()


def test_a_payment_that_stripe_never_had_fails_when_its_card_is_gone(
    api: Api, payer: Payer, emulator: Emulator
) -> None:
    emulator.fault("status", status=429, method="POST", path="/v1/payment_intents")
    payer.top_up()
    delete(api, payer)
    payer.be_swept()
    assert payer.payment().state == "failed"
    payer.assert_not_paid()


def test_a_card_detached_at_stripe_goes_off_file(payer: Payer, emulator: Emulator) -> None:
    emulator.stripe_client().v1.payment_methods.detach(payer.card().payment_method_id)
    payer.deliver()
    assert payer.account().card is None
    assert payer.account().stripe_customer_id


def test_a_card_renewed_by_its_bank_shows_its_new_expiry(payer: Payer, emulator: Emulator) -> None:
    before = payer.card()
    emulator.stripe_client().v1.payment_methods.update(
        before.payment_method_id, {"card": {"exp_month": 3, "exp_year": 2034}}
    )
    (updated,) = [event for event in payer.events if event["type"] == "payment_method.updated"]
    deliver({**updated, "type": "payment_method.automatically_updated", "id": "evt_automatically"})
    after = payer.card()
    assert (after.expiry_month, after.expiry_year, after.set_up_at_ms) == (3, 2034, before.set_up_at_ms)
    accounts.remove_card(payer.account_id, before.payment_method_id)
    payer.deliver()
    assert payer.account().card is None


def test_a_customer_deleted_at_stripe_is_forgotten_and_made_anew(api: Api, payer: Payer, emulator: Emulator) -> None:
    gone = payer.customer_id
    emulator.stripe_client().v1.customers.delete(gone)
    payer.deliver("customer.deleted")
    assert (payer.account().card, payer.account().stripe_customer_id) == (None, None)
    # Stripe still remembers the answer that made the deleted one.
    payer.save_card()
    assert payer.customer_id != gone
    payer.top_up()
    payer.assert_paid_once()


def test_a_customer_deleted_at_stripe_without_a_word_is_noticed_by_the_next_setup(
    api: Api, payer: Payer, emulator: Emulator
) -> None:
    gone = payer.customer_id
    emulator.stripe_client().v1.customers.delete(gone)
    assert start(api, payer).status_code == 201
    assert payer.customer_id not in {"", gone}
    assert payer.account().card is None


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
    assert payer.account().card is not None


@pytest.mark.parametrize("body", [{}, {"setup_intent_id": 7}, {"setup_intent_id": "seti_1", "number": "4242"}, []])
def test_a_wrong_body_is_refused(api: Api, payer: Payer, body: Any) -> None:
    problem(api.put(f"/v1/accounts/{payer.account_id}/card", body), 422, "invalid-request")
