"""Accept usage events over HTTP: check them as the queue's function will, then put them on the queue."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.accounts.allow import Forbidden, knows
from chalicelib.accounts.token import Caller
from chalicelib.catalog.catalog import Catalog
from chalicelib.log import log
from chalicelib.usage import queue
from chalicelib.usage.event import UsageEvent
from chalicelib.usage.message import RefusedElement, read_elements, refused_element
from chalicelib.usage.price import price_event
from chalicelib.usage.refusal import EventRefused, unforeseen

MAXIMUM_EVENTS: Final = 500
MESSAGE_BYTES: Final = 200_000
"""Size of one queue message; SQS takes 1 MiB, and charges by 64 KB."""

# The two characters JSON may hold and SQS does not take (AWSSimpleQueueService/latest/APIReference, SendMessage).
ESCAPES: Final = {b"\xef\xbf\xbe": rb"\ufffe", b"\xef\xbf\xbf": rb"\uffff"}


class Accepted(msgspec.Struct, frozen=True):
    """How many events are on the queue now, and which were refused."""

    accepted: int
    refused: list[RefusedElement]


def accept(caller: Caller, items: Iterable[bytes | msgspec.Raw], catalog: Catalog) -> Accepted:
    """Check events and queue the good ones, just as they were sent. A refused one does not hold up those next to it.

    `items` are the events' own JSON. Raises Forbidden for a caller who may only read.
    """
    if caller.role == "viewer":
        raise Forbidden("the role 'viewer' may not send usage; it takes the role 'owner' or 'operator'")
    events, refused = read_elements(_for_queue(bytes(item)) for item in items)
    found = accounts.find_many({sent.event.subject for sent in events})
    known = {account_id: account for account_id, account in found.items() if knows(caller, account)}
    now_ms = clock.now_ms()
    good: list[str] = []
    for sent in events:
        refusal = _refusal_of(sent.event, known, catalog, now_ms)
        if refusal is None:
            good.append(sent.text)
        else:
            refused.append(refused_element(sent.place, sent.text, refusal))
    for message in pack(good):
        queue.send(message)
    _log_unforeseen(refused)
    return Accepted(len(good), sorted(refused, key=lambda element: element.place))


def _for_queue(item: bytes) -> str:
    for character, escape in ESCAPES.items():
        item = item.replace(character, escape)
    return item.decode(errors="surrogateescape")


def _refusal_of(event: UsageEvent, known: Mapping[str, Account], catalog: Catalog, now_ms: int) -> EventRefused | None:
    """Price an event as the queue's function will; return why that would be refused, or None."""
    account = known.get(event.subject)
    if account is None:
        return EventRefused("unknown_account", f"there is no account {event.subject[:64]!r}", field="subject")
    try:
        price_event(event, account.currency, catalog, now_ms)
    except EventRefused as refusal:
        return refusal
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this event's alone; its stack is logged
        return unforeseen(error)
    return None


def _log_unforeseen(refused: Iterable[RefusedElement]) -> None:
    for element in refused:
        if element.refusal.reason == "unforeseen":
            log().error("usage event not accepted", reason="unforeseen", exc_info=element.refusal.__cause__)


def pack(events: Iterable[str]) -> Iterator[str]:
    """Pack events into arrays that fit into a queue message."""
    packed: list[str] = []
    size = 0
    for event in events:
        length = len(event.encode()) + 1
        if packed and size + length > MESSAGE_BYTES:
            yield f"[{','.join(packed)}]"
            packed, size = [], 0
        packed.append(event)
        size += length
    if packed:
        yield f"[{','.join(packed)}]"
