"""Tell the platform: turn the records of a table's stream into events on the bus."""

from collections.abc import Callable, Sequence

from chalicelib.auto_pay import table as auto_pay
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.catalog.catalog import Catalog, UnknownCurrency
from chalicelib.log import log
from chalicelib.notices import bus, parking
from chalicelib.notices.event import (
    Event,
    Lines,
    WalletImage,
    auto_pay_events,
    invoice_events,
    payment_events,
    repeat_events,
    subscription_events,
    wallet_events,
)
from chalicelib.notices.stream import MalformedRecord, Record, account_id, sequence_number

Rule = Callable[[Record], list[Event]]


def publish_payments(records: Sequence[Record]) -> list[str]:
    """Tell of payments that moved on. See `publish`."""
    return publish(records, payment_events)


def publish_auto_pay(records: Sequence[Record]) -> list[str]:
    """Tell of auto-pay that was suspended. See `publish`."""
    return publish(records, auto_pay_events)


def publish_subscriptions(records: Sequence[Record]) -> list[str]:
    """Tell of subscriptions that were renewed, are owed or are over. See `publish`."""
    return publish(records, subscription_events)


def publish_invoices(records: Sequence[Record]) -> list[str]:
    """Tell of invoices and credit notes that were issued. See `publish`."""
    return publish(records, invoice_events)


def publish_repeats(records: Sequence[Record]) -> list[str]:
    """Tell of usage that was charged again. See `publish`."""
    return publish(records, repeat_events)


def publish_wallets(records: Sequence[Record], catalog: Catalog) -> list[str]:
    """Tell of balances that crossed a line, as the lines are now. See `publish`."""
    found = auto_pay.find_many({each for each in map(account_id, records) if each})

    def lines(wallet: WalletImage) -> Lines:
        try:
            return lines_of(wallet.currency, found.get(wallet.account_id), catalog)
        except UnknownCurrency as error:
            raise MalformedRecord(error.detail) from error

    return publish(records, lambda record: wallet_events(record, lines))


def lines_of(currency: str, paying: AutoPay | None, catalog: Catalog) -> Lines:
    """Return the lines of a wallet: auto-pay's threshold where it is on, else the catalog's. Raises UnknownCurrency."""
    limits = catalog.limits(currency)
    threshold = paying.threshold_micros if paying and paying.enabled else limits.low_balance_micros
    return Lines(threshold, limits.floor_micros)


def publish(records: Sequence[Record], rule: Rule) -> list[str]:
    """Put the events of records on the bus, in order; return the sequence number to go on from, if any is left.

    Lambda delivers again from there, so a record may be told twice, with the same ids. A record that cannot be read is
    parked. A failure to reach AWS is raised, and Lambda delivers the batch again.
    """
    told: list[tuple[str, Event]] = []
    for record in records:
        told += [(sequence_number(record), event) for event in _events(record, rule)]
    taken = bus.put([event for _, event in told])
    for _, event in told[:taken]:
        log().info("event told", type=event.type, event_id=event.detail.id, account_id=event.detail.account_id)
    return [number for number, _ in told[taken : taken + 1]]


def _events(record: Record, rule: Rule) -> list[Event]:
    try:
        return rule(record)
    except MalformedRecord as error:
        log().error("a record of a stream cannot be read", reason=str(error), account_id=account_id(record))
        parking.park(record, str(error))
        return []
