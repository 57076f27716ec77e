"""Random lives of one account: functions that read early and write late, declines, limits, months, people.

The rules are the real ones; wallet, payments, card and row are a few fields. Whatever happens in whatever order, there
are never two refills in flight, never more than the monthly limit, never a declined card tried again too soon or too
often, and never a low wallet that nothing is going to happen to.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from chalicelib.auto_pay.change_settings import Amounts, AutoPayRequest, apply_settings
from chalicelib.auto_pay.decision import Block, charged_in_month_micros, decide
from chalicelib.auto_pay.evaluate import Snapshot
from chalicelib.auto_pay.outdated_refill import find_outdated_failure, was_just_sent
from chalicelib.auto_pay.payment_outcomes import is_failed_or_canceled
from chalicelib.catalog.catalog import catalog
from chalicelib.clock import month_of, next_month_ms
from chalicelib.money import MICROS
from chalicelib.payments.payment import Failure, Payment
from tests.auto_pay.build import CARD, HOUR_MS
from tests.auto_pay.build import payment as built_payment
from tests.auto_pay.simulated import Simulated

ENDS = st.sampled_from(["succeeded", "succeeded", "declined", "declined", "authentication", "canceled", "unusable"])
DELAYS = st.sampled_from([0, 0.5, 12, 500])
"""Seconds that a charge may be on its way to Stripe."""
AMOUNTS = st.integers(1, 12).map(lambda tens: tens * 10 * MICROS)


class AutoPayMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.it = Simulated()
        self.early_reads: list[tuple[Snapshot, int]] = []
        self.triggered = False
        self.declines: list[int] = []
        """Times of declines in a row of the present card, with nothing in between that clears them."""
        self.number = 0

    @initialize(threshold=AMOUNTS, amount=AMOUNTS, limit=st.none() | AMOUNTS, balance=st.integers(-900, 900))
    def begin(self, threshold: int, amount: int, limit: int | None, balance: int) -> None:
        self.it.balance_micros = balance * MICROS
        self.switch(threshold, amount, limit, enabled=True)

    def evaluate(self, snapshot: Snapshot, version: int) -> bool:
        """Decide on what was read, and write it; tell whether to look once more."""
        before = len(self.it.in_flight)
        made, again = self.it.write(snapshot, version)
        if made is None:
            return again
        assert before == 0
        if self.declines:
            wait = catalog().auto_pay.wait_ms(len(self.declines))
            assert wait is not None
            assert self.it.now_ms >= self.declines[-1] + wait
        limit = self.it.row.monthly_limit_micros
        charged = charged_in_month_micros(self.it.payments.values(), month_of(made.created_at_ms))
        assert limit is None or charged <= limit
        return again

    def evaluate_until_done(self) -> None:
        """Look as a function does that is not slow."""
        while self.evaluate(*self.it.read()):
            pass

    @rule()
    def a_function_reads_and_is_slow(self) -> None:
        self.early_reads.append(self.it.read())

    @precondition(lambda self: self.early_reads)
    @rule(data=st.data(), dies=st.booleans())
    def a_slow_function_writes(self, data: st.DataObject, dies: bool) -> None:
        """Write what was read, unless somebody did; where another look follows, it is as slow, or never made."""
        read = self.early_reads.pop(data.draw(st.integers(0, len(self.early_reads) - 1)))
        if self.evaluate(*read) and not dies:
            self.early_reads.append(self.it.read())

    @rule()
    def a_trigger_is_delivered(self) -> None:
        for _ in range(2):  # the row's own change triggers nothing, but a payment's does
            self.evaluate_until_done()
        self.triggered = False

    @rule(cents=st.integers(1, 100_000))
    def something_is_used(self, cents: int) -> None:
        self.it.balance_micros -= cents * 10_000
        self.triggered = True

    @precondition(lambda self: self.it.in_flight)
    @rule(seconds=DELAYS)
    def a_refill_is_sent(self, seconds: float) -> None:
        self.send(self.it.in_flight[0], seconds)

    @precondition(lambda self: self.it.in_flight)
    @rule(seconds=DELAYS)
    def a_refill_is_sent_and_does_not_arrive(self, seconds: float) -> None:
        self.send(self.it.in_flight[0], seconds, arrives=False)

    def send(self, payment: Payment, seconds: float = 0, *, arrives: bool = True) -> bool:
        """Send a refill that Stripe does not have, if it is still wanted; tell whether Stripe has it by then."""
        it = self.it
        if payment.payment_id in it.charged or payment.kind != "auto_pay":
            return True
        snapshot, _ = it.read(without=payment)
        failure = find_outdated_failure(payment, decide(snapshot.auto_pay, snapshot.situation), it.card)
        if failure:
            if not was_just_sent(payment, it.now_ms):
                it.change(payment, state="canceled", failure=failure)
                self.triggered = True
            return False
        it.payments[payment.payment_id] = replace(payment, sent_at_ms=it.now_ms)
        limit = it.row.monthly_limit_micros
        it.now_ms += int(seconds * 1000)
        if arrives:
            it.charged[payment.payment_id] = it.now_ms
            assert limit is None or self.charged_by_stripe(month_of(it.now_ms)) <= limit
        return arrives

    def charged_by_stripe(self, month: str) -> int:
        """Return what Stripe has taken in a month, by its own time of each charge, or is about to take."""
        found = (self.it.payments[each] for each, at_ms in self.it.charged.items() if month_of(at_ms) == month)
        return sum(each.amount_micros for each in found if not is_failed_or_canceled(each))

    @precondition(lambda self: self.it.unresolved)
    @rule(data=st.data())
    def a_payment_is_credited(self, data: st.DataObject) -> None:
        payment = data.draw(st.sampled_from(self.it.unresolved))
        if self.send(payment):
            self.credit(payment)

    def credit(self, payment: Payment) -> None:
        if payment.payment_id not in self.it.credited:
            self.it.credited.add(payment.payment_id)
            self.it.balance_micros += payment.amount_micros
            self.triggered = True

    @precondition(lambda self: self.it.unresolved)
    @rule(data=st.data(), end=ENDS)
    def a_payment_ends(self, data: st.DataObject, end: str) -> None:
        payment = data.draw(st.sampled_from(self.it.unresolved))
        is_charged = payment.payment_id in self.it.charged
        if (end == "canceled" and is_charged) or (end != "canceled" and not self.send(payment)):
            return
        self.end(self.it.payments[payment.payment_id], end)

    def end(self, payment: Payment, end: str) -> None:
        self.triggered = True
        if end == "succeeded" or payment.payment_id in self.it.credited:
            self.credit(payment)
            at_ms = self.it.charged.get(payment.payment_id)
            self.it.change(payment, state="succeeded", payment_intent_id="pi", intent_at_ms=at_ms)
            self.declines = []
        elif end == "canceled":
            self.it.change(payment, state="canceled", failure=Failure("not_found"))
        else:
            code = "authentication_required" if end == "authentication" else "card_declined"
            intent = None if end == "unusable" else "pi"
            self.it.change(payment, state="failed", failure=Failure(code), payment_intent_id=intent)
            if payment.kind == "auto_pay" and not self.was_replaced(payment, unusable=end == "unusable"):
                self.declines.append(self.it.now_ms)

    def was_replaced(self, payment: Payment, *, unusable: bool) -> bool:
        """Tell whether another card is on file by now than the one that the payment is for."""
        charged, card = self.it.cards[payment.payment_id], self.it.card
        if charged is None or card is None:
            return False
        saved_anew = unusable and charged.payment_method_id != card.payment_method_id
        return saved_anew or charged.fingerprint != card.fingerprint

    @rule(amount=AMOUNTS, state=st.sampled_from(["created", "requires_action", "processing"]))
    def somebody_adds_balance(self, amount: int, state: Any) -> None:
        self.number += 1
        begun = built_payment(
            payment_id=f"pay_by_hand_{self.number}",
            kind="top_up",
            amount_micros=amount,
            state=state,
            created_at_ms=self.it.now_ms,
            state_at_ms=self.it.now_ms,
            payment_intent_id=None,
        )
        self.it.payments[begun.payment_id] = begun
        self.triggered = True

    @rule(print=st.integers(1, 3), expires=st.sampled_from([2026, 2040]))
    def a_card_is_saved(self, print: int, expires: int) -> None:
        self.number += 1
        self.it.card = replace(
            CARD, payment_method_id=f"pm_new_{self.number}", fingerprint=f"print-{print}", expiry_year=expires
        )
        # Another card clears the failures once auto-pay looks, and the same one, where Stripe had lost it.
        self.a_trigger_is_delivered_for_the_card()

    def a_trigger_is_delivered_for_the_card(self) -> None:
        snapshot, _ = self.it.read()
        if snapshot.auto_pay.failures == 0:
            self.declines = []
        self.a_trigger_is_delivered()

    @rule()
    def the_card_is_removed(self) -> None:
        self.it.card = None
        self.triggered = True

    @rule(
        threshold=AMOUNTS, amount=AMOUNTS, limit=st.none() | AMOUNTS, enabled=st.sampled_from([True, True, True, False])
    )
    def switch(self, threshold: int, amount: int, limit: int | None, *, enabled: bool) -> None:
        wanted = Amounts(threshold, amount, limit if limit is None else max(limit, amount))
        before = self.it.row
        self.it.row = apply_settings(
            "acme", before, AutoPayRequest(enabled=enabled), wanted, actor="tester", now_ms=self.it.now_ms
        )
        if enabled and (not before.enabled or before.suspended_reason):
            self.declines = []
        self.triggered = True

    @rule(seconds=st.sampled_from([0.1, 3, 300]))
    def the_month_is_about_to_turn(self, seconds: float) -> None:
        self.it.now_ms = next_month_ms(self.it.now_ms) - int(seconds * 1000)
        self.the_schedule_comes()

    @rule(hours=st.sampled_from([0.01, 0.5, 1, 6, 24, 24 * 8]))
    def time_passes(self, hours: float) -> None:
        self.it.now_ms += int(hours * HOUR_MS)
        self.the_schedule_comes()

    @rule()
    def the_month_turns(self) -> None:
        self.it.now_ms = next_month_ms(self.it.now_ms)
        self.the_schedule_comes()

    def the_schedule_comes(self) -> None:
        due_ms = self.it.row.due_at_ms
        if due_ms is not None and due_ms <= self.it.now_ms:
            self.evaluate_until_done()

    @invariant()
    def one_refill_is_in_flight_at_most(self) -> None:
        assert len(self.it.in_flight) <= 1
        assert all(each.payment_id == self.it.row.in_flight_payment_id for each in self.it.in_flight)

    @invariant()
    def a_low_wallet_is_never_forgotten(self) -> None:
        """Check that it is fine, that a person has to act, or that something is going to happen by itself."""
        if self.triggered or not self.it.row.enabled:
            return
        snapshot, _ = self.it.read()
        decision = decide(snapshot.auto_pay, snapshot.situation)
        low = self.it.balance_micros < self.it.row.threshold_micros
        if low and not isinstance(decision, Block):
            assert self.it.row.due_at_ms is not None, decision

    def teardown(self) -> None:
        """In the end everything works: what is left to do is done, and the wallet is above its threshold."""
        self.it.card = replace(CARD, fingerprint="print-end", payment_method_id="pm_end", expiry_year=9999)
        self.declines = []
        self.switch(20 * MICROS, 50 * MICROS, None, enabled=True)
        for _ in range(400):
            self.evaluate_until_done()
            for each in self.it.unresolved:
                if self.send(each):
                    self.credit(each)
                    self.it.change(each, state="succeeded", payment_intent_id="pi")
                else:
                    self.it.now_ms += HOUR_MS
        assert self.it.balance_micros >= 20 * MICROS
        assert not self.it.unresolved
        assert all(
            is_failed_or_canceled(each) or each.payment_id in self.it.credited for each in self.it.payments.values()
        )
