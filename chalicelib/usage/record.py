"""Record usage messages from the queue in the ledger, each answered for by itself."""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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
from chalicelib.usage.answers import Answers
from chalicelib.usage.message import SentEvent, read
from chalicelib.usage.price import price_event
from chalicelib.usage.refusal import EventRefused, unforeseen

ACCOUNTS_AT_ONCE: Final = 16
"""Threads that post: they wait for DynamoDB most of the time."""

Received = tuple[str, SentEvent]
"""An event with the id of the message that brought it."""


def record(records: Sequence[dict[str, Any]], catalog: Catalog, deadline: Deadline | None = None) -> list[str]:
    """Post the events of SQS records; return the ids of the messages that must be delivered again.

    Whatever is wrong with a message is that message's alone, and whatever is wrong with an account is that account's.
    What can never be posted goes to the dead letters at once, with its reason. What cannot be done before the
    `deadline` is delivered again; what was posted by then is found as a repeat.
    """
    answers = Answers()
    by_account: dict[str, list[Received]] = {}
    for item in records:
        message_id = item["messageId"]
        events, refused = read(item["body"])
        for sent in events:
            by_account.setdefault(sent.event.subject, []).append((message_id, sent))
        for element in refused:
            answers.refuse(message_id, element.text, element.refusal)
    if by_account:
        record_account = partial(_record_account, catalog=catalog, deadline=deadline, answers=answers)
        with ThreadPoolExecutor(min(ACCOUNTS_AT_ONCE, len(by_account))) as pool:
            list(pool.map(record_account, by_account.items()))
    return answers.settle()


def _record_account(
    of_account: tuple[str, list[Received]], catalog: Catalog, deadline: Deadline | None, answers: Answers
) -> None:
    """Price and post the events of one account. Whatever is raised on the way is their answer."""
    account_id, received = of_account
    try:
        wallet = read_wallet(account_id)
        sources = _price_all(received, wallet.currency, catalog, answers)
        result = post([posting for posting, _ in sources], {account_id: wallet}, deadline)
    except Exception as error:  # noqa: BLE001 - it is this account's alone, and told with its stack where unforeseen
        refusal = _refusal_of(error)
        for message_id, sent in received:
            answers.refuse(message_id, sent.text, refusal, sent.event)
    else:
        _note_refused(result, sources, answers)


def _price_all(
    received: list[Received], currency: str, catalog: Catalog, answers: Answers
) -> list[tuple[Posting, Received]]:
    """Turn events into postings, with what they came from; those that cannot be are answered for."""
    sources: list[tuple[Posting, Received]] = []
    now_ms = clock.now_ms()
    for each in received:
        message_id, sent = each
        try:
            sources.append((price_event(sent.event, currency, catalog, now_ms), each))
        except EventRefused as refusal:
            answers.refuse(message_id, sent.text, refusal, sent.event)
        except Exception as error:  # noqa: BLE001 - it is this event's alone, and told with its stack
            answers.refuse(message_id, sent.text, unforeseen(error), sent.event)
    return sources


def _note_refused(result: PostResult, sources: list[tuple[Posting, Received]], answers: Answers) -> None:
    """Answer for the postings that were not posted: of several that are equal, for as many as were refused."""
    conflict = EventRefused("conflict", "the same id was posted before with other content")
    refusals: dict[bytes, list[EventRefused]] = defaultdict(list)
    for posting in result.conflicts:
        refusals[msgspec.msgpack.encode(posting)].append(conflict)
    for refused in result.refused:
        refusals[msgspec.msgpack.encode(refused.posting)].append(_refusal_of(refused.error))
    if refusals:
        for posting, (message_id, sent) in sources:
            if of_posting := refusals.get(msgspec.msgpack.encode(posting)):
                answers.refuse(message_id, sent.text, of_posting.pop(), sent.event)


def _refusal_of(error: Exception) -> EventRefused:
    """Return why events are refused when the ledger could not take them."""
    if isinstance(error, WalletNotFound):
        return EventRefused("unknown_account", error.detail, field="subject")
    if isinstance(error, LedgerBusy | PynamoDBException | BotoCoreError):
        return EventRefused("not_now", f"the ledger could not be written: {error}")
    return unforeseen(error)
