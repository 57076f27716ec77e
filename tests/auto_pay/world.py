"""Everything around auto-pay, driven by hand: time, usage, and what delivers streams, the queue and the schedules.

The records are DynamoDB's own, read from the real streams; the handlers are called as Lambda calls them.
"""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import count
from typing import Any

from chalicelib import clock
from chalicelib.auto_pay import table
from chalicelib.auto_pay.auto_pay import AutoPay
from chalicelib.auto_pay.change_settings import AutoPayRequest, change_settings
from chalicelib.auto_pay.decision import Decision
from chalicelib.auto_pay.evaluate import evaluate_account
from chalicelib.auto_pay.view import AutoPayView, load_for_view, view_auto_pay
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import now_ms
from chalicelib.ledger.post import post_one
from chalicelib.payments import table as payments
from chalicelib.payments.payment import Payment
from chalicelib.settings import settings
from local.bindings import Binding, bindings
from local.queue_source import record as queue_record
from local.resources import Deployment, client
from local.schedule_source import scheduled_event
from local.stream_source import record as stream_record
from local.stripe_emulator.client import Emulator
from tests.build import debit
from tests.payments.moments import at
from tests.payments.payer import Payer

UNIT = 1_000_000
STREAMS = ("refill_wallets", "follow_payments", "follow_cards", "follow_connections")
Record = dict[str, Any]

_numbers = count(1)


class Saver(Payer):
    """A payer with auto-pay."""

    def switch_on(self, threshold: str = "20", amount: str = "50", monthly_limit: str | None = None) -> None:
        self.put(AutoPayRequest(enabled=True, threshold=threshold, amount=amount, monthly_limit=monthly_limit))

    def switch_off(self) -> None:
        self.put(AutoPayRequest(enabled=False))

    def put(self, request: AutoPayRequest) -> None:
        change_settings(self.load(), request, actor="tester", catalog=catalog())

    def evaluate(self) -> Decision:
        return evaluate_account(self.account_id, catalog())

    @property
    def auto_pay(self) -> AutoPay:
        found = table.find(self.account_id)
        assert found is not None
        return found

    @property
    def view(self) -> AutoPayView:
        payer = self.load()
        return view_auto_pay(load_for_view(payer, catalog()), catalog().limits(payer.account.currency))

    def use(self, amount: float) -> None:
        """Use up so much, as one usage event."""
        number = next(_numbers)
        micros = round(amount * UNIT)
        assert post_one(debit(number, self.account_id, occurred_at_ms=now_ms(), amount_micros=micros))

    def spend_down_to(self, balance: float) -> None:
        """Use as much as leaves so much."""
        self.use(self.balance_micros / UNIT - balance)

    @property
    def balance(self) -> float:
        return self.balance_micros / UNIT

    @property
    def refills(self) -> list[Payment]:
        """Return auto-pay's payments, oldest first."""
        return [each for each in reversed(self.payments) if each.kind == "auto_pay"]

    @property
    def refill(self) -> Payment:
        """Return the only payment of auto-pay."""
        (only,) = self.refills
        return only

    @property
    def attempts(self) -> list[Record]:
        """Return the charges of this customer's cards, those in vain as well."""
        return [each for each in self.emulator.charges(status="") if each["customer"] == self.customer_id]

    def assert_refilled_once(self, amount: float) -> None:
        """Check that one charge, one credit and one succeeded payment are there, and that nothing is left to do."""
        assert [charge["amount"] for charge in self.charges] == [round(amount * 100)]
        assert [each.leg.amount_micros for each in self.credits] == [round(amount * UNIT)]
        assert [each.content.kind for each in self.credits] == ["auto_pay"]
        assert (self.refill.state, self.refill.amount_micros) == ("succeeded", round(amount * UNIT))
        assert payments.unresolved(self.account_id, now_ms()) == []
        assert self.auto_pay.in_flight_payment_id is None


@dataclass
class World:
    """What delivers: each `deliver_...` brings what is there now, and `settle` goes on until nothing moves."""

    deployment: Deployment
    emulator: Emulator
    delivered: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    iterators: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sqs.purge_queue(QueueUrl=settings().charges_queue_url)
        # Those of earlier tests are at a Stripe that was emptied since, and are looked at every day.
        for row in table.AutoPayRow.scan():
            row.delete()
        for name in STREAMS:
            arn = self.bindings[name].properties["Stream"]
            shard = self.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
            answer = self.streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="LATEST")
            self.iterators[name] = answer["ShardIterator"]

    @cached_property
    def bindings(self) -> dict[str, Binding]:
        return {each.name: each for each in bindings(self.deployment.functions)}

    @cached_property
    def sqs(self) -> Any:
        return client("sqs", self.deployment.endpoint)

    @cached_property
    def streams(self) -> Any:
        return client("dynamodbstreams", self.deployment.endpoint)

    def at(self, moment: datetime) -> AbstractContextManager[None]:
        """Let it be that moment, here and at Stripe."""
        return at(self.emulator, moment)

    def take(self, name: str) -> list[Record]:
        """Return the next records of a stream, in the form in which Lambda hands them over."""
        answer = self.streams.get_records(ShardIterator=self.iterators[name], Limit=1000)
        self.iterators[name] = answer["NextShardIterator"]
        arn = self.bindings[name].properties["Stream"]
        return [stream_record(item, arn) for item in answer["Records"]]

    def call(self, name: str, records: Sequence[Record]) -> list[str]:
        """Call a handler with records; return what it gives back."""
        answer = self.bindings[name].call({"Records": list(records)})
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    def deliver_stream(self, name: str) -> int:
        """Deliver what is new on a stream; return how many records that were."""
        records = self.take(name)
        if records:
            assert self.call(name, records) == []
            self.delivered[name] += records
        return len(records)

    def charges(self) -> list[Record]:
        """Take the messages of the charges queue, without deleting them."""
        answer = self.sqs.receive_message(
            QueueUrl=settings().charges_queue_url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        )
        return list(answer.get("Messages", []))

    def deliver_charges(self) -> int:
        """Deliver what is on the charges queue; return how many messages that were."""
        messages = self.charges()
        arn = self.bindings["charge_payments"].properties["Queue"]
        for message in messages:
            record = queue_record(message, arn)
            assert self.call("charge_payments", [record]) == []
            self.delivered["charge_payments"].append(record)
            self.sqs.delete_message(QueueUrl=settings().charges_queue_url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages)

    def settle(self) -> None:
        """Deliver until nothing moves."""
        while sum(self.deliver_stream(name) for name in STREAMS) + self.deliver_charges():
            pass

    def again(self) -> None:
        """Deliver what came since the last time once more, in the order in which it came, and what follows from it."""
        delivered, self.delivered = self.delivered, defaultdict(list)
        for name, records in delivered.items():
            for record in records:
                self.call(name, [record])
        self.settle()

    def minute(self) -> None:
        """Let the schedule of a minute come, and what follows from it."""
        self.fire("retry_refills")
        self.settle()

    def five_minutes(self) -> None:
        """Let both schedules come, and what follows from them."""
        self.fire("sweep_payments")
        self.minute()

    def fire(self, name: str) -> Any:
        """Call the handler of a schedule."""
        return self.bindings[name].call(scheduled_event(name, clock.now()))


HOUR = timedelta(hours=1)
BAD_CARD = "pm_card_chargeCustomerFail"
