"""From a payment's row to its invoice, over the stream, the bus, the rule and the queue that are deployed."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import app
from chalicelib.accounts.account import Account
from chalicelib.invoices import table
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Outcome, Payment, advance
from local.aws import Aws
from local.bindings import bindings
from local.queue_source import QueueSource
from local.resources import Deployment
from local.stream_source import StreamSource
from tests.wait import wait_for

NAMES = {"announce_payments", "issue_invoices"}


@pytest.fixture
def system(aws: Aws, stack: Deployment, tmp_path: Path) -> Iterator[None]:
    """Run the functions between a payment and its invoice, on their real sources."""
    stopping = threading.Event()
    ours = [binding for binding in bindings(app, stack.functions) if binding.name in NAMES]
    assert len(ours) == len(NAMES)
    sources = [
        QueueSource(each, aws.endpoint) if each.kind == "Queue" else StreamSource(each, aws.endpoint, tmp_path)
        for each in ours
    ]
    threads = [threading.Thread(target=source.run, args=(stopping,), daemon=True) for source in sources]
    for thread in threads:
        thread.start()
    yield
    stopping.set()
    for thread in threads:
        thread.join()


def test_a_payment_that_succeeds_gets_its_invoice_without_anyone_asking(
    system: None, account: Account, new_payment: Callable[..., Payment]
) -> None:
    waiting = new_payment(account, state="processing", charge_id=None)
    declined = new_payment(account, state="processing", charge_id=None)
    payments.change(waiting, lambda current: advance(current, Outcome("succeeded", "pi_1", "ch_7")))
    payments.change(declined, lambda current: advance(current, Outcome("failed")))
    (made,) = wait_for(lambda: table.newest(account.account_id, limit=10).invoices, seconds=30)
    assert made.cause == waiting.payment_id
    assert made.paid
    assert made.paid.charge_id == "ch_7"
