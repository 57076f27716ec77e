"""Pages: immutable, hash-chained blocks of transactions. Pure: builds, encodes, decodes, checks.

A page's body is JSON by columns, compressed: the values of one field stand together, and a field that is the same for
the whole page stands once. Text messages with random ids, links and numbers take 45 bytes each this way.
"""

import zlib
from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate, pairwise, repeat
from typing import Any, Final

import msgspec

from chalicelib.clock import iso
from chalicelib.ledger.transaction import Entry, Location, Transaction, id_of
from chalicelib.ledger.wallet import Wallet

FORMAT: Final = 1
SPAN_MS: Final = 5 * 60 * 1000
"""The longest event time a page covers. Looking for a repeat, or resuming history, reads no further than this."""

BODY_BYTES: Final = 300 * 1024
"""The largest body: an item of DynamoDB holds 400 KB, with the other attributes."""

COMPRESSION: Final = 3
"""zlib's level: 1.3 microseconds and 44.4 bytes an event, where level 6 takes 2.6 and 42.1 (1,000 events)."""

SEQUENCE_DIGITS: Final = 15
COLUMNS: Final = tuple(name for name in Entry.__struct_fields__ if name != "occurred_at_ms")
DEFAULTS: Final[dict[str, Any]] = dict(zip(Entry.__struct_fields__[-8:], Entry.__struct_defaults__, strict=True))


class Page(msgspec.Struct, frozen=True):
    """One stored page. The header repeats what the body implies, so that a reader need not open it.

    `beyond_usage` tells that it holds more than usage: a credit, or a debit without a meter, such as a refund.
    """

    account_id: str
    earliest_ms: int
    latest_ms: int
    first_sequence: int
    count: int
    opening_balance_micros: int
    closing_balance_micros: int
    previous_hash: bytes
    hash: bytes
    body: bytes
    beyond_usage: bool
    format: int = FORMAT

    @property
    def key(self) -> str:
        """Return the sort key: the time of the latest event, then the first sequence number."""
        return page_key(self.latest_ms, self.first_sequence)

    @property
    def last_sequence(self) -> int:
        """Return the sequence number of the page's last transaction."""
        return self.first_sequence + self.count - 1


class Body(msgspec.Struct, omit_defaults=True):
    """What a page's hash covers. `times` are differences in ms, each to the time before, from `start_ms` on."""

    account_id: str
    currency: str
    first_sequence: int
    opening_balance_micros: int
    posted_at_ms: int
    start_ms: int
    times: list[int]
    columns: dict[str, Any]


def page_key(latest_ms: int, first_sequence: int) -> str:
    """Write the sort key of a page."""
    return f"{iso(latest_ms)}#{first_sequence:0{SEQUENCE_DIGITS}d}"


def in_order(entries: Sequence[Entry]) -> list[Entry]:
    """Sort entries as they are posted: by their own time, then by source and id: the same on every run."""
    return sorted(entries, key=lambda entry: (entry.occurred_at_ms, entry.source, entry.event_id))


def build(wallet: Wallet, entries: Sequence[Entry], posted_at_ms: int) -> list[Page]:
    """Build the pages that append `entries` (sorted, none of them posted yet) to `wallet`."""
    pages: list[Page] = []
    head = wallet
    for group in spans(entries):
        for page in _within_size(head, group, posted_at_ms):
            pages.append(page)
            head = after(head, page)
    return pages


def after(wallet: Wallet, page: Page) -> Wallet:
    """Return the wallet with the page appended."""
    return Wallet(
        account_id=wallet.account_id,
        currency=wallet.currency,
        balance_micros=page.closing_balance_micros,
        sequence=page.last_sequence,
        head_hash=page.hash,
    )


def spans(entries: Sequence[Entry]) -> list[Sequence[Entry]]:
    """Cut sorted entries so that no part spans more than five minutes."""
    parts: list[Sequence[Entry]] = []
    start = 0
    for index, entry in enumerate(entries):
        if entry.occurred_at_ms - entries[start].occurred_at_ms > SPAN_MS:
            parts.append(entries[start:index])
            start = index
    return [*parts, entries[start:]] if entries else []


