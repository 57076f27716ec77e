"""What a workspace's clients used, by client, month and meter: its cost to the workspace and its price for the client.

Pure. The ledger knows a client by its postings: the event is about the client, and a leg of it is the workspace's.
"""

from collections.abc import Iterable

import msgspec

from chalicelib.clock import month_of
from chalicelib.ledger.posting import Content, Leg, Posting

ClientMonth = tuple[str, str]
"""A month (`2026-11`, UTC) and a client."""


class ClientMeter(msgspec.Struct):
    """One meter's usage: quantity in millionths, cost and price in micros, and the number of events or lines."""

    quantity_micros: int = 0
    cost_micros: int = 0
    price_micros: int = 0
    count: int = 0

    def add(self, other: "ClientMeter") -> None:
        """Add another total to this one."""
        self.quantity_micros += other.quantity_micros
        self.cost_micros += other.cost_micros
        self.price_micros += other.price_micros
        self.count += other.count


ClientMonths = dict[ClientMonth, dict[str, ClientMeter]]
"""Usage by month and client, and by meter."""


def is_usage_of_client(account_id: str, posting: Posting) -> bool:
    """Tell whether a posting in an account's wallet is usage of one of its clients."""
    return posting.identity.account_id != account_id and posting.content.meter is not None


def sum_usage_by_client(account_id: str, postings: Iterable[Posting]) -> ClientMonths:
    """Sum what the postings in a workspace's wallet add to its clients' usage."""
    months: ClientMonths = {}
    for posting in postings:
        if is_usage_of_client(account_id, posting):
            month = (month_of(posting.identity.occurred_at_ms), posting.identity.account_id)
            add_posting(months.setdefault(month, {}), posting)
    return months


def add_posting(meters: dict[str, ClientMeter], posting: Posting) -> None:
    """Add the legs of one event to its client's month."""
    for leg in posting.legs:
        add_leg(meters, posting.content, leg, is_price=leg.account_id == posting.identity.account_id)


def add_leg(meters: dict[str, ClientMeter], content: Content, leg: Leg, *, is_price: bool) -> None:
    """Add one leg of an event: the client's, which has the price, or its workspace's, which has the cost."""
    for meter, quantity_micros, amount_micros in _measures(content, leg):
        usage = meters.setdefault(meter, ClientMeter())
        if is_price:
            usage.price_micros += amount_micros
        else:
            usage.quantity_micros += quantity_micros or 0
            usage.cost_micros += amount_micros
            usage.count += 1


def _measures(content: Content, leg: Leg) -> Iterable[tuple[str, int | None, int]]:
    """Return meter, quantity and amount of each line of a leg, or of the leg itself if it has no lines."""
    if leg.lines:
        return [(line.meter, line.quantity_micros, line.amount_micros) for line in leg.lines]
    return [(str(content.meter), content.quantity_micros, leg.amount_micros)]
