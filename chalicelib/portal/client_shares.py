"""What each client of a workspace used in some months: its cost, what the client paid, and what the workspace keeps.

Pure. The ledger keeps a client's usage by calendar month, so these are exact for whole months.
"""

from collections.abc import Iterable, Sequence

import msgspec

from chalicelib.ledger.client_usage import ClientMeter, ClientMonth
from chalicelib.ledger.daily_usage import Days, Usage

MonthRow = tuple[ClientMonth, dict[str, ClientMeter]]
"""A month of a client, with its usage by meter."""


class Share(msgspec.Struct, frozen=True):
    """What one client used, or, without a `client_id`, the workspace for itself."""

    client_id: str | None
    cost_micros: int
    price_micros: int


def only_meter(rows: Iterable[MonthRow], meter: str | None) -> list[MonthRow]:
    """Return the rows with only one meter, without those that lack it; all if `meter` is None."""
    if meter is None:
        return list(rows)
    return [(key, {meter: meters[meter]}) for key, meters in rows if meter in meters]


def shares(rows: Iterable[MonthRow]) -> list[Share]:
    """Add up the months of each client; the one that cost most comes first."""
    totals: dict[str, ClientMeter] = {}
    for (_, client_id), meters in rows:
        for usage in meters.values():
            totals.setdefault(client_id, ClientMeter()).add(usage)
    found = [Share(client_id, total.cost_micros, total.price_micros) for client_id, total in totals.items()]
    return sorted(found, key=lambda share: (-share.cost_micros, -share.price_micros, share.client_id))


def own_share(all_micros: int, of_clients: Sequence[Share]) -> Share:
    """Return what of a workspace's usage was for none of its clients."""
    return Share(None, max(0, all_micros - sum(each.cost_micros for each in of_clients)), 0)


def costs_by_month(rows: Iterable[MonthRow]) -> Days:
    """Return the workspace's costs by meter, each month's on its first day."""
    days: Days = {}
    for (month, _), meters in rows:
        for meter, usage in meters.items():
            total = days.setdefault(f"{month}-01", {}).setdefault(meter, Usage())
            total.add(Usage(usage.quantity_micros, usage.cost_micros, usage.count))
    return days
