"""Build what a commit adds: each wallet's chained pages and its daily usage. Pure.

The legs of one posting may be in two wallets, and each transaction names its sibling by its place. So all legs are
first divided into pages; the pages are written once every transaction has its place.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Final

import msgspec

from chalicelib.ledger import format_2
from chalicelib.ledger.client_usage import ClientMonths, sum_usage_by_client
from chalicelib.ledger.daily_usage import Days, sum_usage_by_day
from chalicelib.ledger.page import BODY_BYTES, SPAN_MS, TRANSACTIONS, Page, append, chain_hash
from chalicelib.ledger.page_content import Header, SiblingPage, implied_amount
from chalicelib.ledger.posting import CREDIT, Content, Leg, Line, Part, Posting
from chalicelib.ledger.wallet import Wallet

posting_order: Final = attrgetter("identity.occurred_at_ms", "identity.source", "identity.event_id")
"""A page's transactions are sorted by event time, then by source and id, so the order is the same on every run."""


class WalletPlan(msgspec.Struct, frozen=True):
    """What a commit adds to one wallet. The write succeeds only if the stored wallet has not changed from `wallet`."""

    wallet: Wallet
    pages: list[Page]
    days: Days
    clients: ClientMonths = {}

    @property
    def item_count(self) -> int:
        """Return the number of items that the plan takes in a DynamoDB transaction."""
        return len(self.pages) + self.update_count

    @property
    def update_count(self) -> int:
        """Return how many of these items are updates: the wallet, its days, and its clients' months."""
        return 1 + len(self.days) + len(self.clients)

    @property
    def head(self) -> Wallet:
        """Return the wallet as it is after the commit."""
        wallet = self.wallet
        for page in self.pages:
            wallet = append(wallet, page)
        return wallet


class Siblings(msgspec.Struct, frozen=True):
    """The pages that hold siblings of a page's transactions, and the columns that `PageContent.siblings` reads."""

    pages: tuple[SiblingPage, ...] = ()
    columns: dict[str, list[int | None]] = {}


NO_SIBLINGS: Final = Siblings()


class _Share(msgspec.Struct):
    """A wallet's share of a commit: its legs in posting order, and where they are cut into pages.

    `siblings` maps the place of a leg to the share and place of its posting's other leg. `has_others` tells whether an
    event is about another account.
    """

    wallet: Wallet
    postings: list[Posting] = []
    legs: list[Leg] = []
    siblings: dict[int, "tuple[_Share, int]"] = {}
    cuts: list[slice] = []
    has_others: bool = False

    def add(self, posting: Posting, leg: Leg) -> int:
        """Add a leg, and return its place."""
        self.has_others |= posting.identity.account_id != self.wallet.account_id
        self.postings.append(posting)
        self.legs.append(leg)
        return len(self.legs) - 1

    def cut_of(self, place: int) -> int:
        """Return the number of the page that will hold the leg at a place."""
        return bisect_right(self.cuts, place, key=attrgetter("start")) - 1 if len(self.cuts) > 1 else 0

    def page(self, number: int) -> SiblingPage:
        """Return the location that a page will have."""
        cut = self.cuts[number]
        latest_ms = self.postings[cut.stop - 1].identity.occurred_at_ms
        return SiblingPage(self.wallet.account_id, latest_ms, self.wallet.sequence + 1 + cut.start)

    def plan(self, pages: list[Page]) -> WalletPlan:
        """Return the plan of the wallet with its pages."""
        clients = sum_usage_by_client(self.wallet.account_id, self.postings) if self.has_others else {}
        return WalletPlan(self.wallet, pages, self.days(), clients)

    def days(self) -> Days:
        """Return the usage that the legs add to the wallet's days."""
        times = [posting.identity.occurred_at_ms for posting in self.postings]
        return sum_usage_by_day(times, [posting.content for posting in self.postings], self.legs)


