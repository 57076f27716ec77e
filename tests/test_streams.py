"""Records of streams, read as values of the tables' own types; what fits no table concerns its record alone."""

from typing import Any

import pytest

from chalicelib.auto_pay import table as auto_pay_table
from chalicelib.cards.card import is_card_changed
from chalicelib.cards.table import read_card_image
from chalicelib.invoices import table as invoices
from chalicelib.ledger.table import WalletRow, pack_spans, read_wallet_image
from chalicelib.ledger.wallet import PageSpan
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Failure
from chalicelib.reversals.table import read_refund_image
from chalicelib.streams import Change, MalformedRecord, Record
from chalicelib.subscriptions import table as subscriptions
from chalicelib.tables import image_reader
from tests.build import TIME_MS
from tests.notices.records import (
    auto_pay,
    card_record,
    invoice,
    invoice_record,
    payment,
    payment_record,
    record,
    subscription,
    wallet,
    wallet_record,
)


def test_a_record_says_which_row_has_changed_when_and_how() -> None:
    change = Change(payment_record("processing", "failed"), payments.read_image)
    assert (change.account_id, change.keys) == ("acme", {"account_id": "acme", "payment_id": "pay_1"})
    assert change.at_ms == TIME_MS
    assert change.before
    assert change.after
    assert (change.before.state, change.after.state) == ("processing", "failed")
    assert change.after.failure == Failure("card_declined", "insufficient_funds", "Your card was declined.")
    assert (change.after.lines, change.after.tax, change.after.refunded_micros) == ((), None, 0)


def test_a_new_row_was_nothing_and_one_that_is_gone_is_nothing() -> None:
    new = Change(payment_record(None, "created"), payments.read_image)
    gone = Change(payment_record("created", None), payments.read_image)
    assert new.before is None
    assert gone.after is None
    assert new.after
    assert new.after == gone.before


def test_a_wallet_is_read_with_its_hash_and_the_pages_that_it_names() -> None:
    spans = (PageSpan(1, 2, 3), PageSpan(4, 5, 6))
    row = {**wallet(9), "head_hash": b"\xff\x00hash", "recent_pages": pack_spans(spans), "older_ms": 7}
    read = Change(record(None, row), read_wallet_image).after
    assert read
    assert (read.balance_micros, read.sequence, read.head_hash) == (9_000_000, 7, b"\xff\x00hash")
    assert (read.recent, read.older_ms) == (spans, 7)


@pytest.mark.parametrize(
    ("due_at_ms", "is_daily", "own", "read"),
    [(5, None, None, 5), (5, True, 9, 9), (5, True, None, None), (None, None, None, None)],
)
def test_when_a_row_is_due_is_its_own_time_never_that_of_its_daily_look(
    due_at_ms: int | None, is_daily: bool | None, own: int | None, read: int | None
) -> None:
    due: dict[str, Any] = {"due_at_ms": due_at_ms, "is_daily": is_daily, "own_due_at_ms": own}
    subscribed = Change(record(None, subscription(**due)), subscriptions.read_image).after
    paying = Change(record(None, auto_pay(**due)), auto_pay_table.read_image).after
    assert subscribed
    assert paying
    assert (subscribed.due_at_ms, paying.due_at_ms) == (read, read)


def test_a_subscription_has_its_terms_and_what_it_holds() -> None:
    read = Change(record(None, subscription()), subscriptions.read_image).after
    assert read
    assert (read.terms.contents.plan, read.terms.contents.add_ons) == ("agency", {"phone_number": 3})
    assert (read.terms.prices.plan_micros, read.terms.elapsed_months) == (97_000_000, 2)


@pytest.mark.parametrize(("before", "after", "changed"), [("a", "a", False), ("a", "b", True), (None, "a", True)])
def test_another_card_is_another_card(before: str | None, after: str | None, changed: bool) -> None:
    change = Change(card_record(before, after), read_card_image)
    assert is_card_changed(change.before, change.after) is changed


