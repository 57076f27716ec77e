"""Record usage messages from the queue in the ledger, each independently of the others."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec
from pynamodb.exceptions import PynamoDBException

from chalicelib import clock, metrics
from chalicelib.accounts.account import AccountNotFound
from chalicelib.allowances.allowance import AllowanceCredit
from chalicelib.allowances.open_allowances import note_credited, open_allowances
from chalicelib.catalog.catalog import Catalog
from chalicelib.clock import Deadline, month_of
from chalicelib.ledger.post import LedgerBusy, PostResult, post
from chalicelib.ledger.posting import Posting
from chalicelib.ledger.wallet import Wallet, WalletNotFound
from chalicelib.pricing.tariff import Tariff
from chalicelib.threads import in_threads
from chalicelib.usage.load_tariffs import OUT_OF_REACH, load_tariffs
from chalicelib.usage.message import SentEvent, read_message
from chalicelib.usage.price import posting_fields
from chalicelib.usage.refusal import EventRefused, unforeseen, unknown_account
from chalicelib.usage.refused_events import RefusedEvents

PAYERS_AT_ONCE: Final = 16
"""Threads that post: they wait for DynamoDB most of the time."""


LONGEST_READ_SECONDS: Final = 20.0
"""How long reading the accounts may be tried where there is no deadline."""


class ReceivedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event, and the id of the message that contained it."""

    message_id: str
    sent: SentEvent


class ReceivedPosting(Posting, frozen=True, gc=False, kw_only=True):
    """The posting of a received event."""

    received: ReceivedEvent


PriceAll = Callable[[list[ReceivedEvent], Tariff], list[ReceivedPosting]]
"""Prices an account's events."""


def record(records: Sequence[dict[str, Any]], catalog: Catalog, deadline: Deadline | None = None) -> list[str]:
    """Post the events of SQS records; return the ids of the messages that must be delivered again.

    Each message, and each account, fails independently. What can never be posted goes to the dead letters at once, with
    its reason. What is not posted by the `deadline` is delivered again; what was posted by then is found as a repeat.
    """
    refused = RefusedEvents()
    by_account: dict[str, list[ReceivedEvent]] = {}
    for item in records:
        message_id = item["messageId"]
        events, elements = read_message(item["body"])
        for sent in events:
            by_account.setdefault(sent.event.subject, []).append(ReceivedEvent(message_id, sent))
        for element in elements:
            refused.add(message_id, element.text, element.refusal)
    if by_account:
        _record_events(by_account, catalog, deadline, refused)
    return refused.put_dead_letters()


def _record_events(
    by_account: Mapping[str, list[ReceivedEvent]], catalog: Catalog, deadline: Deadline | None, refused: RefusedEvents
) -> None:
    """Price and post events; those of a workspace and of all its clients are posted together.

    No event that is later than the catalog allows at the time of reading is posted: a client that is moved after that
    is charged at its new workspace from a later time on (`moves`).
    """
    now_ms = clock.now_ms()
    loaded = load_tariffs(by_account, deadline or Deadline(LONGEST_READ_SECONDS), with_wallets=True)
    by_payer: dict[str, list[tuple[Tariff, list[ReceivedEvent]]]] = {}
    for account_id, events in by_account.items():
        try:
            tariff = loaded.get(account_id)
        except Exception as error:  # noqa: BLE001 - it refuses only this account; its stack is logged if unforeseen
            _refuse_all(events, _refusal_of(error), refused)
        else:
            by_payer.setdefault(tariff.payer_id, []).append((tariff, events))
    price_all = partial(_price_all, catalog=catalog, now_ms=now_ms, refused=refused)
    record_payer = partial(
        _record_payer, wallets=loaded.wallets, price_all=price_all, deadline=deadline, refused=refused
    )
    posted = sum(in_threads(record_payer, by_payer.values(), min(PAYERS_AT_ONCE, len(by_payer)) or 1))
    metrics.count("usage_posted", posted)


