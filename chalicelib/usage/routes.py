"""Usage over HTTP: send events, read totals."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from chalicelib.accounts.permission import REFUSALS, Forbidden, Right, allow, check_right
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import day_of, now_ms
from chalicelib.dates import Day, read_day
from chalicelib.errors import Refusal
from chalicelib.http_input import InvalidRequest
from chalicelib.ledger.daily_usage import DAY_MS, Usage
from chalicelib.ledger.table import read_days
from chalicelib.money import format_amount, format_micros
from chalicelib.usage.accept import MAXIMUM_EVENTS, TooManyEvents, accept
from chalicelib.usage.event import UsageEvent
from chalicelib.usage.message import RefusedElement
from chalicelib.web import Call, Routes

routes = Routes(
    __name__, "Usage", "What customers used: sent by the services of the platform, charged to wallets exactly once."
)

BODY_BYTES = 4 * 1024 * 1024
"""A Lambda function receives at most 6 MB, with the body as a JSON string in it, in which each quote takes two bytes.
500 events of usual size are 0.2 MB; a request can hold 256 of the largest events, of 16 KB each."""

DEFAULT_DAYS = 30


Element = Annotated[Any, Meta(description="A usage event. One that is none is refused by itself.")]

EXAMPLE: Final = {
    "specversion": "1.0",
    "id": "msg-8f2",
    "source": "/messaging",
    "type": "sms",
    "subject": "acme",
    "time": "2026-11-23T20:41:05.120Z",
    "data": {"quantity": "1", "url": "https://app.example.com/messages/8f2", "description": "SMS to +1 555 0100"},
}


class NothingAccepted(Refusal):
    """None of the events sent can be posted."""

    status = 422
    type = "usage-refused"
    title = "No event was accepted"


class RefusedEvent(msgspec.Struct):
    """A refused event: its place in the request (from 0), a stable reason, and what to do."""

    index: int
    reason: str
    detail: str
    field: str | None = None


class UsageAccepted(msgspec.Struct):
    """How many events were queued. The refused events were not: correct them and send only these again."""

    accepted: int
    refused: list[RefusedEvent]


class UsageQuery(msgspec.Struct, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}):
    """The first and last day to show, both included, in UTC. The default is the last 30 days."""

    first: Day | None = None
    last: Day | None = None


class UsageView(msgspec.Struct):
    """The usage of one meter on one day."""

    day: str
    meter: str
    quantity: str
    amount: str
    count: int


class UsageList(msgspec.Struct):
    """Usage by day and meter, oldest day first."""

    data: list[UsageView]
    currency: str
    next_cursor: str | None = None


@routes.operation(
    "POST",
    "/v1/usage",
    summary="Send up to 500 usage events; for the platform's producers and operators",
    description=(
        "Each event is a CloudEvent whose `type` is a meter and whose `subject` an account, sent singly or in an "
        "array. An event is known by account, `source`, `id` and `time`: send it again unchanged and it is "
        "charged once. The refused ones are listed with their reasons and hold up no others."
    ),
    status=202,
    takes=UsageEvent | Annotated[list[Element], Meta(min_length=1, max_length=MAXIMUM_EVENTS)],
    example=[EXAMPLE],
    gives=UsageAccepted,
    refuses=(Forbidden, NothingAccepted, TooManyEvents),
    body_bytes=BODY_BYTES,
)
def post_usage(call: Call[None, None]) -> UsageAccepted:
    check_right(call.caller, Right.METER)
    outcome = accept(call.json_body, catalog())
    refused = [_refused(each) for each in outcome.refused]
    if not outcome.accepted:
        first = refused[0]
        raise NothingAccepted(first.detail, field=first.field, reason=first.reason, refused=refused)
    return UsageAccepted(outcome.accepted, refused)


@routes.operation(
    "GET",
    "/v1/accounts/{account_id}/usage",
    summary="Show usage by day and meter",
    description=(
        "Totals for reports and charts, by UTC day and meter, without reading single events. The days run from "
        "`from` to `to`, both included; left out, they are the last 30."
    ),
    query=UsageQuery,
    gives=UsageList,
    refuses=REFUSALS,
)
def get_usage(call: Call[None, UsageQuery], account_id: str) -> UsageList:
    account = allow(call, account_id, Right.READ).account
    query = call.query
    last = read_day(query.last, "to") if query.last is not None else day_of(now_ms())
    first = read_day(query.first, "from") if query.first is not None else day_of(now_ms() - (DEFAULT_DAYS - 1) * DAY_MS)
    if first > last:
        raise InvalidRequest("from: is after to", field="from")
    days = read_days(account_id, first, last)
    rows = [
        _row(day, meter, usage, account.currency)
        for day, meters in days.items()
        for meter, usage in sorted(meters.items())
    ]
    return UsageList(rows, account.currency)


def _refused(element: RefusedElement) -> RefusedEvent:
    refusal = element.refusal
    return RefusedEvent(element.place, refusal.reason, refusal.detail, refusal.field)


def _row(day: str, meter: str, usage: Usage, currency: str) -> UsageView:
    return UsageView(
        day, meter, format_micros(usage.quantity_micros), format_amount(usage.amount_micros, currency), usage.count
    )
