"""What usage and renewals take, computed from measured figures. Pure.

Everything is per second or per month, and at list prices. `Measured` is what `make bench` found; the constants are what
it cannot find on one machine, each with what it is taken from.
"""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from math import ceil
from typing import Any, Final

import msgspec

from benchmarks.capacity_prices import MONTH_SECONDS, dollars

KB: Final = 1024
GB: Final = 1024**3

CPU_FACTOR: Final = 2.0
"""How much longer a virtual processor of Lambda takes than a core of the machine that measured: assumed."""
FULL_CPU_MB: Final = 1769
"""The memory that gives a function one processor; less gives a part ("Configure memory" in Lambda's guide)."""
SMALL_MB: Final = 512
READ_MS: Final = 5.0
COMMIT_MS: Final = 20.0
LARGE_COMMIT_MS: Final = 50.0
"""A read, a transaction of a few items, one of nearly a hundred: assumed. CloudWatch has yours, as
SuccessfulRequestLatency."""
STRIPE_SECONDS: Final = 1.2
"""How long Stripe takes to confirm a payment: assumed; its bank answers in it."""

POLLERS: Final = 5
"""Batches that Lambda gathers at once from a queue that has messages (services-sqs-scaling in its guide)."""
MOST_RECORDS: Final = 10_000
PAYLOAD_BYTES: Final = 6 * 1024**2
BODY_BYTES: Final = 330
ENVELOPE_BYTES: Final = 870
"""An event's JSON as in `benchmarks/events.py`, and what Lambda adds to it: receipt, attributes, names."""
CHUNK_BYTES: Final = 64 * KB
TOGETHER: Final = 10
"""Messages in one request to SQS, when there are that many."""
RECEIVE_SECONDS: Final = 0.02

SHARDS: Final = 4
"""Shards of a new table's stream, whose four partitions take 4,000 write units a second."""
POLLS_PER_SECOND: Final = 4
"""How often Lambda reads a shard that has no window."""
LOG_BYTES: Final = 800
"""Of an invocation: START, END, REPORT and a line of our own."""
TRACED: Final = 0.05
"""The part of invocations that X-Ray samples, beside one a second."""
CLIENTS_PER_COMMIT: Final = 24
"""A transaction has 100 items: three of the workspace, and four of each client."""
PARTITION_UNITS: Final = 1_000
"""Write units that one partition key takes a second."""

Spent = Counter[str]
"""Quantities by the names in `capacity_prices`."""


class Measured(msgspec.Struct, frozen=True):
    """The figures of the last run of the benchmarks that the model starts from."""

    events_per_second_per_core: float
    page_bytes_by_batch: dict[str, float]
    rebilled_events_per_second_per_core: float
    batch_of_100_wallets_cpu_ms: float
    wallet_records_cpu_ms: dict[str, dict[str, float]]
    renewals_write_units_each: float
    renewals_read_units_each: float
    renewals_cpu_ms_each: float
    renewals_items_written_each: dict[str, float]

    def page_bytes(self, events: float) -> float:
        """Return the size of a page with this many events, between the measured sizes on a straight line."""
        points = sorted((int(size), held) for size, held in self.page_bytes_by_batch.items())
        for (low, low_bytes), (high, high_bytes) in pairwise(points):
            if events <= high:
                return low_bytes + (events - low) * (high_bytes - low_bytes) / (high - low)
        most, most_bytes = points[-1]
        return most_bytes * events / most

    def commit_units(self, events: float) -> float:
        """Return the write units of a commit to one wallet: its row, a day and a page, all in a transaction."""
        return 2 + 2 + self.page_units(events)

    def page_units(self, events: float) -> float:
        """Return the write units of a page."""
        return 2.0 * ceil(self.page_bytes(events) / KB)

    def readers_cpu_ms(self, function: str, records: float, calls: float) -> float:
        """Return the processor time of a stream's reader for records that come in so many calls."""
        one, hundred = (self.wallet_records_cpu_ms[function][size] for size in ("1", "100"))
        return calls * one + (records - calls) * (hundred - one) / 99

    def agency_units(self, clients: float, events: float, commits: float) -> float:
        """Return the write units of a batch of a workspace's clients: four items of each, three in each commit."""
        of_clients = clients * (self.commit_units(events / clients) + 2)
        return of_clients + commits * self.commit_units(events / commits)


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """Usage that arrives evenly, of wallets that are equally busy. With `clients_of_one` they are one workspace's."""

    events_per_second: float
    wallets: int
    window_seconds: float = 2.0
    events_per_message: int = 1
    clients_of_one: bool = False

    @property
    def messages_per_second(self) -> float:
        """Return the messages that arrive."""
        return self.events_per_second / self.events_per_message

    @property
    def message_bytes(self) -> int:
        """Return the size of a message's body."""
        return BODY_BYTES * self.events_per_message

    @property
    def messages_per_batch(self) -> float:
        """Return the messages that one of the pollers gathers, until the window ends or the payload is full."""
        gathered = self.messages_per_second * self.window_seconds / POLLERS
        fitting = PAYLOAD_BYTES / (self.message_bytes + ENVELOPE_BYTES)
        return max(1.0, min(gathered, MOST_RECORDS, fitting))

    @property
    def batches_per_second(self) -> float:
        """Return the invocations of `record_usage`."""
        return self.messages_per_second / self.messages_per_batch

    @property
    def events_per_batch(self) -> float:
        """Return the events of one invocation."""
        return self.messages_per_batch * self.events_per_message

    @property
    def wallets_per_batch(self) -> float:
        """Return the different wallets of a batch: a message is of one wallet, each as likely as another."""
        return self.wallets * (1 - (1 - 1 / self.wallets) ** self.messages_per_batch) if self.wallets > 1 else 1.0

    @property
    def events_per_page(self) -> float:
        """Return the events of one wallet in a batch."""
        return self.events_per_batch / self.wallets_per_batch

    @property
    def commits_per_batch(self) -> float:
        """Return the transactions of a batch: one for each wallet, or one for 24 clients of a workspace."""
        return (
            float(ceil(self.wallets_per_batch / CLIENTS_PER_COMMIT)) if self.clients_of_one else self.wallets_per_batch
        )


