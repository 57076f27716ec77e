"""Client prices that a catalog makes void, or leaves below the cost."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.batches import each
from chalicelib.catalog.catalog import Catalog
from chalicelib.clients.rebilling_prices import timelines
from chalicelib.clients.warnings import find_warnings
from chalicelib.pricing.rebilling import Rebilling
from chalicelib.pricing.table import RebillingRow, rebilling_of
from chalicelib.pricing.tariff import Tariff

TOLD: Final = frozenset({"price_void", "below_cost"})


class PriceNote(msgspec.Struct, frozen=True, order=True):
    """Prices of a client, or a workspace's defaults, and what a catalog does to them."""

    account_id: str
    meters: str
    note: str


def find_price_notes(wanted: Catalog, currencies: Mapping[str, str]) -> tuple[list[PriceNote], int]:
    """Return the notes of all accounts, from now on, and how many settings could not be read."""
    notes: list[PriceNote] = []

    def look(row: RebillingRow) -> None:
        if currency := currencies.get(row.account_id):
            notes.extend(notes_of(row.account_id, rebilling_of(row), currency, wanted, clock.now_ms()))

    unread = each(
        RebillingRow.scan(),
        look,
        message="prices for clients could not be compared with the catalog",
        about=lambda row: {"account_id": row.account_id},
    )
    return sorted(notes), len(unread)


def notes_of(account_id: str, rebilling: Rebilling, currency: str, wanted: Catalog, now_ms: int) -> Iterator[PriceNote]:
    """Yield what a catalog does to an account's own prices, from a time on."""
    found = timelines(Tariff(account_id, currency, rebilling=rebilling), wanted, now_ms)
    for warning in find_warnings(found, is_on=rebilling.is_on(now_ms), of_workspace=False):
        if warning.code in TOLD:
            yield PriceNote(account_id, ", ".join(warning.meters), warning.sentence)