def _within_size(head: Wallet, entries: Sequence[Entry], posted_at_ms: int) -> list[Page]:
    """Build one page, or several when the body would be too large."""
    page = build_page(head, entries, posted_at_ms)
    if len(page.body) < BODY_BYTES or len(entries) == 1:
        return [page]
    middle = len(entries) // 2
    first = _within_size(head, entries[:middle], posted_at_ms)
    for made in first:
        head = after(head, made)
    return first + _within_size(head, entries[middle:], posted_at_ms)


def build_page(head: Wallet, entries: Sequence[Entry], posted_at_ms: int) -> Page:
    """Build the page that follows `head` from entries that fit into one."""
    times = [entry.occurred_at_ms for entry in entries]
    columns = {name: _column(entries, name) for name in COLUMNS}
    plain = msgspec.json.encode(
        Body(
            account_id=head.account_id,
            currency=head.currency,
            first_sequence=head.sequence + 1,
            opening_balance_micros=head.balance_micros,
            posted_at_ms=posted_at_ms,
            start_ms=times[0],
            times=[0, *(later - earlier for earlier, later in pairwise(times))],
            columns={name: values for name, values in columns.items() if values != DEFAULTS.get(name, ...)},
        )
    )
    return Page(
        account_id=head.account_id,
        earliest_ms=times[0],
        latest_ms=times[-1],
        first_sequence=head.sequence + 1,
        count=len(entries),
        opening_balance_micros=head.balance_micros,
        closing_balance_micros=head.balance_micros + sum(_signed(entries)),
        previous_hash=head.head_hash,
        hash=chain_hash(head.head_hash, plain),
        body=zlib.compress(plain, COMPRESSION),
        beyond_usage=columns["type"] != "debit" or _has_none(columns["meter"]),
    )


def chain_hash(previous_hash: bytes, plain_body: bytes) -> bytes:
    """Return SHA-256 over the previous page's hash and this page's JSON: independent of how it is compressed."""
    return sha256(previous_hash + plain_body).digest()


def _column(entries: Sequence[Entry], name: str) -> Any:
    """Return a field's values: one value when all are equal, else a list."""
    values = [getattr(entry, name) for entry in entries]
    return values[0] if values.count(values[0]) == len(values) else values


def _has_none(values: Any) -> bool:
    """Tell whether a field is None somewhere in a page."""
    return None in values if isinstance(values, list) else values is None


def _signed(entries: Sequence[Entry]) -> list[int]:
    return [entry.amount_micros if entry.type == "credit" else -entry.amount_micros for entry in entries]


def plain_body(page: Page) -> bytes:
    """Return the body's JSON."""
    return zlib.decompress(page.body)


def decode_body(page: Page) -> Body:
    """Read the body back."""
    return msgspec.json.decode(plain_body(page), type=Body)


def column(body: Body, name: str) -> list[Any]:
    """Return all values of a field, in order."""
    value = body.columns.get(name, DEFAULTS.get(name))
    return value if isinstance(value, list) else list(repeat(value, len(body.times)))


def entries_of(body: Body) -> list[Entry]:
    """Return a page's entries in the order in which they were posted."""
    times = accumulate(body.times, initial=body.start_ms)
    next(times)
    return [
        Entry(moment, *values) for moment, *values in zip(times, *(column(body, name) for name in COLUMNS), strict=True)
    ]


def transactions_of(page: Page) -> list[Transaction]:
    """Return a page's transactions in the order in which they were posted: rising by time and by sequence."""
    body = decode_body(page)
    entries = entries_of(body)
    balances = accumulate(_signed(entries), initial=page.opening_balance_micros)
    next(balances)
    return [
        Transaction(
            id=id_of(Location(page.latest_ms, page.first_sequence, position)),
            account_id=page.account_id,
            currency=body.currency,
            sequence=page.first_sequence + position,
            balance_after_micros=balance,
            posted_at_ms=body.posted_at_ms,
            entry=entry,
        )
        for position, (entry, balance) in enumerate(zip(entries, balances, strict=True))
    ]
