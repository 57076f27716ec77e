"""The operator's fee of a client's top-up, and what a client may add at once."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import Catalog, catalog
from chalicelib.catalog.connect_fee import ConnectFee
from chalicelib.idempotency import Key
from chalicelib.payments.payment import Payment
from chalicelib.payments.resolve import resolve
from chalicelib.payments.top_up import TopUpOutOfLimits, TopUpRequest, top_up
from chalicelib.payments.view import view_payment
from chalicelib.reversals import table as reversals
from chalicelib.reversals.issue_refund import RefundRequest, refund
from chalicelib.text import Line
from local.stripe_emulator.client import Emulator
from tests.accounts.viewers import viewer
from tests.connection.owner import Owner
from tests.payments.payer import Payer


def with_fee(rate_micros: int, fixed_micros: int = 0) -> Catalog:
    return replace(catalog(), connect=ConnectFee(rate_micros, {"usd": fixed_micros}, is_refunded=True))


def add(client: Payer, amount: str, found: Catalog, key: str = "key-1") -> Payment:
    return top_up(client.load(), TopUpRequest(amount), key=Key(key, "customer"), actor="tester", catalog=found).payment


def fees(emulator: Emulator) -> list[Any]:
    return [(each["amount"], each["amount_refunded"]) for each in emulator.objects("application_fee")]


def test_the_fee_goes_to_the_operator_and_the_whole_amount_into_the_wallet(owner: Owner, emulator: Emulator) -> None:
    owner.connect()
    client = owner.new_client()
    payment = add(client, "25", with_fee(25_000, 300_000))
    client.assert_paid_once()
    assert payment.application_fee_micros == 930_000
    assert fees(emulator) == [(93, 0)]
    assert "fee" not in str(view_payment(payment, viewer(client.account_id))).lower()


def test_it_is_at_most_the_amount_and_none_of_a_workspace(owner: Owner, emulator: Emulator) -> None:
    owner.connect()
    client = owner.new_client()
    assert add(client, "1", with_fee(0, 5_000_000)).application_fee_micros == 1_000_000
    workspace = Payer(owner.account_id, emulator)
    workspace.save_card()
    assert add(workspace, "25", with_fee(25_000)).application_fee_micros == 0
    assert fees(emulator) == [(100, 0)]


def test_it_is_fixed_when_the_payment_is_made(owner: Owner, emulator: Emulator) -> None:
    owner.connect()
    client = owner.new_client()
    emulator.fault("cut_before_effect", method="POST", path="/v1/payment_intents", times=2)
    first = add(client, "25", with_fee(100_000))
    emulator.clear_faults()
    assert first.state == "created"
    assert add(client, "25", with_fee(500_000)).state == "succeeded"
    assert resolve(client.payment()).payment.application_fee_micros == 2_500_000
    assert fees(emulator) == [(250, 0)]


@pytest.mark.parametrize(("returns_fee", "given_back"), [(True, 100), (None, 0)])
def test_a_refund_gives_it_back_in_proportion_if_it_was_to_when_it_was_made(
    owner: Owner, emulator: Emulator, returns_fee: bool | None, given_back: int
) -> None:
    owner.connect()
    client = owner.new_client()
    payment = add(client, "25", with_fee(100_000))
    request, key = RefundRequest(reason=Line("asked for"), amount="10"), Key("refund-1", "operator")
    emulator.fault("cut_before_effect", method="POST", path="/v1/refunds", times=2)
    made = refund(accounts.get(client.account_id), payment.payment_id, request, key=key, actor="operator")
    emulator.clear_faults()
    assert (made.state, made.returns_fee) == ("created", True)
    row = reversals.ReversalRow.get(client.account_id, f"{payment.payment_id}#refund#{made.refund_id}")
    row.returns_fee = returns_fee
    row.save()
    again = refund(accounts.get(client.account_id), payment.payment_id, request, key=key, actor="operator")
    assert again.state == "succeeded"
    assert fees(emulator) == [(250, given_back)]


def test_a_client_adds_less_and_more_than_a_workspace_could(owner: Owner) -> None:
    owner.connect()
    client = owner.new_client()
    assert add(client, "1", catalog()).state == "succeeded"
    for amount in ("0.99", "10000.01"):
        with pytest.raises(TopUpOutOfLimits, match=r"between 1\.00 and 10000\.00"):
            add(client, amount, catalog(), key=f"key-{amount}")
