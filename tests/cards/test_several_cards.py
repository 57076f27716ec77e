"""Several cards over HTTP: add one, choose the default and the backup, take one off."""

import pytest
from pynamodb.expressions.update import Action

from chalicelib.cards.card import MOST_CARDS, CardsOnFile
from chalicelib.cards.save_card import save_card
from chalicelib.cards.start_setup import TooManyCards, start_setup
from chalicelib.cards.table import CardRow, change
from chalicelib.clock import now_ms
from chalicelib.stripe_api.stripe_account import PLATFORM
from local.stripe_emulator.client import Emulator
from tests.api import Api, problem
from tests.cards.card_calls import attached, delete, shown
from tests.payments.payer import Payer


def listed(api: Api, payer: Payer) -> list[tuple[str, str]]:
    answer = api.get(f"/v1/accounts/{payer.account_id}/cards").json()
    assert answer["next_cursor"] is None
    return [(each["last_four"], each["role"]) for each in answer["data"]]


def path_of(payer: Payer, card_id: str) -> str:
    return f"/v1/accounts/{payer.account_id}/cards/{card_id}"


def test_another_card_is_added_and_the_default_stays(api: Api, payer: Payer, emulator: Emulator) -> None:
    setup = api.post(f"/v1/accounts/{payer.account_id}/card-setups?adds=true", None).json()
    emulator.stripe_client().v1.setup_intents.confirm(
        setup["setup_intent_id"], {"payment_method": "pm_card_mastercard", "return_url": "https://a.example/"}
    )
    path = f"/v1/accounts/{payer.account_id}/card"
    for _ in range(2):
        answer = api.put(path, {"setup_intent_id": setup["setup_intent_id"]})
        assert (answer.status_code, answer.json()["last_four"]) == (200, "4444")
    payer.deliver()
    assert listed(api, payer) == [("4242", "default"), ("4444", "none")]
    assert shown(api, payer)["last_four"] == "4242"
    assert sorted(attached(emulator, payer)) == ["4242", "4444"]


def test_stripes_event_alone_adds_the_card_too(api: Api, payer: Payer) -> None:
    setup = start_setup(payer.load(), adds=True)
    payer.confirm_setup(setup, "pm_card_mastercard")
    payer.deliver()
    assert listed(api, payer) == [("4242", "default"), ("4444", "none")]


def test_roles_are_chosen_and_exchanged(api: Api, payer: Payer) -> None:
    visa, other = payer.card().payment_method_id, payer.add_card().payment_method_id
    for _ in range(2):
        assert api.put(path_of(payer, other), {"role": "backup"}).status_code == 200
    assert listed(api, payer) == [("4242", "default"), ("4444", "backup")]
    problem(api.put(path_of(payer, visa), {"role": "backup"}), 409, "card-is-default")
    problem(api.put(path_of(payer, visa), {"role": "none"}), 409, "card-is-default")
    answer = api.put(path_of(payer, other), {"role": "default"}).json()
    assert [(each["id"], each["role"]) for each in answer["data"]] == [(other, "default"), (visa, "backup")]
    assert shown(api, payer)["last_four"] == "4444"
    api.put(path_of(payer, visa), {"role": "none"})
    assert listed(api, payer) == [("4444", "default"), ("4242", "none")]
    problem(api.put(path_of(payer, "pm_unknown"), {"role": "default"}), 404, "card-not-found")
    problem(api.put(path_of(payer, visa), {"role": "second"}), 422, "invalid-request")


def test_a_card_is_taken_off_by_its_id_and_only_that_one(api: Api, payer: Payer, emulator: Emulator) -> None:
    other = payer.add_card("pm_card_mastercard", "backup").payment_method_id
    for _ in range(2):
        assert api.call("DELETE", path_of(payer, other)).status_code == 204
    assert listed(api, payer) == [("4242", "default")]
    payer.deliver()
    assert listed(api, payer) == [("4242", "default")]
    assert attached(emulator, payer) == ["4242"]


