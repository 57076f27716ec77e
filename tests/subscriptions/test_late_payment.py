"""Money that moves after its payment was given up: it brings what it was for, goes back by itself, or is parked."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from chalicelib.catalog.catalog import Catalog, catalog
from chalicelib.catalog.policies import PaymentPolicy
from chalicelib.clock import now_ms
from chalicelib.errors import Refusal
from chalicelib.idempotency import Key
from chalicelib.payments import table as payments
from chalicelib.payments import unresolved_index
from chalicelib.payments.lifecycle import Outcome, advance, with_late_decision
from chalicelib.payments.payment import LateDecision, Payment
from chalicelib.recovery.sweep import sweep
from chalicelib.reversals import table as reversals
from chalicelib.reversals.issue_refund import RefundRequest, refund
from chalicelib.reversals.refund import Refund
from chalicelib.subscriptions.decide_late_payment import ACTOR, decide_late_payment
from chalicelib.text import Line
from local.stripe_emulator.client import PUBLISHABLE_KEY, Emulator
from ops.__main__ import ops
from tests.payments.build import payment
from tests.reversals.refunder import stripes_refunds, tell
from tests.subscriptions.world import RenewalWorld, Subscriber
from tests.wire import cut_off, cut_points

NewSubscriber = Callable[..., Subscriber]
AGENCY, STARTER = 97_000_000, 49_000_000


def parking() -> Catalog:
    return replace(catalog(), payments=PaymentPolicy("park"))


def failed_change(subscriber: Subscriber) -> Payment:
    """Fail the bank's challenge of a first subscription; return its payment, which the page can still confirm."""
    subscriber.save_card("pm_card_authenticationRequired")
    found = subscriber.put("agency").resolved
    assert found
    subscriber.emulator.authenticate(str(found.payment.payment_intent_id), "fail")
    subscriber.deliver("payment_intent.payment_failed")
    subscriber.advance()
    assert subscriber.payment().state == "failed"
    return subscriber.payment()


def pay_in_the_browser(subscriber: Subscriber, failed: Payment) -> Payment:
    """Confirm a failed payment again with its client secret, and let its webhook come."""
    (intent,) = [
        each for each in subscriber.emulator.objects("payment_intent") if each["id"] == failed.payment_intent_id
    ]
    params: Any = {
        "client_secret": intent["client_secret"],
        "payment_method": "pm_card_visa",
        "return_url": "https://a.example/",
    }
    subscriber.emulator.stripe_client(PUBLISHABLE_KEY).v1.payment_intents.confirm(intent["id"], params)
    subscriber.deliver("payment_intent.succeeded")
    return payments.get(failed.account_id, failed.payment_id)


def paid_twice(subscriber: Subscriber) -> Payment:
    """Return a payment that succeeded after it had been given up, and after another one was made for the same."""
    failed = failed_change(subscriber)
    subscriber.save_card()
    subscriber.put("agency")
    late = pay_in_the_browser(subscriber, failed)
    assert (late.state, late.late) == ("succeeded", "undecided")
    return late


def decide(late: Payment, sold: Catalog | None = None) -> LateDecision | None:
    return decide_late_payment(late.account_id, late.payment_id, sold or catalog()).late


def refunds_of(late: Payment) -> tuple[Refund, ...]:
    return reversals.read(payments.get(late.account_id, late.payment_id)).refunds


