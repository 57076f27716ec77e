"""Requests with an Idempotency-Key, of every operation that takes one: what came before, and what comes after."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib import clock
from chalicelib.catalog.catalog import catalog
from chalicelib.invoices.issue import issue_for
from chalicelib.ledger.table import read_wallet
from chalicelib.subscriptions import table
from tests.reversals.refunder import refund_payment, stripes_refunds
from tests.subscriptions.world import RenewalWorld, Subscriber

Json = dict[str, Any]
Deed = Callable[[Subscriber, RenewalWorld], Any]

DECLINES = "pm_card_chargeCustomerFail"
ASKS = "pm_card_authenticationRequired"
ADD_ONS: dict[str, int] = {"phone_number": 40}
IN_DAYS = clock.day_of(clock.now_ms() + 45 * 24 * 60 * 60 * 1000)


def nothing(_me: Subscriber, _world: RenewalWorld) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Case:
    """A request of an operation, by its name in the API, and the status of its answer.

    `before` makes the state that it needs, and `after` moves the state on. `{payment_id}` in the path is the payment's,
    `{number}` that of its invoice.
    """

    operation: str
    name: str
    method: str
    path: str
    body: Any
    status: int
    before: Deed = nothing
    after: Deed = nothing
    card: str = ""

    def __str__(self) -> str:
        return f"{self.operation}: {self.name}"

    def url(self, me: Subscriber) -> str:
        payment_id = me.payments[0].payment_id if "{payment_id}" in self.path else ""
        number = (
            issue_for(me.account_id, me.payments[0].payment_id, catalog()).number if "{number}" in self.path else ""
        )
        return f"/v1/accounts/{me.account_id}{self.path}".format(payment_id=payment_id, number=number)


def effects(me: Subscriber) -> Json:
    """Return all that requests may have brought about: money that moved, and what is subscribed to."""
    found, wallet = table.find(me.account_id), read_wallet(me.account_id)
    return {
        "payments": sorted((each.payment_id, each.state) for each in me.payments),
        "charges": sorted(each["id"] for each in me.charges),
        "refunds": sorted(str(each["id"]) for each in stripes_refunds(me.emulator, me)),
        "wallet": (wallet.balance_micros, wallet.sequence),
        "subscription": found
        and (found.terms.contents, found.scheduled, found.status, found.terms.period_end_ms, found.pause),
    }


def _begun(me: Subscriber, _world: RenewalWorld) -> None:
    me.put("agency")


def _with_numbers(me: Subscriber, _world: RenewalWorld) -> None:
    me.put("agency", phone_number=40)


def _topped_up(me: Subscriber, _world: RenewalWorld) -> None:
    me.top_up("25", "before")


def _owing(me: Subscriber, world: RenewalWorld) -> None:
    with world.at(clock.now() - timedelta(days=32)):
        me.put("agency")
    me.put_test_card(DECLINES)
    world.run()
    me.put_test_card("pm_card_visa")


def _more_money(me: Subscriber, _world: RenewalWorld) -> None:
    me.put_test_card("pm_card_visa")
    me.top_up("30", "after")


def _refunded(me: Subscriber, _world: RenewalWorld) -> None:
    refund_payment(me)


def _canceled(me: Subscriber, _world: RenewalWorld) -> None:
    me.cancel()


def _begun_and_canceled(me: Subscriber, world: RenewalWorld) -> None:
    _begun(me, world)
    _canceled(me, world)


def _paused(me: Subscriber, world: RenewalWorld) -> None:
    with world.at(clock.now() - timedelta(days=32)):
        me.put("agency")
        me.pause(IN_DAYS)
    me.advance()


def _resumed(me: Subscriber, _world: RenewalWorld) -> None:
    me.resume()


def _another_plan(me: Subscriber, _world: RenewalWorld) -> None:
    me.put_test_card("pm_card_visa")
    me.put("agency", voice_features=3, phone_number=45)


ADJUSTMENT = {"type": "credit", "amount": "5", "reason": "goodwill"}
WHOLE, PART = {"reason": "goodwill"}, {"reason": "goodwill", "amount": "10"}
SUBSCRIPTION = ("PUT", "/subscription")
SENDING = ("POST", "/invoices/{number}/send", {"to": "books@bakery.example"})
REFUNDS = ("POST", "/payments/{payment_id}/refunds")
TOP_UPS = ("POST", "/top-ups")

CASES = (
    Case("add_balance", "paid", *TOP_UPS, {"amount": "25"}, 201, after=_refunded),
    Case("add_balance", "declined", *TOP_UPS, {"amount": "25"}, 402, after=_more_money, card=DECLINES),
    Case("add_balance", "to be confirmed", *TOP_UPS, {"amount": "25"}, 202, card=ASKS),
    Case("post_adjustment", "credit", "POST", "/adjustments", ADJUSTMENT, 201, after=_more_money),
    Case("post_adjustment", "debit", "POST", "/adjustments", {**ADJUSTMENT, "type": "debit"}, 201, after=_more_money),
    Case("refund_payment", "whole", *REFUNDS, WHOLE, 201, before=_topped_up, after=_more_money),
    Case("refund_payment", "part", *REFUNDS, PART, 201, before=_topped_up, after=_more_money),
    Case("send_invoice", "mailed", *SENDING, 201, before=_topped_up, after=_more_money),
    Case("put_subscription", "begun", *SUBSCRIPTION, {"plan": "starter"}, 200, after=_another_plan),
    Case("put_subscription", "trial", *SUBSCRIPTION, {"plan": "solo"}, 200, after=_another_plan),
    Case("put_subscription", "trial with add-ons", *SUBSCRIPTION, {"plan": "solo", "add_ons": ADD_ONS}, 200),
    Case(
        *("put_subscription", "added", *SUBSCRIPTION, {"plan": "agency", "add_ons": ADD_ONS}, 200),
        before=_begun,
        after=_another_plan,
    ),
    Case(
        *("put_subscription", "removed", *SUBSCRIPTION, {"plan": "agency", "add_ons": {}}, 200),
        before=_with_numbers,
        after=_another_plan,
    ),
    Case("put_subscription", "unchanged", *SUBSCRIPTION, {"plan": "agency"}, 200, before=_begun, after=_another_plan),
    Case("put_subscription", "declined", *SUBSCRIPTION, {"plan": "agency"}, 402, after=_another_plan, card=DECLINES),
    Case("put_subscription", "to be confirmed", *SUBSCRIPTION, {"plan": "agency"}, 202, card=ASKS),
    Case("delete_subscription", "at the end", "DELETE", "/subscription", None, 200, before=_begun, after=_another_plan),
    Case(
        "cancel_subscription",
        "with a reason",
        "POST",
        "/subscription/cancel",
        {"reason": "unused"},
        200,
        before=_begun,
        after=_another_plan,
    ),
    Case("delete_subscription", "taken back", "DELETE", "/subscription", None, 200, before=_begun, after=_resumed),
    Case(
        "resume_subscription",
        "",
        "POST",
        "/subscription/resume",
        None,
        200,
        before=_begun_and_canceled,
        after=_canceled,
    ),
    Case(
        *("pause_subscription", "to come", "POST", "/subscription/pause", {"until": IN_DAYS, "reason": "Closed"}, 200),
        before=_begun,
        after=_resumed,
    ),
    Case(
        *("resume_subscription", "paused", "POST", "/subscription/resume", None, 200),
        before=_paused,
        after=_another_plan,
    ),
    Case("delete_subscription", "owed", "DELETE", "/subscription", None, 200, before=_owing, after=_another_plan),
    Case("pay_subscription", "paid", "POST", "/subscription/pay", None, 200, before=_owing, after=_another_plan),
)
