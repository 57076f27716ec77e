"""Record usage messages from the queue in the ledger, each answered for by itself."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

import msgspec
from botocore.exceptions import BotoCoreError
from pynamodb.exceptions import PynamoDBException

from chalicelib import clock
from chalicelib.catalog.catalog import Catalog
from chalicelib.ledger import post as ledger
from chalicelib.ledger.posting import Posting
from chalicelib.ledger.table import read_wallet
from chalicelib.ledger.wallet import WalletNotFound
from chalicelib.log import log
from chalicelib.usage.event import EventRefused, UsageEvent, check, read
from chalicelib.usage.price import entry_of

WALLETS_AT_ONCE: Final = 16
"""Threads that post: they wait for DynamoDB most of the time."""


class Received(msgspec.Struct, frozen=True, gc=False):
    """An event with the message that brought it."""

    message_id: str
    event: UsageEvent


class Failures:
    """The messages that could not be posted whole; the first reason of each is logged."""

    def __init__(self) -> None:
        self.message_ids: dict[str, None] = {}

    def add(self, message_id: str, reason: str, detail: str, event: UsageEvent | None = None) -> None:
        """Fail a message."""
        if message_id in self.message_ids:
            return
        self.message_ids[message_id] = None
        about = {"account_id": event.subject, "event_id": event.id, "source": event.source} if event else {}
        log().warning("usage message not posted", message_id=message_id, reason=reason, detail=detail, **about)


def record(records: Sequence[dict[str, Any]], catalog: Catalog) -> list[str]:
    """Post the events of SQS records; return the ids of the messages that must be delivered again.

    A record that is malformed, unknown or in conflict fails alone. When DynamoDB refuses a wallet, the messages for
    that wallet fail; the queue delivers them again and what was posted meanwhile is found as a repeat.
    """
    failures = Failures()
    by_account = sort_by_account(records, catalog, failures)
    if by_account:
        post = partial(post_account, catalog=catalog, failures=failures)
        with ThreadPoolExecutor(min(WALLETS_AT_ONCE, len(by_account))) as pool:
            # `list` brings the exceptions up: what is not expected fails the whole batch, loudly.
            list(pool.map(post, by_account, by_account.values()))
    return list(failures.message_ids)


def sort_by_account(
    records: Sequence[dict[str, Any]], catalog: Catalog, failures: Failures
) -> dict[str, list[Received]]:
    """Read and check the messages; return the good events by account."""
    by_account: dict[str, list[Received]] = {}
    now_ms = clock.now_ms()
    meters, limits = catalog.meters, catalog.usage
    for item in records:
        message_id = item["messageId"]
        events, refused = read(item["body"])
        for event in events:
            try:
                check(event, meters.get(event.type), limits, now_ms)
            except EventRefused as refusal:
                failures.add(message_id, refusal.reason, refusal.detail, event)
            else:
                by_account.setdefault(event.subject, []).append(Received(message_id, event))
        for _, unreadable in refused:
            failures.add(message_id, unreadable.reason, unreadable.detail)
    return by_account


def post_account(account_id: str, received: list[Received], catalog: Catalog, failures: Failures) -> None:
    """Price and post the events of one account."""
    try:
        wallet = read_wallet(account_id)
        entries, sources = price(received, wallet.currency, catalog, failures)
        outcome = ledger.post(entries, {account_id: wallet}) if entries else None
    except WalletNotFound:
        fail_all(received, failures, "unknown_account", f"there is no account {account_id[:64]!r}")
    except (ledger.LedgerBusy, PynamoDBException, BotoCoreError) as error:
        fail_all(received, failures, "not_now", f"the ledger could not be written: {error}")
    else:
        conflicting = {id(entry) for entry in outcome.conflicts} if outcome else ()
        for entry, source in zip(entries, sources, strict=True):
            if id(entry) in conflicting:
                failures.add(source.message_id, "conflict", "the same id was posted with other content", source.event)


def price(
    received: list[Received], currency: str, catalog: Catalog, failures: Failures
) -> tuple[list[Posting], list[Received]]:
    """Turn events into entries; return them with what they came from, without those that have no price."""
    entries: list[Posting] = []
    sources: list[Received] = []
    meters, limits = catalog.meters, catalog.usage
    for item in received:
        try:
            entries.append(entry_of(item.event, meters[item.event.type], currency, limits))
            sources.append(item)
        except EventRefused as refusal:
            failures.add(item.message_id, refusal.reason, refusal.detail, item.event)
    return entries, sources


def fail_all(received: list[Received], failures: Failures, reason: str, detail: str) -> None:
    """Fail every message that brought an event of this account."""
    for item in received:
        failures.add(item.message_id, reason, detail, item.event)
