"""Settings, catalogs and timelines for the tests of rebilling."""

from functools import cache
from typing import Any, Final

from chalicelib.accounts.account import Account
from chalicelib.catalog.catalog import FILE, Catalog, read_catalog
from chalicelib.clients.rebilling_prices import Timeline, timelines
from chalicelib.clients.rebilling_request import RebillingRequest
from chalicelib.clock import parse_iso
from chalicelib.pricing.client_price import ClientPrice
from chalicelib.pricing.rebilling import ALL_METERS, NO_REBILLING, Dated, Rebilling
from chalicelib.pricing.tariff import Tariff
from chalicelib.typed import convert

NOW_MS: Final = parse_iso("2026-11-15T12:00:00+00:00")
NEW_UNIT_MS: Final = parse_iso("2027-01-01T00:00:00+00:00")

NEW_UNIT: Final = """
[meters.knowledge_base]
name = "Knowledge base"
unit = "lookup"
[[meters.knowledge_base.prices]]
from = 2025-01-01T00:00:00Z
unit = "month"
amounts = { usd = "2.50" }
[[meters.knowledge_base.prices]]
from = 2027-01-01T00:00:00Z
amounts = { usd = "0.005" }

[meters.storage]
name = "Storage"
unit = "gigabyte"
[[meters.storage.prices]]
from = 2025-01-01T00:00:00Z
amounts = { eur = "1" }
"""
"""A meter that was sold by the month, and is sold by the lookup from 2027 on; and one that is not sold in dollars."""


@cache
def catalog_with_new_unit() -> Catalog:
    """Return the catalog with a meter whose unit changes, and one that is sold in euros alone."""
    return read_catalog((FILE.read_text() + NEW_UNIT).encode())


WORKSPACE: Final = Account("acme", "workspace", None, "Acme", "a@b.example", "usd", "en", None, None, 0)
CLIENT: Final = Account("acme.bob", "client", "acme", "Bob", "b@b.example", "usd", "en", None, None, 0)

ABSORBED: Final = ClientPrice("absorbed")


def markup(multiple: float) -> ClientPrice:
    return ClientPrice("markup", markup_micros=round(multiple * 1_000_000))


def price(micros: int, unit: str = "message") -> ClientPrice:
    return ClientPrice("price", micros, unit)


def rebilling(*, on_from_ms: int | None = 0, allowance_micros: int = 0, **prices: Any) -> Rebilling:
    """Return settings of a client; each price is a value, or several with their times. `default` is for all meters."""
    return Rebilling(
        switches=_dated([(on_from_ms, True)]) if on_from_ms is not None else (),
        prices={
            ALL_METERS if name == "default" else name: _dated(each if isinstance(each, list) else [(0, each)])
            for name, each in prices.items()
        },
        allowances_micros=_dated([(0, allowance_micros)]) if allowance_micros else (),
        version=1,
    )


def _dated(values: list[tuple[int, Any]]) -> tuple[Dated[Any], ...]:
    return tuple(Dated(from_ms, value, 0, "kim") for from_ms, value in sorted(values, reverse=True, key=lambda v: v[0]))


def tariff(client: Rebilling, workspace: Rebilling = NO_REBILLING) -> Tariff:
    """Return the tariff of a client in dollars."""
    return Tariff(CLIENT.account_id, "usd", WORKSPACE.account_id, client, workspace)


def prices_of(client: Rebilling, workspace: Rebilling = NO_REBILLING, time_ms: int = NOW_MS) -> dict[str, Timeline]:
    """Return the timelines of all meters of a client in dollars."""
    return timelines(tariff(client, workspace), catalog_with_new_unit(), time_ms)


def request(**fields: Any) -> RebillingRequest:
    """Return a request as it is read from JSON; `start` is its field `from`."""
    sent = {"from" if name == "start" else name: value for name, value in fields.items()}
    return convert(sent, RebillingRequest)
