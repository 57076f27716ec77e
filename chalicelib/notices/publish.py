"""Publish the changes in a table's stream to EventBridge."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from botocore.exceptions import BotoCoreError
from pynamodb.exceptions import PynamoDBException

from chalicelib.audit.table import read_repeat_image
from chalicelib.auto_pay import table as auto_pay
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.batches import each_record
from chalicelib.budgets import table as budgets
from chalicelib.catalog.catalog import Catalog, UnknownCurrency
from chalicelib.checks.findings_table import read_finding_image
from chalicelib.invoices import table as invoices
from chalicelib.ledger.table import read_wallet_image
from chalicelib.ledger.wallet import Wallet
from chalicelib.log import log
from chalicelib.notices import bus, dead_letters, table
from chalicelib.notices.budget_event import budget_events
from chalicelib.notices.choice import Choice
from chalicelib.notices.difference_event import difference_events
from chalicelib.notices.event import (
    Event,
    Thresholds,
    auto_pay_events,
    invoice_events,
    payment_events,
    repeat_events,
    subscription_events,
    wallet_events,
)
from chalicelib.payments import table as payments
from chalicelib.streams import Change, MalformedRecord, Record, sequence_number
from chalicelib.subscriptions import table as subscriptions

FoundT = TypeVar("FoundT")
EventsOf = Callable[[Record], list[Event]]

UNREACHABLE: Final = (PynamoDBException, BotoCoreError)
"""DynamoDB could not be read: the record itself is fine, and is delivered again."""


def publish_payments(records: Sequence[Record]) -> list[str]:
    """Publish new states of payments, and changes of their disputes. See `publish`."""
    return publish(records, lambda record: payment_events(Change(record, payments.read_image)))


def publish_auto_pay(records: Sequence[Record]) -> list[str]:
    """Publish auto-pay that was suspended. See `publish`."""
    return publish(records, lambda record: auto_pay_events(Change(record, auto_pay.read_image)))


def publish_subscriptions(records: Sequence[Record]) -> list[str]:
    """Publish subscriptions that were renewed, owe a period or have ended. See `publish`."""
    return publish(records, lambda record: subscription_events(Change(record, subscriptions.read_image)))


def publish_invoices(records: Sequence[Record]) -> list[str]:
    """Publish invoices and credit notes that were issued. See `publish`."""
    return publish(records, lambda record: invoice_events(Change(record, invoices.read_image)))


def publish_repeats(records: Sequence[Record]) -> list[str]:
    """Publish usage that was charged again. See `publish`."""
    return publish(records, lambda record: repeat_events(Change(record, read_repeat_image)))


def publish_findings(records: Sequence[Record]) -> list[str]:
    """Publish differences that were found or resolved. See `publish`."""
    return publish(records, lambda record: difference_events(Change(record, read_finding_image)))


def publish_budgets(records: Sequence[Record]) -> list[str]:
    """Publish thresholds of budgets that were reached. See `publish`."""
    return publish(records, lambda record: budget_events(Change(record, budgets.read_image)))


def publish_wallets(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Publish balances that crossed a threshold, by the current thresholds. See `publish`."""
    account_ids = _accounts_of(records)
    auto_pay_of = _finder(account_ids, auto_pay.find_many, auto_pay.find)
    choice_of = _finder(account_ids, table.choices_of, table.choice_of)

    def thresholds(wallet: Wallet) -> Thresholds:
        try:
            return thresholds_of(wallet.currency, auto_pay_of(wallet.account_id), choice_of(wallet.account_id), catalog)
        except UnknownCurrency as error:
            raise MalformedRecord(error.detail) from error

    return publish(records, lambda record: wallet_events(Change(record, read_wallet_image), thresholds))


def _finder(
    account_ids: set[str], many: Callable[[set[str]], Mapping[str, FoundT]], one: Callable[[str], FoundT | None]
) -> Callable[[str], FoundT | None]:
    """Read what several accounts have of something; return a function that finds that of one account.

    If they cannot be read together, each is read on demand, so that an unreadable row only fails its own record.
    """
    try:
        return many(account_ids).get
    except Exception:  # noqa: BLE001 - as above: it fails again on demand
        log().exception("rows could not be read in bulk", accounts=len(account_ids))
        return one


def _accounts_of(records: Sequence[Record]) -> set[str]:
    """Return the accounts of records, as far as they can be read."""
    found = (record["dynamodb"].get("Keys") for record in records)
    return {keys["account_id"]["S"] for keys in found if keys and "S" in keys.get("account_id", {})}


def thresholds_of(currency: str, paying: AutoPay | None, choice: Choice | None, catalog: Catalog) -> Thresholds:
    """Return a wallet's thresholds: auto-pay's where it is on, else the chosen one, else the catalog's.

    Raises UnknownCurrency.
    """
    limits = (choice or Choice()).over(catalog.limits(currency))
    threshold = paying.threshold_micros if paying and paying.enabled else limits.low_balance_micros
    return Thresholds(threshold, limits.floor_micros)


def publish(records: Sequence[Record], events_of: EventsOf) -> list[str]:
    """Put the events of records on the bus, in order; return the sequence numbers of records to be delivered again.

    Lambda delivers again from the lowest of them, so a record may be published twice, with the same ids. A record that
    cannot be published, for whatever reason, is parked. A failure to reach the bus is raised, and the whole batch is
    delivered again.
    """
    events: list[tuple[Record, Event]] = []

    def read(record: Record) -> None:
        events.extend((record, event) for event in _events(record, events_of))

    back = each_record(records, read, message="a record of a stream could not be read or parked")
    answer = bus.put([event for _, event in events])
    for place, (_, event) in enumerate(events[: answer.done]):
        if place not in answer.unfit:
            log().info("event published", type=event.type, event_id=event.detail.id, account_id=event.detail.account_id)
    back += _park_unfit(
        {sequence_number(events[place][0]): (events[place][0], why) for place, why in answer.unfit.items()}
    )
    return back + [sequence_number(record) for record, _ in events[answer.done : answer.done + 1]]


def _park_unfit(unfit: Mapping[str, tuple[Record, str]]) -> list[str]:
    """Park records whose event the bus will never accept. `unfit` has each with its reason, by its sequence number."""
    return each_record(
        [record for record, _ in unfit.values()],
        lambda record: dead_letters.put(record, f"the bus cannot take its event: {unfit[sequence_number(record)][1]}"),
        message="a record of a stream could not be parked",
    )


def _events(record: Record, events_of: EventsOf) -> list[Event]:
    try:
        return events_of(record)
    except UNREACHABLE:
        raise
    except Exception as error:  # noqa: BLE001 - what cannot be read now never will be: parked, with an alarm
        log().exception("a record of a stream cannot be read", keys=record["dynamodb"].get("Keys"))
        dead_letters.put(record, f"{type(error).__name__}: {error}")
        return []
