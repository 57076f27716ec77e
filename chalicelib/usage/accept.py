"""Accept usage events over HTTP: check them as the queue's function will, then put them on the queue."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from chalicelib import clock
from chalicelib.accounts.account import AccountNotFound
from chalicelib.catalog.catalog import Catalog
from chalicelib.clock import Deadline
from chalicelib.errors import Refusal
from chalicelib.http_input import MalformedJson
from chalicelib.log import log
from chalicelib.usage import queue
from chalicelib.usage.event import UsageEvent
from chalicelib.usage.load_tariffs import Tariffs, load_tariffs
from chalicelib.usage.message import RefusedElement, read_message, refused_element
from chalicelib.usage.price import posting_of
from chalicelib.usage.refusal import EventRefused, unforeseen, unknown_account

MAXIMUM_EVENTS: Final = 500
MESSAGE_BYTES: Final = 200_000
"""Size of one queue message. SQS accepts 1 MiB and bills per 64 KB."""

READ_SECONDS: Final = 5
"""How long reading the accounts of a request may be tried."""

REFUSED_BY_SQS: Final = re.compile("[\ufffe\uffff]")
"""The two characters that JSON may hold and SQS refuses (Amazon SQS API Reference, SendMessage)."""

UNREADABLE: Final = frozenset({"not_json", "too_deep"})
"""Reasons for which a body as a whole cannot be read."""


class TooManyEvents(Refusal):
    """More events than one request may hold. None of them was accepted."""

    status = 422
    type = "too-many-events"
    title = "Too many events in one request"


class AcceptResult(msgspec.Struct, frozen=True):
    """How many events were queued, and what was refused, in the order of the request."""

    accepted: int
    refused: list[RefusedElement]


def accept(body: bytes, catalog: Catalog) -> AcceptResult:
    """Check events and queue the good ones as they were sent. A refused event does not affect the others.

    Raises MalformedJson for a body that cannot be read at all, and TooManyEvents.
    """
    text = _for_queue(body)
    events, refused = read_message(text)
    if not events and refused[0].text == text and refused[0].refusal.reason in UNREADABLE:
        raise MalformedJson(refused[0].refusal.detail)
    if len(events) + len(refused) > MAXIMUM_EVENTS:
        raise TooManyEvents(f"a request takes up to {MAXIMUM_EVENTS} events; send the others in further ones")
    loaded = load_tariffs((sent.event.subject for sent in events), Deadline(READ_SECONDS), with_wallets=False)
    loaded.raise_if_out_of_reach()
    now_ms = clock.now_ms()
    good: list[str] = []
    for sent in events:
        refusal = _refusal_of(sent.event, loaded, catalog, now_ms)
        if refusal is None:
            good.append(sent.text)
        else:
            refused.append(refused_element(sent.place, sent.text, refusal))
    for message in pack(good):
        queue.send(message)
    _log_unforeseen(refused)
    return AcceptResult(len(good), sorted(refused, key=lambda element: element.place))


def _for_queue(body: bytes) -> str:
    """Return a body in a form that SQS accepts: two characters are escaped, which means the same in JSON."""
    text = body.decode(errors="surrogateescape")
    return REFUSED_BY_SQS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _refusal_of(event: UsageEvent, loaded: Tariffs, catalog: Catalog, now_ms: int) -> EventRefused | None:
    """Price an event as the queue's function will; return why it would be refused, or None."""
    try:
        posting_of(event, loaded.get(event.subject), catalog, now_ms)
    except EventRefused as refusal:
        return refusal
    except AccountNotFound as error:
        return unknown_account(error)
    except Exception as error:  # noqa: BLE001 - any error refuses only this event; its stack is logged
        return unforeseen(error)
    return None


def _log_unforeseen(refused: Iterable[RefusedElement]) -> None:
    for element in refused:
        if element.refusal.reason == "unforeseen":
            log().error("usage event not accepted", reason="unforeseen", exc_info=element.refusal.__cause__)


def pack(texts: Iterable[str]) -> Iterator[str]:
    """Pack the JSON of events into arrays that fit into a queue message."""
    packed: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode()) + 1
        if packed and size + length > MESSAGE_BYTES:
            yield f"[{','.join(packed)}]"
            packed, size = [], 0
        packed.append(text)
        size += length
    if packed:
        yield f"[{','.join(packed)}]"
