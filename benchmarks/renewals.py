"""The renewals' figures: calls per renewed subscription, by how many are due. Run as a process of its own; prints JSON.

With 100 and 1,000 due, all of them are renewed; another 1,000 by two runs at once. With 10,000 due, the finder puts all
of them on the queue, and `SAMPLE` are renewed: the calls of one renewal are measured, not the duration.
"""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from math import inf
from typing import Any, Final

from msgspec.structs import asdict

from benchmarks.wire import metered
from chalicelib import clock
from chalicelib.accounts.table import AccountRow
from chalicelib.auto_pay.send_refill import send_refill
from chalicelib.cards.table import CardRow
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import Deadline
from chalicelib.payments import charge_queued as charge
from chalicelib.queues import client
from chalicelib.settings import settings
from chalicelib.stripe_api.stripe_account import PLATFORM
from chalicelib.subscriptions import renew
from chalicelib.subscriptions.advance_changed import advance_changed_payments
from chalicelib.subscriptions.make_payment import renewal_claim
from chalicelib.subscriptions.period import first_period, next_period
from chalicelib.subscriptions.price import prices_of
from chalicelib.subscriptions.subscription import Contents, Subscription
from chalicelib.subscriptions.table import SubscriptionRow, row_of
from local.stripe_emulator.client import Emulator
from tests.notices.records import payment_record

DUE: Final = (100, 1_000, 10_000)
SAMPLE: Final = 300
AT_ONCE: Final = 1_000
RUNS_AT_ONCE: Final = 2
STARTED: Final = clock.to_ms(datetime(2027, 1, 31, 10, tzinfo=UTC))
NOW: Final = clock.from_ms(STARTED) + timedelta(days=28, minutes=5)
CONTENTS: Final = Contents("agency", {"phone_number": 2})
PRICES: Final = prices_of(CONTENTS, "usd", catalog())
TERMS: Final = first_period(CONTENTS, PRICES, STARTED, 1)
CARD: Final = {
    "payment_method_id": "pm_card_visa",
    "brand": "visa",
    "last_four": "4242",
    "expiry_month": 12,
    "expiry_year": 2034,
    "fingerprint": "fingerprint",
    "set_up_at_ms": STARTED,
}

Json = dict[str, Any]
_numbers = count(1)


def subscribers(number: int, customer_id: str) -> list[str]:
    """Create accounts whose subscription is due, all with one customer at Stripe; return their ids."""
    accounts = [f"renewal-{next(_numbers)}" for _ in range(number)]
    with AccountRow.batch_write() as batch:
        for account_id in accounts:
            batch.save(_account(account_id))
    with CardRow.batch_write() as batch:
        for account_id in accounts:
            batch.save(CardRow(account_id, PLATFORM.key, stripe_customer_id=customer_id, card=CARD))
    with SubscriptionRow.batch_write() as batch:
        for account_id in accounts:
            batch.save(row_of(_subscription(account_id)))
    return accounts


def _account(account_id: str) -> AccountRow:
    return AccountRow(
        account_id,
        kind="workspace",
        name="Acme",
        email="billing@acme.example",
        currency="usd",
        locale="en",
        created_at_ms=STARTED,
        updated_at_ms=STARTED,
    )


def _subscription(account_id: str) -> Subscription:
    return Subscription(
        account_id=account_id,
        currency="usd",
        status="active",
        terms=TERMS,
        actor="benchmark",
        updated_at_ms=STARTED,
        started_at_ms=STARTED,
        due_at_ms=TERMS.period_end_ms,
        version=1,
    )


def renew_one(account_id: str) -> None:
    """Pass an account to the three functions of a renewal as Lambda does: renew, charge, follow."""
    payment_id = renewal_claim(account_id, next_period(TERMS, CONTENTS, PRICES, 1), attempt=0, now_ms=0).resource_id
    about = {"account_id": account_id, "payment_id": payment_id}
    failed = renew.renew_queued([{"messageId": "1", "body": json.dumps({"account_id": account_id})}], catalog())
    failed += charge.charge_all([{"messageId": "2", "body": json.dumps(about)}], send_refill=send_refill)
    failed += advance_changed_payments(
        [payment_record("created", "succeeded", kind="subscription", **about)], catalog()
    )
    if failed:
        raise RuntimeError(f"{account_id} was not renewed")


