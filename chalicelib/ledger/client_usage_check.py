"""Check that the table `client_usage` agrees with the pages of one wallet: a workspace's, or a client's.

A workspace's pages have the quantities, costs and counts of its clients; a client's pages have the prices, each beside
the workspace that its sibling names.
"""

from collections.abc import Callable, Mapping

from chalicelib.clock import month_of
from chalicelib.ledger import client_usage_table
from chalicelib.ledger.client_usage import ClientMeter, ClientMonths, add_leg
from chalicelib.ledger.transaction import Transaction

ReadMonths = Callable[[str], ClientMonths]
"""Reads all months of a workspace."""


class ClientUsageCheck:
    """Sums the usage of clients in one wallet's transactions, and compares the sums with the table.

    `costs` is the usage of the wallet's own clients; `prices`, by workspace, what the wallet paid as its client.
    """

    def __init__(self, account_id: str, read_months: ReadMonths = client_usage_table.read_all_months) -> None:
        self._account_id = account_id
        self._read_months = read_months
        self.costs: ClientMonths = {}
        self.prices: dict[str, ClientMonths] = {}

    def add(self, transaction: Transaction) -> None:
        """Add a transaction of the wallet."""
        if transaction.content.meter is None:
            return
        client_id = transaction.identity.account_id
        month = (month_of(transaction.identity.occurred_at_ms), client_id)
        if client_id != self._account_id:
            add_leg(self.costs.setdefault(month, {}), transaction.content, transaction.leg, is_price=False)
        elif transaction.sibling:
            prices = self.prices.setdefault(transaction.sibling.account_id, {})
            add_leg(prices.setdefault(month, {}), transaction.content, transaction.leg, is_price=True)

    def difference(self) -> str | None:
        """Return the first difference, or None."""
        stored = self._read_months(self._account_id)
        found = _difference(self.costs, stored, _cost_of)
        for workspace_id, prices in sorted(self.prices.items()):
            months = self._read_months(workspace_id)
            own = {month: meters for month, meters in months.items() if month[1] == self._account_id}
            found = found or _difference(prices, own, _price_of)
        return found


Numbers = Callable[[ClientMeter], tuple[int, ...]]


def _cost_of(usage: ClientMeter) -> tuple[int, ...]:
    return usage.quantity_micros, usage.cost_micros, usage.count


def _price_of(usage: ClientMeter) -> tuple[int, ...]:
    return (usage.price_micros,)


def _difference(summed: ClientMonths, stored: ClientMonths, numbers: Numbers) -> str | None:
    for month in sorted(summed.keys() | stored.keys()):
        expected, found = (_by_meter(each.get(month, {}), numbers) for each in (summed, stored))
        if expected != found:
            return f"usage of {month[1]!r} in {month[0]}: the pages add up to {expected}, the table says {found}"
    return None


def _by_meter(meters: Mapping[str, ClientMeter], numbers: Numbers) -> dict[str, tuple[int, ...]]:
    """Return the numbers of each meter that has any: a price of zero leaves no trace in another wallet's pages."""
    return {meter: found for meter, usage in meters.items() if any(found := numbers(usage))}
