"""Export an account into a directory: its files one after another, then the manifest that says that all are there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.clock import iso
from chalicelib.invoices.download import read_pdf
from chalicelib.invoices.invoice import Invoice
from chalicelib.invoices.table import DOCUMENTS, InvoiceRow, invoice_of
from chalicelib.ledger.table import WalletRow, readable_wallet
from chalicelib.log import log
from chalicelib.money import format_amount, parse_signed_micros
from chalicelib.readable import read_or
from chalicelib.tables import query_items
from chalicelib.typed import json_decoder
from ops.account_data import PLACES
from ops.environment import system_id
from ops.exporting.files import HashedFile, WrittenFile, write_json, write_table
from ops.exporting.readable import Row
from ops.exporting.sources import SOURCES, Source, Subject, subject_of

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
PROGRESS: Final = ".progress.json"
DOCUMENT_FILES: Final = "documents"
ONLY_OURS: Final = 0o700

UNKNOWN: Final = "unknown"
"""The balance of a wallet that is missing or cannot be read; then every transaction is exported, up to the last."""

LAST: Final = 2**63 - 1

Advance = Callable[[str], None]
"""Called with the name of a file for each of its rows."""


class ExportComplete(Exception):
    """The directory has a complete export."""


class ExportRunning(Exception):
    """Another process is exporting into the directory."""


class Progress(msgspec.Struct):
    """How far an export of a system has got. Transactions that were posted after it began are not in it."""

    system: str
    account_id: str
    began_at: str
    last_sequence: int
    balance: str
    currency: str
    files: dict[str, list[WrittenFile]] = {}
    sum_micros: int = 0
    transactions: int = 0
    documents: list[WrittenFile] = []
    documents_missing: list[str] = []


class NotExported(msgspec.Struct, frozen=True):
    """What an account may have that is not in an export, and why."""

    name: str
    holds: str
    because: str


class Manifest(msgspec.Struct, frozen=True):
    """What an export holds. `agrees` tells that the transactions sum up to the balance, and that none is missing."""

    format: int
    account_id: str
    began_at: str
    ended_at: str
    currency: str
    balance: str
    transactions: int
    sum_of_transactions: str
    agrees: bool
    unreadable: int
    files: list[WrittenFile]
    documents: list[WrittenFile]
    documents_missing: list[str]
    not_exported: list[NotExported]

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing is missing."""
        return self.agrees and not self.unreadable and not self.documents_missing


def export_account(account_id: str, to: Path, advance: Advance, *, replace: bool = False) -> tuple[Path, Manifest]:
    """Export an account into `to/account_id`, or go on where an export was cut off; return where, and the manifest.

    Raises AccountNotFound, ExportComplete unless a complete export is to be replaced, ExportRunning, OSError.
    """
    account = accounts.get(account_id)
    directory = to / account_id
    (directory / DOCUMENT_FILES).mkdir(mode=ONLY_OURS, parents=True, exist_ok=True)
    directory.chmod(ONLY_OURS)
    with _locked(directory):
        if replace:
            (directory / MANIFEST).unlink(missing_ok=True)
            (directory / PROGRESS).unlink(missing_ok=True)
        if (directory / MANIFEST).exists():
            raise ExportComplete(f"{directory} has a complete export; with --replace it is made again")
        progress = _begin(directory, account)
        subject = subject_of(account, progress.last_sequence)
        for source in sources_of(subject):
            if source.file not in progress.files:
                progress.files[source.file] = _write(directory, source, subject, progress, advance)
                write_json(directory / PROGRESS, progress)
        _write_documents(directory, account_id, progress, advance)
        manifest = manifest_of(progress)
        write_json(directory / MANIFEST, manifest)
        (directory / PROGRESS).unlink()
    return directory, manifest


