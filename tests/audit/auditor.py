"""The nightly audit as tests run it: on a day, over the accounts of the module's stack."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.audit import table
from chalicelib.audit.audit_usage import AuditRun, audit_usage
from chalicelib.audit.repeats import Repeat
from chalicelib.catalog.catalog import Catalog, catalog
from chalicelib.clock import Deadline
from chalicelib.ledger.table import read_wallet
from chalicelib.tables import connection
from tests.build import TIME_MS

DAY_MS = 24 * 60 * 60 * 1000


def catalog_that(*, gives_back: bool) -> Catalog:
    """Return the catalog with repeats given back or not."""
    return replace(catalog(), usage=replace(catalog().usage, give_back_repeats=gives_back))


def audit(night: int = 1, *, gives_back: bool = True, deadline: Deadline | None = None) -> AuditRun:
    """Audit in the night after so many days of usage."""
    with clock.moved_to(clock.from_ms(TIME_MS) + timedelta(days=night)):
        return audit_usage(catalog_that(gives_back=gives_back), deadline)


def repeats(account_id: str) -> list[tuple[str, int, str]]:
    """Return an account's repeats: their id, how long after the time of the tests they were, and what became of it."""
    found = sorted(table.read_repeats(account_id), key=lambda each: (each.event_id, each.occurred_at_ms))
    return [(each.event_id, each.occurred_at_ms - TIME_MS, each.state) for each in found]


def only_repeat(account_id: str) -> Repeat:
    """Return an account's only repeat."""
    (repeat,) = table.read_repeats(account_id)
    return repeat


def balance(account_id: str) -> int:
    """Return an account's balance in micros."""
    return read_wallet(account_id).balance_micros


@contextmanager
def read_page_keys() -> Iterator[list[str]]:
    """Note the keys of the pages that DynamoDB hands out inside the block, once for each time."""
    keys: list[str] = []

    def note(parsed: Any, **_: Any) -> None:
        items = [*parsed.get("Items", []), *([parsed["Item"]] if "Item" in parsed else [])]
        keys.extend(item["page_key"]["S"] for item in items if "body" in item)

    events = connection().client.meta.events
    events.register("after-call.dynamodb", note)
    try:
        yield keys
    finally:
        events.unregister("after-call.dynamodb", note)
