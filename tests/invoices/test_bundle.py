"""All documents of a year in one ZIP: every one of that account and year, each time with the same bytes."""

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from typing import Any
from zipfile import ZipFile

import pytest
from msgspec.structs import replace

from chalicelib import buckets, clock
from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import parse_iso
from chalicelib.invoices import archive, bundle_table
from chalicelib.invoices import table as invoices
from chalicelib.invoices.bundle import MADE_AT_ONCE, BundleNotReady, BundleYearInvalid, read_year
from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.make_bundle import ask_for_bundle, find_bundle, link_to_bundle, make_queued
from chalicelib.invoices.number import number_of
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.queues import client as sqs
from chalicelib.settings import settings
from tests.build import account, sqs_record, unique
from tests.invoices.documents import invoice
from tests.payments.build import payment
from tests.wire import NEVER, Cut, Wire

pytestmark = pytest.mark.usefixtures("memory")

_numbers = count(1)


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.moved_to(datetime(2026, 11, 30, 12, tzinfo=UTC)):
        yield


@pytest.fixture
def account_id() -> str:
    made = account(unique("account"))
    assert accounts.create(made)
    return made.account_id


def paid(account_id: str, day: str, **changes: Any) -> Payment:
    """Write a payment that has succeeded."""
    at_ms = parse_iso(f"{day}T12:00:00.000Z")
    made = payment(
        account_id=account_id,
        payment_id=f"pay_{at_ms:012x}{next(_numbers):020x}",
        created_at_ms=at_ms,
        state="succeeded",
        **changes,
    )
    payments.put_new(made)
    return made


def issued(account_id: str, day: str, sequence: int, **changes: Any) -> Invoice:
    """Write a payment with its invoice of the same day."""
    cause = paid(account_id, day)
    made = invoice(
        account_id=account_id,
        sequence=sequence,
        number=number_of(account_id, sequence, "invoice"),
        cause=cause.payment_id,
        payment_id=cause.payment_id,
        issued_at_ms=cause.created_at_ms,
    )
    assert invoices.add(replace(made, **changes))
    archive.keep(account_id, made.number, b"%PDF- " + made.number.encode())
    return made


def stored(account_id: str, year: int) -> bytes:
    """Return the bytes of a year's bundle."""
    bundle = bundle_table.find(account_id, year)
    assert bundle is not None
    key = archive._bundle_key(bundle)
    content: bytes = buckets.client().get_object(Bucket=settings().invoices_bucket, Key=key)["Body"].read()
    return content


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(ZipFile(io.BytesIO(content)).read("index.csv").decode())))


def message(account_id: str, year: int) -> dict[str, Any]:
    return sqs_record({"account_id": account_id, "year": year})


def test_a_small_year_is_made_at_once_with_all_of_its_documents_and_no_others(account_id: str) -> None:
    issued(account_id, "2024-12-31", 1)
    first, last = issued(account_id, "2025-01-01", 2), issued(account_id, "2025-12-31", 3)
    issued(account_id, "2026-01-01", 4)
    other = account(unique("account"))
    assert accounts.create(other)
    issued(other.account_id, "2025-05-05", 1)
    bundle, state = ask_for_bundle(account_id, 2025, catalog())
    assert (state, bundle.documents) == ("ready", 2)
    content = stored(account_id, 2025)
    names = [f"2025-01-01_{first.number}.pdf", f"2025-12-31_{last.number}.pdf"]
    assert ZipFile(io.BytesIO(content)).namelist() == ["index.csv", *names]
    assert all(ZipFile(io.BytesIO(content)).read(name).startswith(b"%PDF-") for name in names)
    (row, _) = rows(content)
    assert row == {
        "number": first.number,
        "date": "2025-01-01",
        "kind": "invoice",
        "purpose": "top_up",
        "amount": "25.00",
        "currency": "usd",
        "tax_name": "",
        "tax_amount": "",
        "payment_id": first.payment_id,
        "credits": "",
        "file": names[0],
    }
    assert f"invoices-{account_id}-2025.zip" in link_to_bundle(account_id, 2025)


def test_the_same_documents_make_the_same_bytes_and_more_of_them_another_bundle(account_id: str) -> None:
    issued(account_id, "2026-02-03", 1)
    before, _ = ask_for_bundle(account_id, 2026, catalog())
    content = stored(account_id, 2026)
    buckets.client().delete_object(Bucket=settings().invoices_bucket, Key=archive._bundle_key(before))
    with clock.moved_to(datetime(2026, 12, 1, tzinfo=UTC)):
        assert find_bundle(account_id, 2026)[1] == "none"
        ask_for_bundle(account_id, 2026, catalog())
    assert stored(account_id, 2026) == content
    issued(account_id, "2026-11-29", 2)
    after, state = ask_for_bundle(account_id, 2026, catalog())
    assert (state, after.documents) == ("ready", 2)
    assert after.index_hash != before.index_hash


def test_what_a_payment_lacks_is_issued_and_what_cannot_be_is_named(account_id: str) -> None:
    lacking = paid(account_id, "2026-03-04")
    broken = paid(account_id, "2026-03-05", amount_micros=7_000_000, workspace_id="nobody")
    ask_for_bundle(account_id, 2026, catalog())
    found = {row["payment_id"]: row for row in rows(stored(account_id, 2026))}
    assert found[lacking.payment_id]["date"] == "2026-11-30"
    assert found[lacking.payment_id]["number"]
    assert (found[broken.payment_id]["kind"], found[broken.payment_id]["amount"]) == ("missing", "7.00")
    assert found[broken.payment_id]["file"] == ""


def test_a_large_year_is_made_by_the_queue_and_shown_as_being_made(account_id: str) -> None:
    for sequence in range(1, MADE_AT_ONCE + 2):
        issued(account_id, "2025-06-07", sequence)
    assert ask_for_bundle(account_id, 2025, catalog())[1] == "being_made"
    assert ask_for_bundle(account_id, 2025, catalog())[1] == "being_made"
    with pytest.raises(BundleNotReady):
        link_to_bundle(account_id, 2025)
    answer = sqs().receive_message(QueueUrl=settings().bundles_queue_url, MaxNumberOfMessages=10)
    records = [{"messageId": each["MessageId"], "body": each["Body"]} for each in answer["Messages"]]
    assert len(records) == 2
    assert make_queued(records, catalog()) == []
    assert find_bundle(account_id, 2025)[1] == "ready"
    assert len(ZipFile(io.BytesIO(stored(account_id, 2025))).namelist()) == MADE_AT_ONCE + 2


def test_cut_off_anywhere_and_delivered_again_it_is_whole(account_id: str) -> None:
    issued(account_id, "2025-06-07", 1)
    with Wire(NEVER) as wire:
        assert make_queued([message(account_id, 2025)], catalog()) == []
    for place in range(wire.calls):
        made = account(unique("account"))
        assert accounts.create(made)
        issued(made.account_id, "2025-06-07", 1)
        with suppress(Cut), Wire((place + 1, "after")):
            make_queued([message(made.account_id, 2025)], catalog())
        assert make_queued([message(made.account_id, 2025)], catalog()) == []
        assert len(rows(stored(made.account_id, 2025))) == 1


def test_only_a_year_of_this_system_is_one() -> None:
    assert read_year("2026", 2020, 2026) == 2026
    for text in ("2019", "2027", "26", "２０２６", "", "2026.zip"):
        with pytest.raises(BundleYearInvalid):
            read_year(text, 2020, 2026)
