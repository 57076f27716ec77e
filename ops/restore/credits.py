"""Post again what an account's payments, refunds and disputes say: the ledger posts each of them once, whoever asks."""

from collections.abc import Iterator
from typing import Final

import msgspec

from chalicelib.ledger.page_table import read_non_usage_pages
from chalicelib.ledger.post import post
from chalicelib.ledger.posting import Identity, Posting
from chalicelib.ledger.read_page import transactions_of
from chalicelib.ledger.wallet import END_OF_TIME_MS
from chalicelib.payments import table as payments
from chalicelib.reversals import table as reversals

AT_ONCE: Final = 50
"""Postings in one commit, well below the 100 items that a transaction holds: each may be on a page of its own."""


EventId = tuple[str, str]
"""A source and the id of an event there."""


class Reposted(msgspec.Struct, frozen=True):
    """The ids of what the ledger lacked, and of what it has with another amount or time than the rows say."""

    missing: list[str]
    conflicts: list[str]


def repost_credits(account_id: str, *, write: bool) -> Reposted:
    """Find what an account's rows say and its ledger lacks and, if `write`, post it.

    Raises WalletNotFound, LedgerBusy, UnreadablePage.
    """
    posted = {
        _id_of(each.identity): (each.identity, each.leg.signed_micros)
        for page in read_non_usage_pages(account_id)
        for each in transactions_of(page)
    }
    missing: list[Posting] = []
    conflicts: list[str] = []
    for posting in _postings(account_id):
        there = posted.get(_id_of(posting.identity))
        if there is None:
            missing.append(posting)
        elif there != (posting.identity, posting.legs[0].signed_micros):
            conflicts.append(posting.identity.event_id)
    for start in range(0, len(missing) if write else 0, AT_ONCE):
        result = post(missing[start : start + AT_ONCE])
        conflicts += [each.identity.event_id for each in result.conflicts]
        for refused in result.refused:
            raise refused.error
    return Reposted([each.identity.event_id for each in missing], conflicts)


def _id_of(identity: Identity) -> EventId:
    return identity.source, identity.event_id


def _postings(account_id: str) -> Iterator[Posting]:
    for payment in payments.between(account_id, 0, END_OF_TIME_MS):
        if payment.state == "succeeded" and payment.fills_wallet:
            yield payment.posting()
    refunds, disputes = reversals.of_account(account_id)
    for refund in refunds:
        yield from refund.postings()
    for dispute in disputes:
        yield from dispute.postings()
