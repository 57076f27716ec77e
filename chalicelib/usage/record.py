"""Record usage messages from the queue in the ledger, each independently of the others."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

import msgspec
from botocore.exceptions import BotoCoreError
from pynamodb.exceptions import PynamoDBException

from chalicelib import clock
from chalicelib.catalog.catalog import Catalog
from chalicelib.clock import Deadline
from chalicelib.ledger.post import LedgerBusy, PostResult, post
from chalicelib.ledger.posting import Posting
from chalicelib.ledger.table import read_wallet
from chalicelib.ledger.wallet import WalletNotFound
from chalicelib.threads import in_threads
from chalicelib.usage.message import SentEvent, read_message
from chalicelib.usage.price import posting_fields
from chalicelib.usage.refusal import EventRefused, unforeseen
from chalicelib.usage.refused_events import RefusedEvents

ACCOUNTS_AT_ONCE: Final = 16
"""Threads that post: they wait for DynamoDB most of the time."""


class ReceivedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event, and the id of the message that contained it."""

    message_id: str
    sent: SentEvent


class ReceivedPosting(Posting, frozen=True, gc=False, kw_only=True):
    """The posting of a received event."""

    received: ReceivedEvent


def record(records: Sequence[dict[str, Any]], catalog: Catalog, deadline: Deadline | None = None) -> list[str]:
    """Post the events of SQS records; return the ids of the messages that must be delivered again.

    Each message, and each account, fails independently. What can never be posted goes to the dead letters at once, with
    its reason. What is not posted by the `deadline` is delivered again; what was posted by then is found as a repeat.
    """
    refused_events = RefusedEvents()
    by_account: dict[str, list[ReceivedEvent]] = {}
    for item in records:
        message_id = item["messageId"]
        events, refused = read_message(item["body"])
        for sent in events:
            by_account.setdefault(sent.event.subject, []).append(ReceivedEvent(message_id, sent))
        for element in refused:
            refused_events.add(message_id, element.text, element.refusal)
    if by_account:
        record_account = partial(_record_account, catalog=catalog, deadline=deadline, refused=refused_events)
        in_threads(record_account, by_account.items(), min(ACCOUNTS_AT_ONCE, len(by_account)))
    return refused_events.put_dead_letters()


def _record_account(
    account_events: tuple[str, list[ReceivedEvent]],
    catalog: Catalog,
    deadline: Deadline | None,
    refused: RefusedEvents,
) -> None:
    """Price and post the events of one account. An error of the wallet or of posting refuses all of them."""
    account_id, events = account_events
    try:
        wallet = read_wallet(account_id)
        postings = _price_all(events, wallet.currency, catalog, refused)
        result = post(postings, {account_id: wallet}, deadline)
    except Exception as error:  # noqa: BLE001 - it refuses only this account; its stack is logged if unforeseen
        refusal = _refusal_of(error)
        for received in events:
            _refuse(received, refusal, refused)
    else:
        _refuse_unposted(result, refused)


def _price_all(
    events: Iterable[ReceivedEvent], currency: str, catalog: Catalog, refused: RefusedEvents
) -> list[ReceivedPosting]:
    """Return the postings of events; events that cannot be priced are refused."""
    postings: list[ReceivedPosting] = []
    now_ms = clock.now_ms()
    for received in events:
        try:
            identity, content, leg = posting_fields(received.sent.event, currency, catalog, now_ms)
            postings.append(ReceivedPosting(identity, content, (leg,), received=received))
        except EventRefused as refusal:
            _refuse(received, refusal, refused)
        except Exception as error:  # noqa: BLE001 - it refuses only this event, and is logged with its stack
            _refuse(received, unforeseen(error), refused)
    return postings


def _refuse_unposted(result: PostResult[ReceivedPosting], refused: RefusedEvents) -> None:
    """Refuse the events whose postings were not posted."""
    conflict = EventRefused("conflict", "the same id was posted before with other content")
    for posting in result.conflicts:
        _refuse(posting.received, conflict, refused)
    for each in result.refused:
        _refuse(each.posting.received, _refusal_of(each.error), refused)


def _refuse(received: ReceivedEvent, refusal: EventRefused, refused: RefusedEvents) -> None:
    refused.add(received.message_id, received.sent.text, refusal, received.sent.event)


def _refusal_of(error: Exception) -> EventRefused:
    """Return why events are refused that could not be posted."""
    if isinstance(error, WalletNotFound):
        return EventRefused("unknown_account", error.detail, field="subject")
    if isinstance(error, LedgerBusy | PynamoDBException | BotoCoreError):
        return EventRefused("not_now", f"the ledger could not be written: {error}")
    return unforeseen(error)