def _record_payer(
    accounts: list[tuple[Tariff, list[ReceivedEvent]]],
    wallets: Mapping[str, Wallet],
    price_all: PriceAll,
    deadline: Deadline | None,
    refused: RefusedEvents,
) -> int:
    """Price and post the events of a workspace and its clients; return how many were not posted before."""
    postings: list[ReceivedPosting] = []
    months: list[tuple[Tariff, str]] = []
    for tariff, events in accounts:
        priced = price_all(events, tariff)
        postings += priced
        months += [(tariff, month) for month in _months_of_allowances(tariff, priced)]
    opened = [AllowanceCredit.of(each) for each in open_allowances(months)] if months else []
    concerned = {account_id for tariff, _ in accounts for account_id in tariff.wallet_ids}
    known = {account_id: wallets[account_id] for account_id in concerned if account_id in wallets}
    wanted: list[ReceivedPosting | AllowanceCredit] = [*opened, *postings]
    try:
        result = post(wanted, known, deadline)
    except Exception as error:  # noqa: BLE001 - it refuses only these accounts; its stack is logged if unforeseen
        _refuse_all([posting.received for posting in postings], _refusal_of(error), refused)
        return 0
    note_credited(each.allowance for each in result.posted + result.repeats if isinstance(each, AllowanceCredit))
    _refuse_unposted(result, refused)
    return sum(isinstance(each, ReceivedPosting) for each in result.posted)


def _months_of_allowances(tariff: Tariff, postings: Iterable[Posting]) -> set[str]:
    """Return the months of the postings that the client pays for, if it has an allowance."""
    if not tariff.rebilling.allowances_micros:
        return set()
    return {
        month_of(each.identity.occurred_at_ms) for each in postings if tariff.is_rebilled(each.identity.occurred_at_ms)
    }


def _price_all(
    events: Iterable[ReceivedEvent], tariff: Tariff, catalog: Catalog, now_ms: int, refused: RefusedEvents
) -> list[ReceivedPosting]:
    """Return the postings of an account's events; events that cannot be priced are refused."""
    postings: list[ReceivedPosting] = []
    for received in events:
        try:
            fields = posting_fields(received.sent.event, tariff, catalog, now_ms)
            postings.append(ReceivedPosting(*fields, received=received))
        except EventRefused as refusal:
            _refuse(received, refusal, refused)
        except Exception as error:  # noqa: BLE001 - it refuses only this event, and is logged with its stack
            _refuse(received, unforeseen(error), refused)
    return postings


def _refuse_unposted(result: PostResult[ReceivedPosting | AllowanceCredit], refused: RefusedEvents) -> None:
    """Refuse the events whose postings were not posted. An allowance that was not is opened by the next usage."""
    conflict = EventRefused("conflict", "the same id was posted before with other content")
    unposted = [(posting, conflict) for posting in result.conflicts]
    unposted += [(each.posting, _refusal_of(each.error)) for each in result.refused]
    for posting, refusal in unposted:
        if isinstance(posting, ReceivedPosting):
            _refuse(posting.received, refusal, refused)


def _refuse_all(events: Iterable[ReceivedEvent], refusal: EventRefused, refused: RefusedEvents) -> None:
    for received in events:
        _refuse(received, refusal, refused)


def _refuse(received: ReceivedEvent, refusal: EventRefused, refused: RefusedEvents) -> None:
    refused.add(received.message_id, received.sent.text, refusal, received.sent.event)


def _refusal_of(error: Exception) -> EventRefused:
    """Return why events are refused that could not be posted."""
    if isinstance(error, AccountNotFound | WalletNotFound):
        return unknown_account(error)
    if isinstance(error, (LedgerBusy, PynamoDBException, *OUT_OF_REACH)):
        return EventRefused("not_now", f"the ledger could not be written: {error}")
    return unforeseen(error)
