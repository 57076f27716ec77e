"""The chain of a wallet's pages: each begins where the one before it ends, and carries its hash. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from chalicelib.clock import iso
from chalicelib.ledger.page import Page
from chalicelib.ledger.wallet import GENESIS, PageSpan, Wallet


class Link(msgspec.Struct, frozen=True):
    """What the check of the chain needs from a page after its body has been checked."""

    key: str
    span: PageSpan
    first_sequence: int
    last_sequence: int
    opening_balance_micros: int
    closing_balance_micros: int
    previous_hash: bytes
    hash: bytes


START: Final = Link("the start", PageSpan(0, 0, 0), 0, 0, 0, 0, b"", GENESIS)
"""The end of the empty wallet, from which the first page follows."""


class Verified(msgspec.Struct, frozen=True):
    """How far a wallet was verified: its head then, and the latest time of the page that was its last."""

    sequence: int = 0
    balance_micros: int = 0
    head_hash: bytes = GENESIS
    latest_ms: int = 0


def link_of(page: Page) -> Link:
    """Return what the chain needs of a page."""
    return Link(
        page.key,
        PageSpan(page.earliest_ms, page.latest_ms, page.first_sequence),
        page.first_sequence,
        page.last_sequence,
        page.opening_balance_micros,
        page.closing_balance_micros,
        page.previous_hash,
        page.hash,
    )


def chain_difference(wallet: Wallet, chain: Sequence[Link], start: Link = START) -> str | None:
    """Return the first difference from `start` over the pages, in the order of their sequence, to the wallet's head."""
    return next(_differences(wallet, chain, start), None)


def links_difference(chain: Sequence[Link], start: Link = START) -> str | None:
    """Return the first difference between consecutive pages, or None."""
    return next(_link_differences(chain, start), None)


def _differences(wallet: Wallet, chain: Sequence[Link], start: Link) -> Iterator[str]:
    yield from _link_differences(chain, start)
    yield from _named_differences(wallet, chain, is_whole=start.last_sequence == 0)
    last = chain[-1] if chain else start
    if (wallet.sequence, wallet.balance_micros, wallet.head_hash) != (
        last.last_sequence,
        last.closing_balance_micros,
        last.hash,
    ):
        yield (
            f"the wallet is at sequence {wallet.sequence} with {wallet.balance_micros} micros, "
            f"its last page {last.key} at {last.last_sequence} with {last.closing_balance_micros}"
        )


def _link_differences(chain: Sequence[Link], start: Link) -> Iterator[str]:
    for earlier, later in pairwise([start, *chain]):
        if later.first_sequence != earlier.last_sequence + 1:
            yield f"page {later.key}: starts at {later.first_sequence}, {earlier.key} ends at {earlier.last_sequence}"
        if later.opening_balance_micros != earlier.closing_balance_micros:
            yield f"page {later.key}: opens with {later.opening_balance_micros}, not {earlier.closing_balance_micros}"
        if later.previous_hash != earlier.hash:
            yield f"page {later.key}: does not follow {earlier.key} in the hash chain"


def _named_differences(wallet: Wallet, chain: Sequence[Link], *, is_whole: bool) -> Iterator[str]:
    """Yield the differences between the pages that the wallet's row names and those of the chain.

    Of a chain that does not begin at the start, the row may name earlier pages, too.
    """
    named = wallet.recent if is_whole else wallet.recent[max(0, len(wallet.recent) - len(chain)) :]
    if [link.span for link in chain[len(chain) - len(named) :]] != list(named):
        yield f"the wallet names {len(wallet.recent)} recent pages that are not its last ones"
    latest = max((link.span.latest_ms for link in chain[: len(chain) - len(named)]), default=0)
    if latest > wallet.older_ms:
        yield f"the wallet says that its older pages end at {iso(wallet.older_ms)}, one ends at {iso(latest)}"