def build(wallets: Mapping[str, Wallet], postings: Iterable[Posting], posted_at_ms: int) -> list[WalletPlan]:
    """Build the plans that append postings, none of them posted yet, to all wallets that they change."""
    shares = _shares(wallets, postings)
    while True:
        pages = [_write_pages(share, posted_at_ms) for share in shares]
        if not [share for share, made in zip(shares, pages, strict=True) if _halve_too_large(share, made)]:
            return [share.plan(made) for share, made in zip(shares, pages, strict=True)]


def _shares(wallets: Mapping[str, Wallet], postings: Iterable[Posting]) -> list[_Share]:
    """Give each wallet its legs, in posting order, and cut them into pages."""
    ordered = sorted(postings, key=posting_order)
    accounts = {leg.account_id for posting in ordered for leg in posting.legs}
    shares = {account: _Share(wallets[account]) for account in sorted(accounts)}
    for posting in ordered:
        places = [(share := shares[leg.account_id], share.add(posting, leg)) for leg in posting.legs]
        if len(places) > 1:
            (one, place), (other, other_place) = places
            one.siblings[place] = (other, other_place)
            other.siblings[other_place] = (one, place)
    for share in shares.values():
        share.cuts = cut_into_pages([posting.identity.occurred_at_ms for posting in share.postings])
    return list(shares.values())


def cut_into_pages(times: Sequence[int]) -> list[slice]:
    """Cut sorted times so that no part spans more than five minutes or has more transactions than a page may hold."""
    cuts: list[slice] = []
    start = 0
    for index in range(1, len(times)) if times[-1] - times[0] > SPAN_MS else ():
        if times[index] - times[start] > SPAN_MS:
            cuts += _cut_evenly(start, index)
            start = index
    return [*cuts, *_cut_evenly(start, len(times))]


