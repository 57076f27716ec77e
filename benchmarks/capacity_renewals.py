"""What a day of renewals takes, and what a stack costs that nobody uses. Pure, but for `Deployed.read`."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.capacity_model import (
    CPU_FACTOR,
    FULL_CPU_MB,
    KB,
    READ_MS,
    SMALL_MB,
    STRIPE_SECONDS,
    Measured,
    Spent,
    watched,
)
from benchmarks.capacity_prices import MONTH_SECONDS, STRIPE_FIXED_DOLLARS, STRIPE_SHARE
from infrastructure.generator.specification import Specification, read

ROOT: Final = Path(__file__).resolve().parents[1]

STRIPE_CALLS_PER_SECOND: Final = 25
"""For one endpoint, in live mode (https://docs.stripe.com/rate-limits). A payment is one such call."""
INDEX_UNITS: Final = 2.0
"""At most, for a write of a row with an index of due rows: the old entry goes, a new one comes."""
INDEXED: Final = ("subscriptions", "payments")
WEBHOOKS: Final = 1
"""Of a payment that succeeds at once, with the types that the endpoint is to have: `payment_intent.succeeded`."""
WEBHOOK_MS: Final = 100.0
EVENTS: Final = ("subscription.renewed", "payment.succeeded", "invoice.issued")
LONG_POLLS_PER_MONTH: Final = 5 * MONTH_SECONDS / 20
"""Requests of five pollers to a queue without messages, each waiting for twenty seconds."""
WAITS: Final = 3
"""Calls to DynamoDB of a message of `renew_subscriptions`, one after the other, in the median of the benchmark's eleven
for all three functions."""


class Deployed(msgspec.Struct, frozen=True):
    """What is deployed: of each kind that costs without being used, how many; and the functions' own entries."""

    alarms: int
    dashboards: int
    metrics: int
    queues_read: int
    schedules: tuple[str, ...]
    readers: Mapping[str, int]
    renewers: int
    chargers: int

    @classmethod
    def read(cls) -> "Deployed":
        """Read the entries and the template of the repository."""
        resources = json.loads((ROOT / "infrastructure/resources.json").read_text())["Resources"]
        specification = read((ROOT / "infrastructure/functions.toml").read_text())
        functions = specification.functions
        kinds = Counter(each.get("Type") for each in resources.values())
        return cls(
            alarms=kinds["AWS::CloudWatch::Alarm"],
            dashboards=kinds["AWS::CloudWatch::Dashboard"],
            metrics=len(specification.log_alarms),
            queues_read=sum(each.queue is not None for each in functions.values()),
            schedules=tuple(each.schedule for each in functions.values() if each.schedule),
            readers=_readers(specification),
            renewers=_concurrency(specification, "renewals"),
            chargers=_concurrency(specification, "charges"),
        )


def _readers(specification: Specification) -> dict[str, int]:
    """Return how many functions read each table's stream."""
    streams = [each.stream for each in specification.functions.values() if each.stream]
    return dict(Counter(table for stream in streams for table in stream.tables))


def _concurrency(specification: Specification, queue: str) -> int:
    (source,) = [each.queue for each in specification.functions.values() if each.queue and each.queue.name == queue]
    return source.concurrency


def renewals_month(accounts: int, measured: Measured, deployed: Deployed) -> Spent:
    """Return what this many renewals take, each charged at once, invoiced, published and mailed."""
    written = measured.renewals_items_written_each
    records = sum(times * deployed.readers.get(table, 0) for table, times in written.items())
    indexes = INDEX_UNITS * sum(written.get(table, 0) for table in INDEXED)
    # renewals ten to a batch, a payment alone, mails and invoices ten to a batch, a webhook, and each record at worst
    invocations = accounts * (0.1 + 1 + 0.2 + WEBHOOKS + records)
    small_seconds = measured.renewals_cpu_ms_each / 1000 * CPU_FACTOR * FULL_CPU_MB / SMALL_MB
    waiting = (11 + records) * READ_MS / 1000 + STRIPE_SECONDS
    spent = Counter(
        {
            "write_units": accounts * (measured.renewals_write_units_each + indexes + 2 * WEBHOOKS + 1),
            "read_units": accounts * (measured.renewals_read_units_each + 4),
            "queue_requests": accounts * (0.3 + 3 + 0.4),
            "invocations": accounts * (0.1 + 1 + 0.2 + WEBHOOKS + records),
            "gb_seconds": accounts * ((small_seconds + waiting) * SMALL_MB + WEBHOOKS * WEBHOOK_MS / 1000 * 1024) / KB,
            "bus_events": float(accounts * len(EVENTS)),
            "api_requests": float(accounts * WEBHOOKS),
            "mails": float(accounts),
            "object_puts": float(accounts),
        }
    )
    spent.update(watched(invocations))
    return spent


def renewal_seconds(measured: Measured) -> float:
    """Return how long one message takes in `renew_subscriptions`: a third of a renewal's work, without Stripe."""
    cpu_ms = measured.renewals_cpu_ms_each / 3 * CPU_FACTOR * FULL_CPU_MB / SMALL_MB
    return (cpu_ms + WAITS * 2 * READ_MS) / 1000


def charge_seconds(measured: Measured) -> float:
    """Return how long one message takes in `charge_payments`: another third, and Stripe."""
    return renewal_seconds(measured) + STRIPE_SECONDS


def renewals_per_second(measured: Measured, renewers: int) -> float:
    """Return how many subscriptions this many concurrent functions advance."""
    return renewers / renewal_seconds(measured)


def charges_per_second(measured: Measured, chargers: int) -> float:
    """Return how many payments this many concurrent functions make, within what Stripe takes."""
    return min(STRIPE_CALLS_PER_SECOND, chargers / charge_seconds(measured))


def hours(accounts: int, measured: Measured, renewers: int, chargers: int) -> float:
    """Return how long it takes until all are charged."""
    slowest = min(renewals_per_second(measured, renewers), charges_per_second(measured, chargers))
    return accounts / slowest / 3600


def stripe_dollars(accounts: int, price_dollars: float) -> float:
    """Return what Stripe keeps of this many charges."""
    return accounts * (price_dollars * STRIPE_SHARE + STRIPE_FIXED_DOLLARS)


RUNS: Final[Mapping[str, float]] = {
    "rate(1 minute)": MONTH_SECONDS / 60,
    "rate(5 minutes)": MONTH_SECONDS / 300,
    "rate(15 minutes)": MONTH_SECONDS / 900,
    "rate(1 hour)": MONTH_SECONDS / 3600,
    "cron(0/15 1-5 * * ? *)": 20 * 365.25 / 12,
}
"""Runs of a schedule in a month."""


def runs_of(schedule: str) -> float:
    """Return the runs of a schedule in a month; of one that is not listed, once a day."""
    return RUNS.get(schedule, 365.25 / 12)


def idle_month(deployed: Deployed) -> Spent:
    """Return what a stack takes that nobody uses: alarms, the secret, schedules, and the polling of empty queues.

    Its metrics are those of lines in the log, which are written as zero, too, wherever a function logs anything.
    """
    runs = sum(map(runs_of, deployed.schedules))
    return Counter(
        {
            "alarms": float(deployed.alarms),
            "dashboards": float(deployed.dashboards),
            "metrics": float(deployed.metrics),
            "secrets": 1.0,
            "queue_requests": deployed.queues_read * LONG_POLLS_PER_MONTH,
            "invocations": runs,
            "gb_seconds": runs * 0.1 * SMALL_MB / KB,
            "read_units": runs * 8,
            **watched(runs),
        }
    )
