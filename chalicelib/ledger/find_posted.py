"""Find the transaction that a posting became, by the time of its event."""

from collections.abc import Iterable

from chalicelib.ledger.page import SPAN_MS, Page
from chalicelib.ledger.page_table import read_non_usage_pages_of, read_pages
from chalicelib.ledger.posting import Posting
from chalicelib.ledger.read_page import find_events, transactions_of
from chalicelib.ledger.transaction import Transaction


def find_posted(posting: Posting) -> Transaction | None:
    """Return the transaction of a posting that is not usage, in the wallet of its first leg; None if there is none.

    Looks at pages that hold more than usage, by their index, and at all pages of the time only if it is in none of
    them: the index may lag behind. Raises UnreadablePage.
    """
    account_id, at_ms = posting.legs[0].account_id, posting.identity.occurred_at_ms
    found = _find(posting, read_non_usage_pages_of(account_id, at_ms, at_ms + SPAN_MS))
    return found or _find(posting, read_pages(account_id, at_ms, at_ms + SPAN_MS))


def _find(posting: Posting, pages: Iterable[Page]) -> Transaction | None:
    for page in pages:
        if find_events(page, {posting.identity.key}):
            same = (each for each in transactions_of(page) if each.identity == posting.identity)
            found = next(same, None)
            if found:
                return found
    return None
