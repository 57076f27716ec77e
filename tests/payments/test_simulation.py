"""Days of a customer and a moody Stripe, by chance but repeatable: in the end all that was charged is credited once."""

import contextlib
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib import clock
from chalicelib.clock import now_ms
from chalicelib.errors import Refusal
from chalicelib.ledger.verify import verify
from chalicelib.payments import table
from chalicelib.recovery.sweep import sweep
from local.stripe_emulator.client import Emulator
from tests.depth import examples
from tests.payments.payer import HOUR_MS, Payer, deliver
from tests.wire import Cut, Wire

STEPS = 50
CARDS = ("pm_card_visa", "pm_card_mastercard", "pm_card_chargeCustomerFail", "pm_card_authenticationRequired")
FAULTS = ("500_saved", "500_after_effect", "status", "cut_after_effect")
INTENTS = "/v1/payment_intents"


class Days:
    """The customer, Stripe and time. Every step is one thing that may happen."""

    def __init__(self, payer: Payer, emulator: Emulator, seed: int) -> None:
        self.payer, self.emulator, self.chance = payer, emulator, random.Random(seed)
        self.start = clock.now()
        self.passed = timedelta()
        self.keys: list[str] = []

    def run(self) -> None:
        steps = [
            self.pay,
            self.pay_again,
            self.fail,
            self.tell,
            self.tell,
            self.sweep,
            self.wait,
            self.answer,
            self.change,
        ]
        for _ in range(STEPS):
            with clock.moved_to(self.start + self.passed), contextlib.suppress(Refusal, Cut):
                self.chance.choice(steps)()
        self.emulator.clear_faults()
        for hours in (0.5, 1, 26, 26):
            self.wait(hours)
            with clock.moved_to(self.start + self.passed):
                sweep(now_ms() + HOUR_MS)
                for event in self.payer.events:
                    deliver(event)

    def pay(self) -> None:
        self.keys.append(f"key-{len(self.keys)}")
        self._pay(self.keys[-1])

    def pay_again(self) -> None:
        if self.keys:
            self._pay(self.chance.choice(self.keys))

    def _pay(self, key: str) -> None:
        amount = str(10 + self.keys.index(key))
        cut_at = self.chance.choice([0, 0, 0, *range(1, 10)])
        with Wire((cut_at, self.chance.choice(["before", "after"]))):
            self.payer.top_up(amount, key)

    def fail(self) -> None:
        kind = self.chance.choice(FAULTS)
        method = self.chance.choice(["POST", "GET"])
        self.emulator.fault(kind, method=method, path=f"{INTENTS}*", status=429, times=self.chance.randint(1, 2))

    def tell(self) -> None:
        if events := self.payer.events:
            deliver(self.chance.choice(events[-8:]))

    def sweep(self) -> None:
        with Wire((self.chance.choice([0, 0, *range(1, 12)]), "before")):
            sweep(now_ms())

    def wait(self, hours: float = 0) -> None:
        self.passed += timedelta(hours=hours or self.chance.choice([0.02, 0.1, 0.3, 1, 5]))
        self.emulator.move_clock(self.passed.total_seconds())

    def answer(self) -> None:
        """Answer a challenge, or not."""
        waiting = [each for each in self.emulator.objects("payment_intent") if each["status"] == "requires_action"]
        if waiting:
            self.emulator.authenticate(self.chance.choice(waiting)["id"], self.chance.choice(["succeed", "fail"]))

    def change(self) -> None:
        self.payer.save_card(self.chance.choice(CARDS))


@pytest.mark.parametrize("seed", range(examples(4)))
def test_whatever_happens_all_that_was_charged_is_credited_once(
    new_payer: Callable[..., Payer], emulator: Emulator, seed: int
) -> None:
    payer = new_payer()
    Days(payer, emulator, seed).run()
    payment_of = {each["id"]: each["metadata"]["payment_id"] for each in emulator.objects("payment_intent")}
    charged = Counter({payment_of[charge["payment_intent"]]: 1 for charge in payer.charges})
    assert len(payer.charges) == len(charged), "a payment was charged twice"
    succeeded = [payment for payment in payer.payments if payment.state == "succeeded"]
    assert {payment.payment_id for payment in succeeded} == set(charged)
    assert sorted(credit.identity.event_id for credit in payer.credits) == sorted(charged)
    assert payer.balance_micros == sum(payment.amount_micros for payment in succeeded)
    assert payer.balance_micros == sum(charge["amount"] for charge in payer.charges) * 10_000
    assert verify(payer.account_id).difference is None
    assert table.unresolved(payer.account_id, now_ms()) == []