def _cut_evenly(start: int, stop: int) -> list[slice]:
    """Cut a range into parts of about the same length, none longer than a page may be."""
    parts = -(-(stop - start) // TRANSACTIONS)
    edges = [start + (stop - start) * part // parts for part in range(parts + 1)]
    return list(map(slice, edges, edges[1:]))


def _halve_too_large(share: _Share, pages: Sequence[Page]) -> bool:
    """Halve each part whose page is too large; tell whether there was one."""
    cuts: list[slice] = []
    for cut, page in zip(share.cuts, pages, strict=True):
        if len(page.body) < BODY_BYTES or page.count == 1:
            cuts.append(cut)
        else:
            middle = (cut.start + cut.stop) // 2
            cuts += [slice(cut.start, middle), slice(middle, cut.stop)]
    grown = len(cuts) > len(share.cuts)
    share.cuts = cuts
    return grown


def _write_pages(share: _Share, posted_at_ms: int) -> list[Page]:
    """Write a wallet's pages, each chained to the one before."""
    pages: list[Page] = []
    head = share.wallet
    for cut in share.cuts:
        siblings = _siblings(share, cut) if share.siblings else NO_SIBLINGS
        pages.append(write_page(head, share.postings[cut], share.legs[cut], siblings, posted_at_ms))
        head = append(head, pages[-1])
    return pages


def write_page(
    head: Wallet, postings: Sequence[Posting], legs: Sequence[Leg], siblings: Siblings, posted_at_ms: int
) -> Page:
    """Write the page that follows `head`, from legs in posting order that fit into one page."""
    columns = {**_columns(head.account_id, postings, legs), **siblings.columns}
    place = (head.account_id, head.currency, head.sequence + 1, head.balance_micros)
    body = format_2.encode(Header(*place, posted_at_ms, len(legs), siblings.pages), columns)
    return Page(
        account_id=head.account_id,
        earliest_ms=columns["occurred_at_ms"][0],
        latest_ms=columns["occurred_at_ms"][-1],
        first_sequence=head.sequence + 1,
        count=len(legs),
        opening_balance_micros=head.balance_micros,
        closing_balance_micros=head.balance_micros + _sum(columns["type"], columns["amount_micros"]),
        previous_hash=head.head_hash,
        hash=chain_hash(head.head_hash, format_2.hashed(body)),
        body=body,
        has_non_usage=CREDIT in columns["type"] or None in columns["meter"],
        format=format_2.NUMBER,
    )


def _sum(types: Sequence[str], amounts: Sequence[int]) -> int:
    """Return what legs add to the balance."""
    pairs = zip(types, amounts, strict=True)
    return sum(amount if direction == CREDIT else -amount for direction, amount in pairs)


def _columns(account_id: str, postings: Sequence[Posting], legs: Sequence[Leg]) -> dict[str, list[Any]]:
    identities = [posting.identity for posting in postings]
    contents = [posting.content for posting in postings]
    accounts = _values(identities, "account_id")
    line_counts = [len(leg.lines) for leg in legs]
    columns = {
        "occurred_at_ms": _values(identities, "occurred_at_ms"),
        "account_id": [None if each == account_id else each for each in accounts],
        "source": _values(identities, "source"),
        "event_id": _values(identities, "event_id"),
        "type": _values(legs, "type"),
        "kind": _values(contents, "kind"),
        "amount_micros": _values(legs, "amount_micros"),
        "sent_amount_micros": _sent_amounts(contents, legs, line_counts),
        "description": _values(contents, "description"),
        "meter": _values(contents, "meter"),
        "quantity_micros": _values(contents, "quantity_micros"),
        "unit_price_micros": _values(legs, "unit_price_micros"),
        "url": _values(contents, "url"),
        "payment_id": _values(contents, "payment_id"),
        "actor": _values(postings, "actor"),
        "metadata": _values(contents, "metadata"),
    }
    return {**columns, **_line_columns(contents, legs, line_counts)}


def _values(things: Iterable[Any], name: str) -> list[Any]:
    return list(map(attrgetter(name), things))


def _sent_amounts(
    sent: Iterable[Content | Part], priced: Iterable[Leg | Line], line_counts: Iterable[int]
) -> list[int | None]:
    """Return the amounts that were sent, or None where `implied_amount` returns the same."""
    return [
        None
        if each.amount_micros is None
        or each.amount_micros == implied_amount(each.quantity_micros, line_count, by.amount_micros)
        else each.amount_micros
        for each, by, line_count in zip(sent, priced, line_counts, strict=True)
    ]


def _line_columns(contents: Sequence[Content], legs: Sequence[Leg], line_counts: list[int]) -> dict[str, list[Any]]:
    """Return the columns of the lines of all legs, in order; empty where there are no lines."""
    if not any(line_counts):
        return {}
    lines = list(chain.from_iterable(leg.lines for leg in legs))
    parts = list(chain.from_iterable(content.parts for content in contents))
    return {
        "line_count": line_counts,
        "line_meter": _values(lines, "meter"),
        "line_amount_micros": _values(lines, "amount_micros"),
        "line_sent_amount_micros": _sent_amounts(parts, lines, [0] * len(lines)),
        "line_quantity_micros": _values(lines, "quantity_micros"),
        "line_unit_price_micros": _values(lines, "unit_price_micros"),
        "line_description": _values(lines, "description"),
    }


def _siblings(share: _Share, cut: slice) -> Siblings:
    """Return the pages that hold siblings of a part's legs, and the columns that refer to them."""
    numbers: dict[tuple[str, int], int] = {}
    pages: list[SiblingPage] = []
    passed: list[int] = []
    columns: dict[str, list[int | None]] = {"sibling_page": [], "sibling_position": []}
    for place in range(cut.start, cut.stop):
        number = offset = None
        if place in share.siblings:
            other, other_place = share.siblings[place]
            other_cut = other.cut_of(other_place)
            number = numbers.setdefault((other.wallet.account_id, other_cut), len(pages))
            if number == len(pages):
                pages.append(other.page(other_cut))
                passed.append(other.cuts[other_cut].start)
            offset = other_place - passed[number]
            passed[number] += 1
        columns["sibling_page"].append(number)
        columns["sibling_position"].append(offset)
    return Siblings(tuple(pages), columns)