@contextmanager
def sqs_calls() -> Iterator[Counter[str]]:
    """Count the calls to SQS inside the block."""
    calls: Counter[str] = Counter()

    def sent(model: Any, **_: Any) -> None:
        calls[model.name] += 1

    events = client().meta.events
    events.register("before-call.sqs", sent)
    try:
        yield calls
    finally:
        events.unregister("before-call.sqs", sent)


def with_due(due: int, stripe: Emulator, customer_id: str) -> Json:
    """Measure with this many due subscriptions."""
    accounts = subscribers(due, customer_id)
    with metered() as finder, sqs_calls() as queued:
        found = renew.queue_due(clock.now_ms(), Deadline(inf))
    sample = accounts if due < max(DUE) else accounts[:SAMPLE]
    before = stripe_calls(stripe)
    begun = time.process_time()
    with metered() as wire, sqs_calls() as sent:
        for account_id in sample:
            renew_one(account_id)
        cpu_ms = (time.process_time() - begun) * 1000
    name = f"with_{due}_due"
    figures: Json = {
        f"renewals_found_{name}": found,
        f"renewals_finder_dynamodb_calls_{name}": finder.total_calls,
        f"renewals_finder_read_units_{name}": finder.read_units,
        f"renewals_finder_sqs_calls_{name}": queued.total(),
        f"renewals_renewed_{name}": len(sample),
        f"renewals_dynamodb_calls_each_{name}": round(wire.total_calls / len(sample), 3),
        f"renewals_sqs_calls_each_{name}": round(sent.total() / len(sample), 3),
        f"renewals_stripe_calls_each_{name}": round((stripe_calls(stripe) - before) / len(sample), 3),
    }
    if due == min(DUE):
        figures |= {
            "renewals_write_units_each": round(wire.write_units / due, 2),
            "renewals_read_units_each": round(wire.read_units / due, 2),
            "renewals_cpu_ms_each": round(cpu_ms / due, 1),
            "renewals_items_written_each": {_table_of(name): round(n / due, 2) for name, n in wire.writes.items()},
        }
    forget(accounts)
    return figures


def _table_of(name: str) -> str:
    """Return the setting of a table's name."""
    return next(each.removesuffix("_table") for each, value in asdict(settings()).items() if value == name)


def by_runs_at_once(stripe: Emulator, customer_id: str) -> Json:
    """Let two runs renew the same subscriptions at once, and count the charges."""
    accounts = subscribers(AT_ONCE, customer_id)
    before = len(stripe.charges())

    def run(_number: int) -> None:
        for account_id in accounts:
            renew_one(account_id)

    with ThreadPoolExecutor(RUNS_AT_ONCE) as pool:
        list(pool.map(run, range(RUNS_AT_ONCE)))
    charges = len(stripe.charges()) - before
    if charges != AT_ONCE:
        raise RuntimeError(f"{charges} charges for {AT_ONCE} subscriptions")
    forget(accounts)
    return {f"renewals_charges_of_{AT_ONCE}_due_by_{RUNS_AT_ONCE}_runs_at_once": charges}


def stripe_calls(stripe: Emulator) -> int:
    """Return how many calls Stripe has received."""
    return len(stripe.calls())


def forget(accounts: Sequence[str]) -> None:
    """Delete subscriptions, so that they are not due in the next measurement."""
    with SubscriptionRow.batch_write() as batch:
        for account_id in accounts:
            batch.delete(SubscriptionRow(account_id))


def measure(stripe: Emulator) -> Json:
    """Take all measurements."""
    customer_id = str(stripe.stripe_client().v1.customers.create().id)
    with clock.moved_to(NOW):
        stripe.move_clock((NOW - datetime.now(UTC)).total_seconds())
        figures: Json = {}
        for due in DUE:
            figures |= with_due(due, stripe, customer_id)
        return figures | by_runs_at_once(stripe, customer_id)


if __name__ == "__main__":
    with Emulator() as emulator:
        os.environ["STRIPE_API_BASE"] = emulator.url
        settings.cache_clear()
        measured = measure(emulator)
    # The log goes to standard output, too: the figures are its last line.
    sys.stdout.write(json.dumps(measured) + "\n")
