"""Which stream record becomes which events."""

from typing import Any

import msgspec
import pytest

from chalicelib.clock import iso
from chalicelib.invoices import table as invoices
from chalicelib.notices.detail import DETAILS
from chalicelib.notices.event import DOCUMENTS
from chalicelib.notices.meanings import MEANINGS
from chalicelib.payments.payment import DAY_MS
from chalicelib.streams import MalformedRecord
from tests.build import TIME_MS
from tests.notices.records import (
    TEN,
    auto_pay,
    invoice,
    invoice_record,
    next_period,
    payment_record,
    record,
    repeat,
    repeat_record,
    subscription,
    wallet,
    wallet_record,
)
from tests.notices.told import (
    auto_pay_events,
    invoice_events,
    payment_events,
    repeat_events,
    subscription_events,
    wallet_events,
)


def test_a_document_is_told_when_it_is_issued() -> None:
    (told,) = invoice_events(invoice_record(invoice("credit_note")))
    assert msgspec.to_builtins(told.detail) == {
        "id": "invoice.issued:acme:12",
        "version": 1,
        "account_id": "acme",
        "occurred_at": iso(TIME_MS + 1500),
        "number": "INV-ACME-12",
        "kind": "credit_note",
        "total": "25.00",
        "currency": "usd",
        "payment_id": "pay_1",
        "cause": "re_1",
        "sequence": 12,
    }


@pytest.mark.parametrize(
    "told",
    [
        invoice_record({"account_id": "acme", "document": "counter", "sequence": 12}),
        invoice_record({"account_id": "acme", "document": "cause#pay_1", "sequence": 12, "number": "INV-ACME-12"}),
        invoice_record({"account_id": "acme", "document": "brand", "color": "#7a3e9d"}),
        invoice_record(invoice(), invoice()),
        invoice_record(None, invoice()),
    ],
)
def test_nothing_else_in_the_table_of_invoices_is_an_event(told: Any) -> None:
    assert invoice_events(told) == []


def test_a_document_is_known_by_its_key() -> None:
    assert DOCUMENTS == invoices.DOCUMENTS


def test_a_document_that_cannot_be_read_is_malformed() -> None:
    with pytest.raises(MalformedRecord):
        invoice_events(invoice_record(invoice(total_micros="much")))


def test_a_repeat_that_was_found_is_told_with_both_times() -> None:
    (told,) = repeat_events(repeat_record(repeat()))
    assert (told.type, told.at_ms) == ("usage.repeated", TIME_MS + DAY_MS)
    assert msgspec.to_builtins(told.detail) == {
        "id": "usage.repeated:acme:txn_later",
        "version": 1,
        "account_id": "acme",
        "occurred_at": iso(TIME_MS + DAY_MS),
        "transaction_id": "txn_later",
        "original_transaction_id": "txn_first",
        "source": "/messaging",
        "event_id": "msg-1",
        "time": iso(TIME_MS + 600_000),
        "original_time": iso(TIME_MS),
        "amount": "0.05",
        "currency": "usd",
        "gives_back": True,
    }


def test_a_repeat_that_stays_charged_says_so_and_giving_one_back_is_no_second_event() -> None:
    (told,) = repeat_events(repeat_record(repeat("found")))
    assert msgspec.to_builtins(told.detail)["gives_back"] is False
    assert repeat_events(repeat_record(repeat("given_back"), repeat())) == []


def test_a_repeat_that_cannot_be_read_is_malformed() -> None:
    with pytest.raises(MalformedRecord):
        repeat_events(repeat_record(repeat(amount_micros="much")))


def test_the_same_record_twice_gives_the_same_events() -> None:
    for tell, given in (
        (lambda each: wallet_events(each, lambda _: TEN), wallet_record(12, -1)),
        (payment_events, payment_record("created", "succeeded")),
        (auto_pay_events, record(auto_pay(), auto_pay("declines", 3))),
        (subscription_events, record(subscription(), next_period("past_due"))),
        (invoice_events, invoice_record(invoice())),
        (repeat_events, repeat_record(repeat())),
    ):
        once, twice = tell(given), tell({**given, "eventID": "another delivery"})
        assert once == twice
        assert once


@pytest.mark.parametrize(
    "broken",
    [
        record(wallet(12), {**wallet(9), "balance_micros": "much"}),
        record(wallet(12), {"account_id": "acme"}),
        record(None, wallet(9)) | {"eventName": "MODIFY"},
        record(wallet(12), wallet(9), ApproximateCreationDateTime=None),
        record(wallet(12), wallet(9), NewImage={"account_id": "acme"}),
    ],
)
def test_a_record_that_does_not_fit_its_table_is_malformed(broken: Any) -> None:
    with pytest.raises(MalformedRecord):
        wallet_events(broken, lambda _: TEN)


def test_every_type_of_event_has_a_meaning() -> None:
    assert DETAILS.keys() == MEANINGS.keys()
