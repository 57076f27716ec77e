"""Make the bundle of a year: at once if it is small, else from the queue."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from chalicelib import clock
from chalicelib.batches import Message, each_message
from chalicelib.catalog.catalog import Catalog
from chalicelib.clock import from_ms
from chalicelib.invoices import archive, bundle_queue, bundle_table, table
from chalicelib.invoices.bundle import (
    INDEX,
    MADE_AT_ONCE,
    Bundle,
    BundleNotReady,
    Contents,
    State,
    contents_of,
    file_name,
    span_of,
    state_of,
)
from chalicelib.invoices.bundle_queue import BundleMessage
from chalicelib.invoices.download import read_pdf
from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.issue_missing import issue_missing
from chalicelib.payments import table as payments
from chalicelib.payments.cursor import write_cursor
from chalicelib.payments.payment import Payment
from chalicelib.payments.place import LATEST_MS, first_id
from chalicelib.typed import json_decoder

BATCH: Final = 100
FIRST_OF_ZIP: Final = datetime(1980, 1, 1, tzinfo=UTC)
"""The earliest time that a ZIP can name."""


def ask_for_bundle(account_id: str, year: int, catalog: Catalog) -> tuple[Bundle, State]:
    """Issue what a year's payments lack, and make the bundle of its documents, or put it on the queue."""
    contents = read_contents(account_id, year, catalog)
    bundle = _note(account_id, year, contents)
    if archive.has_bundle(bundle):
        return bundle, "ready"
    if len(contents.documents) > MADE_AT_ONCE:
        bundle_queue.send(BundleMessage(account_id, year))
        return bundle, "being_made"
    _write(bundle, contents)
    return bundle, "ready"


def find_bundle(account_id: str, year: int) -> tuple[Bundle | None, State]:
    """Return the bundle that was asked for last, and how far it is."""
    bundle = bundle_table.find(account_id, year)
    is_stored = bundle is not None and archive.has_bundle(bundle)
    return bundle, state_of(bundle, is_stored=is_stored, now_ms=clock.now_ms())


def link_to_bundle(account_id: str, year: int) -> str:
    """Return a link to a bundle, valid for minutes. Raises BundleNotReady."""
    bundle, state = find_bundle(account_id, year)
    if bundle is None or state != "ready":
        raise BundleNotReady(year)
    return archive.link_to_bundle(bundle)


def make_queued(messages: Sequence[Message], catalog: Catalog) -> list[str]:
    """Make the bundles of SQS messages; return the ids of the messages that must be delivered again.

    Documents that were drawn before the function was cut off are stored, so the next delivery goes on from there.
    """

    def handle(message: Message) -> None:
        asked = json_decoder(BundleMessage).decode(message["body"])
        contents = read_contents(asked.account_id, asked.year, catalog)
        bundle = _note(asked.account_id, asked.year, contents)
        if not archive.has_bundle(bundle):
            _write(bundle, contents)

    return each_message(messages, handle, message="a bundle of documents could not be made")


def read_contents(account_id: str, year: int, catalog: Catalog) -> Contents:
    """Issue the documents that a year's payments lack, as far as possible, and return what its bundle holds."""
    missing = [each for portion in _portions(account_id, year) for each in issue_missing(account_id, portion, catalog)]
    documents = list(_documents(account_id, year))
    ids = sorted({each.payment_id for each in documents})
    found = [payment for portion in _cut(ids) for payment in payments.find_all(account_id, portion).values()]
    start_ms, end_ms = span_of(year)
    return contents_of(documents, found, [each for each in missing if start_ms <= each.created_at_ms < end_ms])


def _note(account_id: str, year: int, contents: Contents) -> Bundle:
    """Write which bundle is the newest; its time stays while it is the same one and in the making."""
    now_ms = clock.now_ms()
    bundle = Bundle(account_id, year, contents.index_hash, len(contents.documents), now_ms)
    noted = bundle_table.find(account_id, year)
    is_being_made = state_of(noted, is_stored=False, now_ms=now_ms) == "being_made"
    if noted and is_being_made and noted.index_hash == bundle.index_hash:
        return noted
    bundle_table.put(bundle)
    return bundle


def _write(bundle: Bundle, contents: Contents) -> None:
    """Write a bundle to a file, one document at a time, and from there to S3. The same contents give the same bytes."""
    with TemporaryFile() as file:
        with ZipFile(file, "w", ZIP_STORED) as written:
            written.writestr(_entry(INDEX, 0), contents.index)
            for each in contents.documents:
                written.writestr(_entry(file_name(each), each.issued_at_ms), read_pdf(each))
        file.seek(0)
        archive.keep_bundle(bundle, file)


def _entry(name: str, time_ms: int) -> ZipInfo:
    moment = max(from_ms(time_ms), FIRST_OF_ZIP)
    return ZipInfo(name, moment.timetuple()[:6])


def _documents(account_id: str, year: int) -> Iterator[Invoice]:
    """Yield the documents of a year, newest first: they were issued in the order of their numbers."""
    start_ms, end_ms = span_of(year)
    cursor = None
    while True:
        batch = table.newest(account_id, limit=BATCH, cursor=cursor)
        yield from (each for each in batch.invoices if start_ms <= each.issued_at_ms < end_ms)
        cursor = batch.next_cursor
        if cursor is None or batch.invoices[-1].issued_at_ms < start_ms:
            return


def _portions(account_id: str, year: int) -> Iterator[list[Payment]]:
    """Yield the payments of a year, and some before it, that have succeeded."""
    start_ms, end_ms = span_of(year)
    cursor: str | None = write_cursor(first_id(end_ms))
    while cursor:
        batch = payments.newest(account_id, limit=BATCH, cursor=cursor)
        yield [each for each in batch.payments if each.state == "succeeded"]
        is_before = batch.payments and batch.payments[-1].created_at_ms < start_ms - LATEST_MS
        cursor = None if is_before else batch.next_cursor


def _cut(ids: Sequence[str]) -> Iterator[set[str]]:
    return (set(ids[start : start + BATCH]) for start in range(0, len(ids), BATCH))
