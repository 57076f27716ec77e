"""Numbers of documents: `ACME-000042`, and `ACME-CN-000043` for a credit note. Pure.

An account's invoices and credit notes are numbered in one sequence. The prefix is derived from the account's id. Ids
that could give the same prefix get a mark of their own, so that a seller never uses a number twice.
"""

import re
from base64 import b32encode
from hashlib import sha256
from typing import Final

from chalicelib.invoices.invoice import Kind

DIGITS: Final = 6
LONGEST_PREFIX: Final = 20
MARK_LENGTH: Final = 6
CREDIT_NOTE: Final = "CN"
NUMBER: Final = re.compile(r"[A-Z0-9-]{1,40}?-(?:CN-)?(\d{6,12})")
PDF: Final = ".pdf"
ZIP: Final = ".zip"


def prefix_of(account_id: str) -> str:
    """Return an account's prefix: its id in capitals, with a mark if that alone might not be unique."""
    safe = re.sub(r"[^A-Z0-9]+", "-", account_id.upper()).strip("-")[:LONGEST_PREFIX].rstrip("-")
    if safe.lower() == account_id and not _looks_numbered(safe):
        return safe
    mark = b32encode(sha256(account_id.encode()).digest()).decode()[:MARK_LENGTH]
    return f"{safe}-{mark}"


def _looks_numbered(safe: str) -> bool:
    """Tell whether a prefix ends like a credit note's: invoices of `acme-cn` would look like credit notes of `acme`."""
    return safe.endswith(f"-{CREDIT_NOTE}")


def number_of(account_id: str, sequence: int, kind: Kind) -> str:
    """Return the number of an account's document."""
    mark = f"{CREDIT_NOTE}-" if kind == "credit_note" else ""
    return f"{prefix_of(account_id)}-{mark}{sequence:0{DIGITS}d}"


def sequence_of(number: str) -> int | None:
    """Return the sequence number in a document's number; None for a text that cannot be such a number."""
    match = NUMBER.fullmatch(number)
    return int(match[1]) if match else None
