"""A subscriber, and what brings a subscription on: time, the schedule, the renewals queue, and auto-pay's world."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from chalicelib import clock
from chalicelib.cards.remove_card import remove_card
from chalicelib.catalog.catalog import Catalog, catalog
from chalicelib.idempotency import Key
from chalicelib.invoices import table as invoices
from chalicelib.invoices.invoice import Invoice
from chalicelib.payments.payment import Payment
from chalicelib.settings import settings
from chalicelib.subscriptions import cancel, change, table
from chalicelib.subscriptions.advance import advance_subscription
from chalicelib.subscriptions.change import ChangeResult
from chalicelib.subscriptions.charge_now import ChargeResult
from chalicelib.subscriptions.pause import PauseRequest
from chalicelib.subscriptions.pay_past_due import pay_past_due
from chalicelib.subscriptions.price import total_micros
from chalicelib.subscriptions.request import SubscriptionRequest
from chalicelib.subscriptions.resume import resume
from chalicelib.subscriptions.schedule_pause import schedule_pause
from chalicelib.subscriptions.subscription import Subscription
from chalicelib.text import Line
from local.queue_source import record as queue_record
from tests.auto_pay.world import World
from tests.payments.payer import Payer

UNIT = 1_000_000

_keys = count(1)


class Subscriber(Payer):
    """A payer with a subscription."""

    def put(self, plan: str = "agency", key: str = "", **add_ons: int) -> ChangeResult:
        """Begin or change it, with a new key unless one is given."""
        key = key or f"change-{next(_keys)}"
        return change.change(
            self.load(),
            SubscriptionRequest(plan, add_ons),
            key=Key(key, "customer"),
            actor="tester",
            catalog=self.catalog,
        )

    def preview(self, plan: str = "agency", **add_ons: int) -> ChangeResult:
        return change.preview(self.account(), SubscriptionRequest(plan, add_ons), self.catalog)

    def cancel(self) -> Subscription:
        return cancel.cancel(self.account_id, actor="tester", catalog=self.catalog)

    def pause(self, until: str, reason: str | None = None) -> Subscription:
        request = PauseRequest(until, Line(reason) if reason else None)
        return schedule_pause(self.account_id, request, actor="tester", catalog=self.catalog)

    def resume(self, key: str = "") -> ChargeResult:
        key = key or f"resume-{next(_keys)}"
        return resume(self.load(), actor="tester", catalog=self.catalog, key=Key(key, "customer"))

    def pay(self, key: str = "") -> ChargeResult:
        return pay_past_due(
            self.load(), key=Key(key or f"pay-{next(_keys)}", "customer"), actor="tester", catalog=self.catalog
        )

    def remove_card(self) -> None:
        remove_card(self.load())

    def advance(self) -> Subscription | None:
        return advance_subscription(self.account_id, self.catalog)

    @property
    def catalog(self) -> Catalog:
        return catalog()

    @property
    def subscription(self) -> Subscription:
        return table.get(self.account_id)

    def status(self) -> str:
        return self.subscription.status

    @property
    def paid(self) -> list[Payment]:
        """Return the payments that succeeded, the oldest period first."""
        return [each for each in reversed(self.payments) if each.state == "succeeded"]

    @property
    def amounts(self) -> list[float]:
        """Return what was charged at Stripe, oldest first, in units."""
        return [charge["amount"] / 100 for charge in self.charges]

    @property
    def invoices(self) -> list[Invoice]:
        """Return the invoices, the first number first. Nothing but the subscription issues any."""
        found = invoices.newest(self.account_id, limit=100).invoices[::-1]
        assert [each.sequence for each in found] == list(range(1, len(found) + 1))
        return found

    @property
    def invoiced(self) -> list[str]:
        """Return the payments that have an invoice, the first number first."""
        return [each.cause for each in self.invoices]

    def assert_sound(self) -> None:
        """Check that each payment that succeeded was charged and invoiced once, and credited nowhere."""
        assert sorted(charge["payment_intent"] for charge in self.charges) == sorted(
            str(each.payment_intent_id) for each in self.paid
        )
        for payment in self.paid:
            assert total_micros(payment.lines) == payment.amount_micros
        assert sorted(self.invoiced) == sorted(each.payment_id for each in self.paid)
        assert [each for each in self.credits if each.content.payment_id] == []


@dataclass
class RenewalWorld(World):
    """As World, with the schedule of renewals and their queue."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.sqs.purge_queue(QueueUrl=settings().renewals_queue_url)
        # Those of earlier tests are at a Stripe that was emptied since.
        for row in table.SubscriptionRow.scan():
            row.delete()

    def deliver_renewals(self) -> int:
        """Deliver what is on the renewals queue; return how many messages that were."""
        url = settings().renewals_queue_url
        arn = self.bindings["renew_subscriptions"].properties["Queue"]
        answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])
        messages = answer.get("Messages", [])
        if messages:
            assert self.call("renew_subscriptions", [queue_record(message, arn) for message in messages]) == []
        for message in messages:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages)

    def settle(self) -> None:
        """Deliver until nothing moves."""
        super().settle()
        while self.deliver_renewals():
            super().settle()

    def run(self) -> Any:
        """Let the schedule of renewals come, and what follows from it."""
        found = self.fire("find_renewals")
        self.settle()
        return found

    def run_on(self, day: str, minutes: int = 5) -> None:
        """Let the schedule of renewals come on a day, some minutes after the hour at which all begin here."""
        with self.at(moment(day) + timedelta(minutes=minutes)):
            self.run()


def moment(text: str) -> datetime:
    """Read a day, or a moment, in UTC: `2027-01-31` is its tenth hour."""
    return clock.from_ms(clock.parse_iso(f"{text}T10:00:00+00:00" if len(text) == len("2027-01-31") else text))