def test_another_customer_is_another_card_and_a_row_without_either_is_none() -> None:
    assert not is_card_changed(None, None)
    bare = {"account_id": "acme", "stripe_account": "platform"}
    changes = [
        Change(record(None, {**bare, "stripe_customer_id": customer}), read_card_image) for customer in (None, "cus_1")
    ]
    assert [is_card_changed(change.before, change.after) for change in changes] == [False, True]


def test_other_rows_of_a_table_are_told_by_their_keys_or_by_what_they_hold() -> None:
    guard = Change(record(None, {"account_id": "acme", "reversal_key": "guard", "begun": 1}), read_refund_image)
    assert guard.after is None
    document = Change(invoice_record(invoice()), invoices.read_image)
    assert document.keys["document"] == "document#000000000012"


def test_a_row_is_read_only_when_it_is_asked_for() -> None:
    reads: list[str] = []

    def read(row: WalletRow) -> str:
        reads.append(row.account_id)
        return row.account_id

    change = Change(wallet_record(2, 1), image_reader(WalletRow, read))
    assert (change.account_id, reads) == ("acme", [])
    assert (change.after, change.after, reads) == ("acme", "acme", ["acme"])


ENVELOPES: dict[str, dict[str, Any]] = {
    "no keys": {"Keys": None},
    "no account": {"Keys": {}},
    "keys that are text": {"Keys": "acme"},
    "a key that is a number": {"Keys": {"account_id": {"N": "5"}}},
    "no time": {"ApproximateCreationDateTime": None},
    "a time that is nowhere": {"ApproximateCreationDateTime": float("inf")},
    "a time that is no number": {"ApproximateCreationDateTime": float("nan")},
    "a row that is text": {"NewImage": "acme"},
    "a row that was a list": {"OldImage": [{"S": "acme"}]},
    "a row without its key": {"NewImage": {"state": {"S": "succeeded"}}},
    "another row": {"NewImage": {"account_id": {"S": "bakery"}}},
}


@pytest.mark.parametrize("damage", ENVELOPES.values(), ids=ENVELOPES)
def test_what_is_no_record_is_malformed_from_the_start(damage: dict[str, Any]) -> None:
    with pytest.raises(MalformedRecord):
        Change(record(payment("created"), payment("succeeded"), **damage), payments.read_image)


GOOD: Record = payment_record("created", "succeeded")
ROW = GOOD["dynamodb"]["NewImage"]
IMAGES: dict[str, Any] = {
    "a value that is text": {**ROW, "currency": "usd"},
    "a number that is none": {**ROW, "amount_micros": {"N": "much"}},
    "a number that is text": {**ROW, "amount_micros": {"S": "much"}},
    "a row without its fields": {"account_id": ROW["account_id"], "payment_id": ROW["payment_id"]},
    "an unknown state": {**ROW, "state": {"S": "unheard of"}},
    "half of a JSON": {**ROW, "failure": {"S": "{"}},
    "bytes that are none": {**ROW, "description": {"B": "*"}},
}


@pytest.mark.parametrize("image", IMAGES.values(), ids=IMAGES)
def test_a_row_that_cannot_be_read_is_malformed_and_what_it_was_can_still_be_read(image: Any) -> None:
    change = Change({**GOOD, "dynamodb": {**GOOD["dynamodb"], "NewImage": image}}, payments.read_image)
    assert change.before
    with pytest.raises(MalformedRecord):
        _ = change.after


def test_a_change_of_a_row_without_the_row_as_it_was_is_malformed() -> None:
    change = Change({**payment_record(None, "created"), "eventName": "MODIFY"}, payments.read_image)
    assert change.after
    with pytest.raises(MalformedRecord):
        _ = change.before


def test_a_document_that_cannot_be_unpacked_is_malformed() -> None:
    with pytest.raises(MalformedRecord):
        _ = Change(invoice_record({**invoice(), "body": b"\x00"}), invoices.read_image).after