def assert_given_back_once(subscriber: Subscriber, late: Payment) -> None:
    """Check that one refund of all of it is at Stripe and on its row, with a reason and an actor that say so."""
    (made,) = stripes_refunds(subscriber.emulator, subscriber)
    (found,) = refunds_of(late)
    assert (made["amount"], made["payment_intent"]) == (late.amount_micros // 10_000, late.payment_intent_id)
    assert (found.state, found.actor, found.amount_micros) == ("succeeded", ACTOR, late.amount_micros)
    assert "not needed" in found.reason
    now = payments.get(late.account_id, late.payment_id)
    assert (now.late, now.is_final, now.refunded_micros) == ("refunded", True, late.amount_micros)
    assert subscriber.subscription.terms.contents.plan == "agency"
    assert subscriber.balance_micros == 0


def test_money_that_nobody_waits_for_goes_back_by_itself(subscriber: Subscriber, world: RenewalWorld) -> None:
    late = paid_twice(subscriber)
    world.run()
    assert_given_back_once(subscriber, late)
    world.run()
    world.again()
    assert_given_back_once(subscriber, late)


def test_money_that_is_still_waited_for_brings_what_it_was_for(subscriber: Subscriber, world: RenewalWorld) -> None:
    late = pay_in_the_browser(subscriber, failed_change(subscriber))
    world.run()
    assert subscriber.subscription.paid_payment_id == late.payment_id
    subscriber.save_card()
    subscriber.put("agency", phone_number=20)
    # Another payment has been made since, and the one that came late is not taken for unneeded.
    assert subscriber.subscription.paid_payment_id != late.payment_id
    assert decide(late) == "applied"
    assert stripes_refunds(subscriber.emulator, subscriber) == []
    subscriber.assert_sound()


def test_money_is_decided_on_when_no_stream_told_of_it(subscriber: Subscriber) -> None:
    late = pay_in_the_browser(subscriber, failed_change(subscriber))
    assert unresolved_index.late(now_ms(), 100)[-1] == (late.account_id, late.payment_id)
    assert decide(late) == "applied"
    assert subscriber.subscription.status == "active"
    assert (late.account_id, late.payment_id) not in unresolved_index.late(now_ms(), 100)


@pytest.mark.parametrize("outcome", ["succeed", "fail"])
def test_nothing_is_decided_while_another_payment_for_the_same_is_awaited(
    subscriber: Subscriber, emulator: Emulator, outcome: Any
) -> None:
    failed = failed_change(subscriber)
    waiting = subscriber.put("agency").resolved
    assert waiting
    late = pay_in_the_browser(subscriber, failed)
    assert decide(late) == "undecided"
    assert refunds_of(late) == ()
    emulator.authenticate(str(waiting.payment.payment_intent_id), outcome)
    subscriber.deliver()
    assert decide(late) == "refunded"
    assert len(stripes_refunds(emulator, subscriber)) == 1


def test_with_the_other_policy_it_is_parked_once_and_seen_until_a_person_has_decided(
    subscriber: Subscriber, capsys: pytest.CaptureFixture[str]
) -> None:
    late = paid_twice(subscriber)
    before = sweep(now_ms()).payments_parked
    assert [decide(late, parking()) for _ in range(3)] == ["parked"] * 3
    assert capsys.readouterr().out.count("an unneeded payment is parked") == 1
    assert sweep(now_ms()).payments_parked == before + 1
    assert late.payment_id in CliRunner().invoke(ops, ["parked"]).output
    assert decide(late) == "parked"
    assert refunds_of(late) == ()
    refund(
        subscriber.account(), late.payment_id, RefundRequest(Line("twice")), key=Key("by-hand", "operator"), actor="kim"
    )
    assert sweep(now_ms()).payments_parked == before


def test_a_person_may_keep_what_is_parked(subscriber: Subscriber) -> None:
    late = paid_twice(subscriber)
    keep = ["keep-payment", late.account_id, late.payment_id]
    assert CliRunner().invoke(ops, keep).exit_code == 1
    decide(late, parking())
    assert CliRunner().invoke(ops, keep).exit_code == 0
    assert late.payment_id not in [payment_id for _, payment_id in unresolved_index.parked(100)]
    assert decide(late) == "kept"
    assert CliRunner().invoke(ops, keep).exit_code == 1


def test_what_the_bank_has_taken_back_is_not_refunded_but_parked(subscriber: Subscriber, emulator: Emulator) -> None:
    late = paid_twice(subscriber)
    emulator.open_dispute(str(late.payment_intent_id))
    tell(subscriber, "charge.dispute.created")
    assert decide(late) == "parked"
    assert refunds_of(late) == ()


def test_what_a_person_has_refunded_already_needs_nothing_more(subscriber: Subscriber, emulator: Emulator) -> None:
    late = paid_twice(subscriber)
    refund(
        subscriber.account(), late.payment_id, RefundRequest(Line("twice")), key=Key("by-hand", "operator"), actor="kim"
    )
    assert decide(late) == "refunded"
    assert len(stripes_refunds(emulator, subscriber)) == 1


def test_a_stripe_that_does_not_answer_is_asked_again_with_the_same_key(
    subscriber: Subscriber, emulator: Emulator
) -> None:
    late = paid_twice(subscriber)
    emulator.fault("cut_after_effect", method="POST", path="/v1/refunds", times=0)
    assert decide(late) == "undecided"
    emulator.clear_faults()
    assert decide(late) == "refunded"
    assert_given_back_once(subscriber, late)


def test_all_who_decide_at_once_give_it_back_once(subscriber: Subscriber) -> None:
    late = paid_twice(subscriber)

    def attempt(_: int) -> None:
        try:
            decide(late)
        except Refusal as busy:
            assert busy.status == 503  # noqa: PT017 - what any of them may answer

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(attempt, range(6)))
    decide(late)
    assert_given_back_once(subscriber, late)


@pytest.mark.parametrize("is_needed", [True, False])
def test_deciding_may_be_cut_off_anywhere_and_is_finished_by_the_next(
    new_subscriber: NewSubscriber, emulator: Emulator, is_needed: bool
) -> None:
    def ready() -> tuple[Subscriber, Payment]:
        emulator.reset()
        subscriber = new_subscriber()
        made = pay_in_the_browser(subscriber, failed_change(subscriber)) if is_needed else paid_twice(subscriber)
        return subscriber, made

    _, first = ready()
    for point in cut_points(lambda: decide(first), emulator):
        subscriber, late = ready()
        cut_off(lambda late=late: decide(late), point)  # type: ignore[misc]
        decide(late)
        if is_needed:
            assert payments.get(late.account_id, late.payment_id).late == "applied"
            subscriber.assert_sound()
        else:
            assert_given_back_once(subscriber, late)


@pytest.mark.parametrize(
    ("before", "kind", "late"),
    [
        ("failed", "subscription", "undecided"),
        ("canceled", "subscription", "undecided"),
        ("created", "subscription", None),
        ("processing", "subscription", None),
        ("failed", "top_up", None),
        ("canceled", "auto_pay", None),
    ],
)
def test_only_money_that_is_no_balance_and_comes_late_is_to_be_decided_on(before: Any, kind: Any, late: Any) -> None:
    after = advance(payment(state=before, kind=kind), Outcome("succeeded", "pi_1"))
    assert (after.late, after.is_final) == (late, late is None)
    assert advance(after, Outcome("succeeded", "pi_1")) == after


def test_what_is_decided_stays_decided() -> None:
    decisions: list[LateDecision] = ["applied", "refunded", "parked", "kept"]
    for first in decisions:
        made = with_late_decision(payment(state="succeeded", kind="subscription", late="undecided"), first)
        assert [with_late_decision(made, second).late for second in decisions] == [first] * len(decisions)
