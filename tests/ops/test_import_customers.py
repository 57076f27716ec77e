"""Customers that another system has made at Stripe: taken over with their cards, if they are nobody else's."""

from collections.abc import Callable

import pytest
from msgspec import json

from chalicelib.cards import table as cards
from chalicelib.catalog.catalog import catalog
from chalicelib.stripe_api.stripe_account import PLATFORM
from local.stripe_emulator.client import Emulator
from ops.forgetting.forget_account import forget_account
from ops.importing.match_customers import match_customers, read_owners
from ops.importing.record import CustomerRecord
from ops.importing.staging import StagedRow
from ops.stripe_customers import find_customer
from tests.payments.payer import Payer
from tests.wire import Cut, Wire, cut_points

NewPayer = Callable[..., Payer]


def customer(emulator: Emulator, **metadata: str) -> str:
    """Make a customer with a card, as another system has: without our mark."""
    v1 = emulator.stripe_client().v1
    made = v1.customers.create({"name": "Old", "metadata": metadata})
    v1.payment_methods.attach("pm_card_visa", {"customer": made.id})
    return made.id


def match(account_id: str, customer_id: str, card: str | None = None, *, write: bool = True) -> tuple[str, str]:
    record = CustomerRecord(account_id=account_id, stripe_customer_id=customer_id, payment_method_id=card)  # type: ignore[arg-type]
    row = StagedRow(2, record.key, json.encode(record))
    (found,) = match_customers([row], owners=read_owners(), write=write)
    return found.outcome, found.detail


def cards_at_stripe(emulator: Emulator, customer_id: str) -> list[str]:
    return [each.id for each in emulator.stripe_client().v1.customers.payment_methods.list(customer_id).data]


def test_a_customer_is_taken_over_with_its_card_and_can_pay(new_payer: NewPayer, emulator: Emulator) -> None:
    payer = new_payer(None)
    made = customer(emulator)
    card = cards_at_stripe(emulator, made)[0]
    assert match(payer.account_id, made, card, write=False) == ("done", "")
    assert payer.customer_id == ""
    assert match(payer.account_id, made, card) == ("done", "")
    assert match(payer.account_id, made, card) == ("before", "")
    assert payer.card().payment_method_id == card
    assert find_customer(made, PLATFORM)["metadata"]["account_id"] == payer.account_id  # type: ignore[index]
    payer.top_up()
    assert payer.balance_micros == 25_000_000


def test_what_is_somebody_elses_or_not_at_stripe_is_refused(new_payer: NewPayer, emulator: Emulator) -> None:
    payer, other = new_payer(None), new_payer()
    made, marked = customer(emulator), customer(emulator, account_id="somebody")
    away = customer(emulator, deployment="elsewhere")
    for customer_id, card, why in (
        (other.customer_id, None, f"belongs to account {other.account_id}"),
        (marked, None, "is marked at Stripe as account somebody's"),
        (away, None, "is marked at Stripe as another deployment's"),
        ("cus_nothing", None, "there is no customer"),
        (made, other.card().payment_method_id, "is not a card of customer"),
        (made, "pm_nothing", "is not a card of customer"),
    ):
        outcome, detail = match(payer.account_id, customer_id, card)
        assert outcome == "refused"
        assert why in detail
    assert match("nobody", made)[0] == "refused"
    assert match(other.account_id, made) == ("refused", f"the account has customer {other.customer_id} already")
    assert payer.customer_id == ""


@pytest.mark.parametrize("write", [False, True])
def test_of_two_rows_with_the_same_customer_one_is_refused_also_by_a_dry_run(
    new_payer: NewPayer, emulator: Emulator, *, write: bool
) -> None:
    payers, made, owners = [new_payer(None), new_payer(None)], customer(emulator), read_owners()
    records = [CustomerRecord(account_id=each.account_id, stripe_customer_id=made) for each in payers]  # type: ignore[arg-type]
    rows = [StagedRow(line, each.key, json.encode(each)) for line, each in enumerate(records)]
    # Each in a batch of its own, as batches run at once with the same owners.
    found = [match_customers([row], owners=owners, write=write)[0] for row in rows]
    assert [each.outcome for each in found] == ["done", "refused"]
    assert found[1].detail == f"customer {made} belongs to account {payers[0].account_id}"


def test_a_row_that_is_refused_does_not_keep_its_customer_from_the_row_that_is_right(
    new_payer: NewPayer, emulator: Emulator
) -> None:
    wrong, right, made = new_payer(None).account_id, new_payer(None).account_id, customer(emulator)
    records = [
        CustomerRecord(account_id=wrong, stripe_customer_id=made, payment_method_id="pm_nothing"),  # type: ignore[arg-type]
        CustomerRecord(account_id=right, stripe_customer_id=made),  # type: ignore[arg-type]
    ]
    rows = [StagedRow(line, each.key, json.encode(each)) for line, each in enumerate(records)]
    assert [each.outcome for each in match_customers(rows, owners=read_owners())] == ["refused", "done"]


def test_a_forgotten_account_gets_no_customer_again(new_payer: NewPayer, emulator: Emulator) -> None:
    payer, made = new_payer(None), customer(emulator)
    forget_account(payer.account_id, catalog(), lambda _: None)
    assert match(payer.account_id, made)[0] == "refused"
    assert payer.customer_id == ""
    assert find_customer(made, PLATFORM)["metadata"] == {}  # type: ignore[index]


def test_a_card_that_a_person_has_saved_here_stays_the_default(new_payer: NewPayer, emulator: Emulator) -> None:
    payer = new_payer()
    own = payer.card().payment_method_id
    emulator.stripe_client().v1.payment_methods.attach("pm_card_mastercard", {"customer": payer.customer_id})
    imported = next(each for each in cards_at_stripe(emulator, payer.customer_id) if each != own)
    assert match(payer.account_id, payer.customer_id, imported) == ("done", "")
    assert payer.card().payment_method_id == own
    assert cards.find_cards(payer.account_id, PLATFORM).find(imported) is not None


def test_a_run_that_is_cut_off_anywhere_is_finished_by_the_next(new_payer: NewPayer, emulator: Emulator) -> None:
    def prepared() -> tuple[str, str, str]:
        made = customer(emulator)
        return new_payer(None).account_id, made, cards_at_stripe(emulator, made)[0]

    first = prepared()
    for point in cut_points(lambda: match(*first), emulator):
        account_id, customer_id, card = prepared()
        with Wire(point), pytest.raises(Cut):
            match(account_id, customer_id, card)
        assert match(account_id, customer_id, card)[0] in {"done", "before"}
        on_file = cards.find_cards(account_id, PLATFORM)
        assert on_file.customer_id == customer_id
        assert on_file.card is not None
