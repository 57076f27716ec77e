"""Accept usage events over HTTP: check them as the queue's function would, then put them on the queue."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.catalog.catalog import Catalog
from chalicelib.errors import Refusal
from chalicelib.http_input import MalformedJson
from chalicelib.usage import queue
from chalicelib.usage.message import RefusedElement, SentEvent, read
from chalicelib.usage.price import price_event
from chalicelib.usage.refusal import EventRefused

MAXIMUM_EVENTS: Final = 500
MESSAGE_BYTES: Final = 200_000
"""Size of one queue message; SQS takes 1 MiB, and charges by 64 KB."""

REFUSED_BY_SQS: Final = re.compile("[\ufffe\uffff]")
"""Characters that JSON may hold and SQS refuses (Amazon SQS API Reference, SendMessage); they stand within strings."""


UNREADABLE: Final = frozenset({"not_json", "too_deep"})
"""Why a body as a whole says nothing."""


class TooManyEvents(Refusal):
    """More events than one request may hold. None of them was accepted."""

    status = 422
    type = "too-many-events"
    title = "Too many events in one request"


class Accepted(msgspec.Struct, frozen=True):
    """How many events are on the queue now, and what was refused, by its place in the request."""

    accepted: int
    refused: list[RefusedElement]


def accept(body: bytes, catalog: Catalog) -> Accepted:
    """Check events and queue the good ones. A refused event does not hold up those next to it.

    Raises MalformedJson for a body that cannot be read at all, and TooManyEvents.
    """
    events, refused = read(body)
    if not events and len(refused) == 1 and refused[0].refusal.reason in UNREADABLE:
        raise MalformedJson(refused[0].refusal.detail)
    if len(events) + len(refused) > MAXIMUM_EVENTS:
        raise TooManyEvents(f"a request takes up to {MAXIMUM_EVENTS} events; send the others in further ones")
    good: list[SentEvent] = []
    known = accounts.find_many({sent.event.subject for sent in events})
    now_ms = clock.now_ms()
    for sent in events:
        account = known.get(sent.event.subject)
        try:
            if account is None:
                raise EventRefused(
                    "unknown_account", f"there is no account {sent.event.subject[:64]!r}", field="subject"
                )
            price_event(sent.event, account.currency, catalog, now_ms)
        except EventRefused as refusal:
            refused.append(RefusedElement(sent.place, sent.text, refusal))
        else:
            good.append(sent)
    for message in messages(sent.text for sent in good):
        queue.send(message)
    return Accepted(len(good), sorted(refused, key=lambda each: each.place))


def messages(texts: Iterable[str]) -> Iterator[str]:
    """Pack the JSON of events into arrays that fit into a queue message."""
    packed: list[str] = []
    size = 0
    for text in texts:
        escaped = REFUSED_BY_SQS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
        length = len(escaped.encode())
        if packed and size + length > MESSAGE_BYTES:
            yield f"[{','.join(packed)}]"
            packed, size = [], 0
        packed.append(escaped)
        size += length + 1
    if packed:
        yield f"[{','.join(packed)}]"
