"""Cards and customers that go: taken off file here, or at Stripe."""

from chalicelib.cards.table import remove_card
from chalicelib.stripe_api.stripe_account import PLATFORM
from local.stripe_emulator.client import Emulator
from tests.api import Api, problem
from tests.cards.card_calls import attached, delete, put, shown, start
from tests.payments.payer import Payer, deliver
from tests.payments.wire import unheard


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


def test_a_removed_card_that_stripe_did_not_detach_is_detached_before_anything_is_sent_again(
    api: Api, payer: Payer, emulator: Emulator
) -> None:
    emulator.fault("status", status=429, method="POST", path="/v1/payment_intents")
    payer.top_up()
    emulator.fault("cut_before_effect", path="/v1/payment_methods/*", times=0)
    delete(api, payer)
    payer.be_swept()
    assert payer.payment().state == "created"
    emulator.clear_faults()
    payer.be_swept()
    assert payer.payment().state == "failed"
    payer.assert_not_paid()


def test_a_card_detached_at_stripe_goes_off_file(payer: Payer, emulator: Emulator) -> None:
    emulator.stripe_client().v1.payment_methods.detach(payer.card().payment_method_id)
    payer.deliver()
    assert payer.load().card is None
    assert payer.load().customer_id


def test_a_card_renewed_by_its_bank_shows_its_new_expiry(payer: Payer, emulator: Emulator) -> None:
    before = payer.card()
    emulator.stripe_client().v1.payment_methods.update(
        before.payment_method_id, {"card": {"exp_month": 3, "exp_year": 2034}}
    )
    (updated,) = [event for event in payer.events if event["type"] == "payment_method.updated"]
    deliver({**updated, "type": "payment_method.automatically_updated", "id": "evt_automatically"})
    after = payer.card()
    assert (after.expiry_month, after.expiry_year, after.set_up_at_ms) == (3, 2034, before.set_up_at_ms)
    remove_card(payer.account_id, PLATFORM, before.payment_method_id)
    payer.deliver()
    assert payer.load().card is None


def test_a_customer_deleted_at_stripe_is_forgotten_and_made_anew(api: Api, payer: Payer, emulator: Emulator) -> None:
    gone = payer.customer_id
    emulator.stripe_client().v1.customers.delete(gone)
    payer.deliver("customer.deleted")
    assert (payer.load().card, payer.load().customer_id) == (None, None)
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
    assert payer.load().card is None