def test_the_default_that_is_taken_off_has_no_successor_however_often_that_is_asked(api: Api, payer: Payer) -> None:
    payer.add_card("pm_card_mastercard", "backup")
    for _ in range(2):
        assert delete(api, payer).status_code == 204
    assert shown(api, payer) is None
    assert listed(api, payer) == [("4444", "backup")]


def test_a_default_is_replaced_and_the_others_stay(api: Api, payer: Payer, emulator: Emulator) -> None:
    payer.add_card("pm_card_mastercard", "backup")
    payer.save_card("pm_card_amex")
    assert listed(api, payer) == [("0005", "default"), ("4444", "backup")]
    assert sorted(attached(emulator, payer)) == ["0005", "4444"]


def test_a_backup_detached_at_stripe_goes_off_file_and_one_renewed_there_shows_it(
    api: Api, payer: Payer, emulator: Emulator
) -> None:
    other = payer.add_card("pm_card_mastercard", "backup").payment_method_id
    client = emulator.stripe_client()
    client.v1.payment_methods.update(other, {"card": {"exp_month": 3, "exp_year": 2034}})
    payer.deliver()
    backup = payer.load().backup
    assert backup
    assert (backup.expiry_month, backup.expiry_year) == (3, 2034)
    client.v1.payment_methods.detach(other)
    payer.deliver()
    assert listed(api, payer) == [("4242", "default")]


def test_a_card_that_is_removed_while_its_setup_is_repeated_stays_removed(api: Api, payer: Payer) -> None:
    setup = start_setup(payer.load(), adds=True)
    payer.confirm_setup(setup, "pm_card_mastercard")
    card = save_card(payer.load(), setup.setup_intent_id)
    api.call("DELETE", path_of(payer, card.payment_method_id))
    payer.deliver()
    assert listed(api, payer) == [("4242", "default")]


def test_a_row_that_is_older_than_several_cards_is_read_and_changed(api: Api, payer: Payer) -> None:
    row = CardRow.get(payer.account_id, PLATFORM.key)
    row.update([CardRow.cards_version.remove(), CardRow.others.remove(), CardRow.removed.remove()])
    assert listed(api, payer) == [("4242", "default")]
    payer.add_card("pm_card_mastercard", "backup")
    assert listed(api, payer) == [("4242", "default"), ("4444", "backup")]


def test_a_default_taken_off_by_the_code_before_several_cards_does_not_come_back(payer: Payer) -> None:
    backup = payer.add_card("pm_card_mastercard", "backup").payment_method_id
    row = CardRow.get(payer.account_id, PLATFORM.key)
    taken_off: list[Action] = [CardRow.card.remove(), CardRow.card_changed_at_ms.set(now_ms())]

    def rule(cards: CardsOnFile) -> CardsOnFile:
        if cards.card:
            row.update(taken_off)
        return cards.made_backup(None)

    _, after = change(payer.account_id, PLATFORM, rule)
    assert after.card is None
    assert [each.payment_method_id for each in payer.load().cards] == [backup]


def test_there_is_an_end_to_cards(api: Api, payer: Payer, emulator: Emulator) -> None:
    setup = start_setup(payer.load(), adds=True)
    row = CardRow.get(payer.account_id, PLATFORM.key)
    others = [{**row.card, "payment_method_id": f"pm_{n}", "fingerprint": f"{n}"} for n in range(MOST_CARDS - 1)]
    row.update([CardRow.others.set(others)])
    with pytest.raises(TooManyCards):
        start_setup(payer.load(), adds=True)
    problem(api.post(f"/v1/accounts/{payer.account_id}/card-setups?adds=true", None), 409, "too-many-cards")
    assert start_setup(payer.load()).setup_intent_id
    payer.confirm_setup(setup, "pm_card_mastercard")
    body = {"setup_intent_id": setup.setup_intent_id}
    problem(api.put(f"/v1/accounts/{payer.account_id}/card", body), 409, "too-many-cards")
    payer.deliver()
    assert len(payer.load().cards) == MOST_CARDS
    assert attached(emulator, payer) == ["4242"]
