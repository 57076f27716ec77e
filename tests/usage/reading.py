"""What the tests of reading and pricing share: one event, as text and priced at a fixed moment."""

import json
from typing import Any

from chalicelib.catalog.catalog import catalog
from chalicelib.clock import iso
from chalicelib.ledger.posting import Posting
from chalicelib.pricing.tariff import Tariff
from chalicelib.usage.event import UsageEvent
from chalicelib.usage.message import read_message
from chalicelib.usage.price import posting_of
from chalicelib.usage.refusal import EventRefused
from tests.build import event

NOW_MS = 1_795_600_000_000
"""A moment on 25 November 2026."""

DAY_MS = 24 * 60 * 60 * 1000


def written(**changes: Any) -> str:
    """Return an event of a minute ago as JSON."""
    return json.dumps(event("acme", **{"time": iso(NOW_MS - 60_000), **changes}))


def parsed(**changes: Any) -> UsageEvent:
    """Return an event that can be read."""
    (sent,), refused = read_message(written(**changes))
    assert not refused
    return sent.event


def charge(event: UsageEvent, currency: str = "usd") -> Posting:
    """Price an event by the deployed catalog."""
    return posting_of(event, Tariff(event.subject, currency), catalog(), NOW_MS)


def refusal_of(currency: str = "usd", **changes: Any) -> EventRefused:
    """Return why an event is refused, whether in reading or in pricing it."""
    events, refused = read_message(written(**changes))
    if refused:
        return refused[0].refusal
    try:
        charge(events[0].event, currency)
    except EventRefused as refusal:
        return refusal
    raise AssertionError("the event is not refused")


def reason(**changes: Any) -> str:
    """Return the reason for which an event is refused."""
    return refusal_of(**changes).reason