def usage_units_per_second(load: Load, measured: Measured) -> float:
    """Return the write units of usage."""
    if load.clients_of_one:
        of_batch = measured.agency_units(load.wallets_per_batch, load.events_per_batch, load.commits_per_batch)
    else:
        of_batch = load.wallets_per_batch * measured.commit_units(load.events_per_page)
    return load.batches_per_second * of_batch


def batch_seconds(load: Load, measured: Measured) -> float:
    """Return how long `record_usage` takes for a batch, with a processor of its own and sixteen threads."""
    rate = measured.rebilled_events_per_second_per_core if load.clients_of_one else measured.events_per_second_per_core
    cpu_ms = load.commits_per_batch * measured.batch_of_100_wallets_cpu_ms / 100 + load.events_per_batch / rate * 1000
    if load.clients_of_one:
        waiting_ms = load.commits_per_batch * LARGE_COMMIT_MS
    else:
        waiting_ms = ceil(load.commits_per_batch / 16) * COMMIT_MS
    return (cpu_ms * CPU_FACTOR + READ_MS + waiting_ms) / 1000


def usage_month(load: Load, measured: Measured) -> Spent:
    """Return what a month of usage takes, from the queue to the readers of the wallets' stream, without storage."""
    batches = load.batches_per_second * MONTH_SECONDS
    changed = batches * (load.wallets_per_batch + load.clients_of_one * load.commits_per_batch)
    readers = {
        "refill_wallets": min(changed, SHARDS * POLLS_PER_SECOND * MONTH_SECONDS),
        "announce_wallets": min(changed, max(SHARDS * MONTH_SECONDS, changed / 100)),
    }
    cpu_ms = sum(measured.readers_cpu_ms(name, changed, calls) for name, calls in readers.items())
    small_ms = cpu_ms * FULL_CPU_MB / SMALL_MB * CPU_FACTOR
    small_ms += (readers["refill_wallets"] + 3 * readers["announce_wallets"]) * READ_MS
    rows_read = 2 + (3 if load.clients_of_one else 0)
    invocations = batches + sum(readers.values())
    return Counter(
        {
            "queue_requests": queue_requests(load) * MONTH_SECONDS,
            "write_units": usage_units_per_second(load, measured) * MONTH_SECONDS,
            "read_units": batches * load.wallets_per_batch * rows_read + changed * 4,
            "invocations": invocations,
            "gb_seconds": batches * batch_seconds(load, measured) * FULL_CPU_MB / KB + small_ms / 1000 * SMALL_MB / KB,
            **watched(invocations),
        }
    )


def watched(invocations: float) -> Mapping[str, float]:
    """Return the logs and traces of a month's invocations."""
    log_gb = invocations * LOG_BYTES / GB
    return {
        "log_gb": log_gb,
        "kept_log_gb": 3 * log_gb,  # for 90 days
        "traces": min(invocations, MONTH_SECONDS + TRACED * invocations),
    }


def queue_requests(load: Load) -> float:
    """Return the requests to the usage queue a second: sent ten together, received as they come, deleted by batch."""
    sent = ceil(TOGETHER * load.message_bytes / CHUNK_BYTES) / TOGETHER
    at_once = min(float(TOGETHER), max(1.0, load.messages_per_second / POLLERS * RECEIVE_SECONDS))
    received = max(1.0, at_once * load.message_bytes / CHUNK_BYTES) / at_once
    deleted = 1 / min(float(TOGETHER), load.messages_per_batch)
    return load.messages_per_second * (sent + received + deleted)


def stored_gb(load: Load, measured: Measured, months: float = 12) -> float:
    """Return the GB of pages after some months. A row counts 100 bytes more than it holds."""
    pages = load.batches_per_second * load.wallets_per_batch * months * MONTH_SECONDS
    both = 2 if load.clients_of_one else 1
    return pages * (measured.page_bytes(load.events_per_page) + 100) * both / GB


def audit_month(load: Load) -> Spent:
    """Return what the nightly audit of repeats reads and writes in a month: of each wallet, each night."""
    nights = 365.25 / 12 * load.wallets
    events = load.events_per_second * MONTH_SECONDS
    return Counter(
        {
            "object_gets": 71 * nights,
            "object_puts": nights,
            "write_units": 3 * nights,
            "object_gb": 1.2 * events * 23 / GB,
        }
    )


def total_dollars(spent: Mapping[str, float]) -> float:
    """Return what quantities cost together."""
    return sum(dollars(name, quantity) for name, quantity in spent.items())


def measured_of(run: Mapping[str, Any]) -> Measured:
    """Return the figures of a run of the benchmarks."""
    return msgspec.convert({name: run[name] for name in Measured.__struct_fields__}, Measured)
