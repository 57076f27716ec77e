"""The door to the table `webhook_events`: the events that Stripe sent, and their results."""

import zlib
from collections.abc import Iterator
from typing import Any, Final

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib import clock
from chalicelib.clock import iso
from chalicelib.conflicts import conditional_write
from chalicelib.readable import UNREADABLE, read_or
from chalicelib.stripe_api.event import StripeEvent, Verdict
from chalicelib.tables import Item, Table, TableMeta, query_items, set_or_remove

KEPT_SECONDS: Final = 30 * 24 * 60 * 60
"""How long a finished event is kept: ten times as long as Stripe retries it (docs.stripe.com/webhooks#retries)."""

DEAD_AFTER_MS: Final = 10 * 60 * 1000
"""No function works on an event for this long: API Gateway waits for 29 seconds."""

LONGEST_REASON: Final = 500

LONGEST_PAYLOAD: Final = 350 * 1024
"""In bytes: a row has at most 400 KB, including its other attributes."""

FINISHED: Final = ("processed", "ignored")


class ParkedIndex(GlobalSecondaryIndex["WebhookEventRow"]):  # type: ignore[no-untyped-call]
    """Events that are not finished: `received` ones are being processed, `parked` ones wait for a person."""

    class Meta:
        index_name = "parked"
        projection = AllProjection()

    parked = UnicodeAttribute(hash_key=True)
    received_at = UnicodeAttribute(range_key=True)


class WebhookEventRow(Table):
    """One row per event. When it is finished, `parked` and the payload are removed, and `expires_at` is set.

    A payload that is too large for a row is compressed; one that is still too large is not kept.
    """

    class Meta(metaclass=TableMeta):
        setting = "webhook_events_table"

    event_id = UnicodeAttribute(hash_key=True)
    type = UnicodeAttribute()
    stripe_account = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    received_at = UnicodeAttribute()
    state = UnicodeAttribute()
    reason = UnicodeAttribute(null=True)
    attempts = NumberAttribute()
    parked = UnicodeAttribute(null=True)
    payload = UnicodeAttribute(null=True)
    packed_payload = BinaryAttribute(null=True, legacy_encoding=False)
    expires_at = NumberAttribute(null=True)
    unfinished = ParkedIndex()


def store(event: StripeEvent, body: bytes | None) -> bool:
    """Store an event unless it is stored already; tell whether to process it: it is new, or was never finished.

    `body` is None for an event of a type that is ignored: it is never processed again.
    """
    row = WebhookEventRow(
        event.id,
        type=event.type,
        stripe_account=event.account,
        created_at=iso(event.created * 1000),
        received_at=iso(clock.now_ms()),
        state="received",
        attempts=0,
        # If the function dies half-way, the event is in the index and can be found.
        parked="received",
        **_payload(body or b""),
    )
    is_new = conditional_write(row.save, condition=WebhookEventRow.event_id.does_not_exist())
    return is_new or WebhookEventRow.get(event.id, consistent_read=True).state not in FINISHED


def _payload(body: bytes) -> dict[str, Any]:
    """Return the attribute for a body; none for one that is too large for a row: Stripe sends it again."""
    if len(body) <= LONGEST_PAYLOAD:
        return {"payload": body.decode() or None}
    packed = zlib.compress(body)
    return {"packed_payload": packed} if len(packed) <= LONGEST_PAYLOAD else {}


def finish(event_id: str, verdict: Verdict) -> None:
    """Write the result of an event. A finished event stays finished, whatever the result of another delivery."""
    actions: list[Action] = [
        WebhookEventRow.state.set(verdict.state),
        WebhookEventRow.attempts.add(1),
        set_or_remove(WebhookEventRow.reason, (verdict.reason or "")[:LONGEST_REASON] or None),
    ]
    if verdict.state == "parked":
        actions += [WebhookEventRow.parked.set("parked")]
    else:
        expires_at = WebhookEventRow.expires_at.set(clock.now_ms() // 1000 + KEPT_SECONDS)
        payload = [WebhookEventRow.payload.remove(), WebhookEventRow.packed_payload.remove()]
        actions += [WebhookEventRow.parked.remove(), *payload, expires_at]
    unfinished = ~WebhookEventRow.state.is_in(*FINISHED)
    conditional_write(WebhookEventRow(event_id).update, actions, condition=unfinished)


def payload_of(event_id: str) -> str | None:
    """Return the body of an event that is not finished; None when there is none, or it was too large to be kept."""
    try:
        row = WebhookEventRow.get(event_id, consistent_read=True)
    except WebhookEventRow.DoesNotExist:
        return None
    return zlib.decompress(row.packed_payload).decode() if row.packed_payload else row.payload


def count_parked(limit: int) -> int:
    """Count the parked events, up to a limit, without reading them."""
    return WebhookEventRow.unfinished.count("parked", limit=limit)


def unfinished(now_ms: int, page_size: int) -> Iterator[str]:
    """Yield the ids of events that were received some time ago and never finished, because their function died."""
    older = ParkedIndex.received_at <= iso(now_ms - DEAD_AFTER_MS)
    rows = WebhookEventRow.unfinished.query("received", older, page_size=page_size, attributes_to_get=["event_id"])
    return (row.event_id for row in rows)


def parked(limit: int) -> list[WebhookEventRow]:
    """Return the parked events, oldest first, with their reasons and payloads; of one that cannot be read, its id."""
    items = query_items(WebhookEventRow, "parked", index_name=ParkedIndex.Meta.index_name, limit=limit)
    return [_readable(item) for item in items]


def _readable(item: Item) -> WebhookEventRow:
    event_id, received_at = item["event_id"]["S"], item["received_at"]["S"]
    return read_or(
        lambda: WebhookEventRow.from_raw_data(item),
        lambda: WebhookEventRow(event_id, type="", received_at=received_at, attempts=0, reason=UNREADABLE),
        about={"what": "webhook", "event_id": event_id},
    )
