"""The door to the table `webhook_events`: what Stripe told us, and what became of it."""

from typing import Any, Final, Literal

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from chalicelib import clock
from chalicelib.clock import iso
from chalicelib.tables import Table, TableMeta, race

KEPT_SECONDS: Final = 30 * 24 * 60 * 60
"""How long a finished event is known: ten times as long as Stripe repeats it (docs.stripe.com/webhooks#retries)."""

DEAD_AFTER_MS: Final = 10 * 60 * 1000
"""No function works on an event for so long: API Gateway waits for 29 seconds."""

LONGEST_REASON: Final = 500
FINISHED: Final = ("processed", "ignored")

State = Literal["received", "processed", "ignored", "parked"]


class StripeEvent(msgspec.Struct, frozen=True):
    """An event of Stripe's (docs.stripe.com/api/events/object). `account` is the connected account it is about.

    `api_version` is the one that its object was written in; Stripe leaves it empty where there is none.
    """

    id: str
    type: str
    created: int
    data: dict[str, Any]
    account: str | None = None
    livemode: bool | None = None
    api_version: str | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What became of an event, and why."""

    state: State
    reason: str | None = None


class ParkedIndex(GlobalSecondaryIndex["WebhookEventRow"]):  # type: ignore[no-untyped-call]
    """Events that are not finished, and no others: `received` ones at work, and `parked` ones for people to see."""

    class Meta:
        index_name = "parked"
        projection = AllProjection()

    parked = UnicodeAttribute(hash_key=True)
    received_at = UnicodeAttribute(range_key=True)


class WebhookEventRow(Table):
    """One row an event. `parked` and `payload` go when it is finished; only then does it get `expires_at`."""

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
    expires_at = NumberAttribute(null=True)
    unfinished = ParkedIndex()


def store(event: StripeEvent, body: bytes) -> bool:
    """Store an event unless it is there; tell whether there is work to do: it is new, or was never finished."""
    row = WebhookEventRow(
        event.id,
        type=event.type,
        stripe_account=event.account,
        created_at=iso(event.created * 1000),
        received_at=iso(clock.now_ms()),
        state="received",
        attempts=0,
        # A function that dies half-way leaves the event in the index as well, where it can be found.
        parked="received",
        payload=body.decode(),
    )
    with race() as it:
        row.save(condition=WebhookEventRow.event_id.does_not_exist())
    return it.won or WebhookEventRow.get(event.id, consistent_read=True).state not in FINISHED


def finish(event_id: str, verdict: Verdict) -> None:
    """Write what became of an event. A finished one stays finished, whatever another delivery of it came to."""
    reason = WebhookEventRow.reason
    actions: list[Action] = [
        WebhookEventRow.state.set(verdict.state),
        WebhookEventRow.attempts.add(1),
        reason.set(verdict.reason[:LONGEST_REASON]) if verdict.reason else reason.remove(),
    ]
    if verdict.state == "parked":
        actions += [WebhookEventRow.parked.set("parked")]
    else:
        expires_at = WebhookEventRow.expires_at.set(clock.now_ms() // 1000 + KEPT_SECONDS)
        actions += [WebhookEventRow.parked.remove(), WebhookEventRow.payload.remove(), expires_at]
    with race():
        WebhookEventRow(event_id).update(actions, condition=~WebhookEventRow.state.is_in(*FINISHED))


def payload_of(event_id: str) -> str | None:
    """Return the body of an event that is not finished; None when there is none."""
    try:
        return WebhookEventRow.get(event_id, consistent_read=True).payload
    except WebhookEventRow.DoesNotExist:
        return None


def count_parked(limit: int) -> int:
    """Count the parked events, up to a limit. None is read, so none that cannot be read is in the way."""
    return WebhookEventRow.unfinished.count("parked", limit=limit)


def unfinished(now_ms: int, limit: int) -> list[str]:
    """Return the ids of events that were received a while ago and never finished: their function has died."""
    older = ParkedIndex.received_at <= iso(now_ms - DEAD_AFTER_MS)
    rows = WebhookEventRow.unfinished.query("received", older, limit=limit, attributes_to_get=["event_id"])
    return [row.event_id for row in rows]


def parked(limit: int) -> list[WebhookEventRow]:
    """Return the parked events, oldest first, with their reasons and payloads."""
    return list(WebhookEventRow.unfinished.query("parked", limit=limit))