def sources_of(subject: Subject) -> list[Source]:
    """Return what is exported of an account."""
    return [each for each in SOURCES if each.of_clients or subject.account.kind == "workspace"]


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    with (directory / ".lock").open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except OSError:
            raise ExportRunning(f"another export into {directory} is running") from None
        yield


def _begin(directory: Path, account: Account) -> Progress:
    """Return how far the export of this system has got; a new one notes first which transactions there are now.

    What another system has of an account of this name is neither gone on with nor kept.
    """
    stored, system = directory / PROGRESS, system_id()
    if stored.exists():
        found = read_or(
            lambda: json_decoder(Progress).decode(stored.read_bytes()),
            lambda: None,
            about={"account_id": account.account_id, "what": "progress"},
        )
        if found and found.system == system:
            return found
    for document in (directory / DOCUMENT_FILES).iterdir():
        document.unlink()
    progress = _progress_of(system, account)
    write_json(stored, progress)
    return progress


def _progress_of(system: str, account: Account) -> Progress:
    """Return the progress of an export that begins now."""
    wallet = readable_wallet(next(query_items(WalletRow, account.account_id), None))
    began_at = iso(clock.now_ms())
    if wallet is None:
        return Progress(system, account.account_id, began_at, LAST, UNKNOWN, account.currency)
    balance = format_amount(wallet.balance_micros, wallet.currency)
    return Progress(system, account.account_id, began_at, wallet.sequence, balance, wallet.currency)


def _write(
    directory: Path, source: Source, subject: Subject, progress: Progress, advance: Advance
) -> list[WrittenFile]:
    rows = source.read(subject)
    if source.place == "transactions":
        progress.sum_micros = progress.transactions = 0
        rows = _add_up(rows, progress)
    return write_table(directory, source.file, source.columns, rows, lambda: advance(source.file))


def _add_up(rows: Iterator[Row], progress: Progress) -> Iterator[Row]:
    for row in rows:
        if "sequence" in row:
            amount_micros = parse_signed_micros(row["amount"])
            progress.sum_micros += amount_micros if row["type"] == "credit" else -amount_micros
            progress.transactions += 1
        yield row


def _write_documents(directory: Path, account_id: str, progress: Progress, advance: Advance) -> None:
    """Write the documents. One that a run before has written is not fetched again: documents never change."""
    progress.documents, progress.documents_missing = [], []
    for item in query_items(InvoiceRow, account_id, InvoiceRow.document.startswith(DOCUMENTS)):
        try:
            invoice = invoice_of(InvoiceRow.from_raw_data(item))
            progress.documents.append(_write_document(directory, invoice))
        except Exception:  # noqa: BLE001 - of this document alone: the manifest names it
            log().exception("a document could not be exported", account_id=account_id, key=item["document"]["S"])
            progress.documents_missing.append((item.get("number") or item["document"])["S"])
        advance("documents as PDF")


def _write_document(directory: Path, invoice: Invoice) -> WrittenFile:
    path = directory / DOCUMENT_FILES / f"{invoice.number}.pdf"
    pdf = path.read_bytes() if path.exists() else read_pdf(invoice)
    with HashedFile(path) as file:
        file.write(pdf)
        return file.finish()


def manifest_of(progress: Progress) -> Manifest:
    """Return the manifest of an export whose files are all written."""
    files = [each for name in progress.files for each in progress.files[name]]
    total = format_amount(progress.sum_micros, progress.currency)
    return Manifest(
        format=FORMAT,
        account_id=progress.account_id,
        began_at=progress.began_at,
        ended_at=iso(clock.now_ms()),
        currency=progress.currency,
        balance=progress.balance,
        transactions=progress.transactions,
        sum_of_transactions=total,
        agrees=total == progress.balance and progress.transactions == progress.last_sequence,
        unreadable=sum(each.unreadable for each in files) // 2,
        files=files,
        documents=progress.documents,
        documents_missing=progress.documents_missing,
        not_exported=[NotExported(each.name, each.holds, each.not_exported) for each in PLACES if each.not_exported],
    )
