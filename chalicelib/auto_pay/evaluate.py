"""Evaluate an account: read its current state, decide, write the result, and queue the payment of a refill.

`evaluate_account` is the entry point; the functions below it are its steps, in order.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib import clock, metrics
from chalicelib.accounts.tax import tax_of
from chalicelib.auto_pay import table
from chalicelib.auto_pay.auto_pay import AT_ONCE_MS, LIMIT_REACHED, AutoPay, AutoPayBusy, ChargedCard, LastRefusal
from chalicelib.auto_pay.decision import (
    Block,
    Charge,
    Decision,
    Situation,
    Wait,
    build_situation,
    card_to_charge,
    decide,
)
from chalicelib.auto_pay.monthly_limit import note_limit_use
from chalicelib.auto_pay.payment_outcomes import apply_payments, count_declined_default
from chalicelib.auto_pay.reversal_outcomes import apply_reversals, usable_backup
from chalicelib.backoff import pause
from chalicelib.cards.payer import Payer
from chalicelib.cards.table import get_payer
from chalicelib.catalog.catalog import Catalog
from chalicelib.claim import Claim
from chalicelib.ledger.table import read_wallet
from chalicelib.ledger.wallet import Wallet
from chalicelib.log import log
from chalicelib.payments import queue
from chalicelib.payments import table as payments
from chalicelib.payments.new_payment import new_payment
from chalicelib.payments.payment import PREFIX, Payment
from chalicelib.payments.queue import ChargeMessage

ACTOR: Final = "auto-pay"
DESCRIPTION: Final = "Balance added by auto-pay"
ATTEMPTS: Final = 10
"""More than there are writers of one row at once: three streams, the schedule and a person."""

RECHECK_MS: Final = 10 * 60 * 1000
"""When to evaluate again while a payment has not ended, in case the message about its end is lost."""


class Snapshot(msgspec.Struct, frozen=True):
    """An account as it was read: its auto-pay with the results of its payments applied, and the input of the rule.

    `reversed_payments` are those of the last 180 days that were refunded, disputed or warned of.
    """

    payer: Payer
    auto_pay: AutoPay
    payments: Sequence[Payment]
    situation: Situation
    reversed_payments: Sequence[Payment] = ()


def evaluate_account(account_id: str, catalog: Catalog) -> Decision:
    """Evaluate an account's auto-pay once and return the decision.

    The payment of a refill is written together with auto-pay, which then waits for it, before it is put on the charges
    queue. If this is cut off in between, the sweeper finds the payment. It is safe to call this at any time, any number
    of times. Raises AutoPayBusy.
    """
    refill: Payment | None = None
    for attempt in range(ATTEMPTS):
        auto_pay = table.find(account_id)
        if auto_pay is None or auto_pay.is_idle:
            return Wait("disabled")
        if refill and auto_pay.in_flight_payment_id == refill.payment_id:
            return _queue_refill(refill)  # the last write succeeded, only its answer was lost
        snapshot, decision = _decide(load_snapshot(auto_pay, get_payer(account_id), catalog), catalog)
        refill = make_refill(snapshot, decision, catalog) if isinstance(decision, Charge) else None
        updated = next_state(snapshot, decision, refill)
        if updated == auto_pay:
            return decision
        if not _write(auto_pay, updated, refill):
            pause(attempt)
        elif updated.due_at_ms != AT_ONCE_MS:
            _log_change(updated, decision)
            return _queue_refill(refill) if refill else decision
    raise AutoPayBusy(account_id=account_id)


def _write(auto_pay: AutoPay, updated: AutoPay, refill: Payment | None) -> bool:
    """Write the next version of auto-pay; tell whether no other evaluation came first."""
    written = table.write(replace(updated, version=auto_pay.version + 1), over=auto_pay.version, payment=refill)
    if written and updated.suspended_reason and not auto_pay.suspended_reason:
        metrics.count("auto_pay_suspended", account_id=updated.account_id, reason=updated.suspended_reason)
    return written


def _decide(snapshot: Snapshot, catalog: Catalog) -> tuple[Snapshot, Decision]:
    """Decide. If the default was declined and the backup is not charged now, the attempt has failed."""
    decision = decide(snapshot.auto_pay, snapshot.situation)
    if isinstance(decision, Charge) or snapshot.auto_pay.in_flight_payment_id or not snapshot.auto_pay.declined_default:
        return snapshot, decision
    counted = replace(snapshot, auto_pay=count_declined_default(snapshot.auto_pay, catalog.auto_pay))
    return counted, decide(counted.auto_pay, counted.situation)


def load_snapshot(auto_pay: AutoPay, payer: Payer, catalog: Catalog, *, excluding: str | None = None) -> Snapshot:
    """Read the rule's input besides auto-pay, strongly consistent, and apply the results of the payments.

    The payment with the id `excluding` is left out, as if it did not exist.

    The order of the reads matters. Auto-pay was read first: a refill that begins later changes its version. Then the
    payments are read, then the wallet: a payment that ends in between counts twice, and its end causes another
    evaluation. In the other order it would not count at all, and the card would be charged again. Refunds and disputes
    are read last: they are on their payment before the wallet is debited, so their debit is never mistaken for usage.
    """
    now_ms = clock.now_ms()
    found = [each for each in payments.recent(payer.account_id, now_ms) if each.payment_id != excluding]
    found = with_in_flight(found, auto_pay)
    wallet = read_wallet(payer.account_id)
    reversed_ = payments.reversed_since(payer.account_id, now_ms)
    return build_snapshot(auto_pay, payer, wallet, found, reversed_, catalog=catalog, now_ms=now_ms)


def with_in_flight(found: list[Payment], auto_pay: AutoPay) -> list[Payment]:
    """Return recent payments with the one that auto-pay waits for, which is read if it is older."""
    in_flight_id = auto_pay.in_flight_payment_id
    if in_flight_id is None or any(each.payment_id == in_flight_id for each in found):
        return found
    older = payments.find(auto_pay.account_id, in_flight_id)
    return [*found, older] if older else found


def build_snapshot(
    auto_pay: AutoPay,
    payer: Payer,
    wallet: Wallet,
    found: Sequence[Payment],
    reversed_: Sequence[Payment],
    *,
    catalog: Catalog,
    now_ms: int,
) -> Snapshot:
    """Apply the results of payments and their reversals to auto-pay, and build the rule's input."""
    backup = usable_backup(payer, [*reversed_, *found], catalog.disputes, now_ms)
    updated = apply_payments(auto_pay, found, payer.card, catalog.auto_pay, backup=backup)
    updated = apply_reversals(updated, reversed_, found, now_ms, card=payer.card, policy=catalog.disputes)
    situation = build_situation(updated, payer=payer, wallet=wallet, payments=found, catalog=catalog, now_ms=now_ms)
    return Snapshot(payer, updated, found, replace(situation, backup=backup), reversed_)


def make_refill(snapshot: Snapshot, charge: Charge, catalog: Catalog) -> Payment:
    """Make the payment of a charge.

    It is written together with the next version of auto-pay, so one version makes at most one payment.
    """
    now_ms = snapshot.situation.now_ms
    payer = replace(snapshot.payer, card=card_to_charge(snapshot.auto_pay, snapshot.situation))
    number = sha256(f"{payer.account_id}/{snapshot.auto_pay.version}".encode()).hexdigest()[:20]
    return new_payment(
        payer,
        Claim(f"{PREFIX}{now_ms:012x}{number}", now_ms),
        kind="auto_pay",
        amount_micros=charge.amount_micros,
        actor=ACTOR,
        description=DESCRIPTION,
        off_session=True,
        tax=tax_of(payer.account, catalog),
        fee=catalog.connect,
    )


def next_state(snapshot: Snapshot, decision: Decision, refill: Payment | None) -> AutoPay:
    """Return auto-pay as it is after a decision."""
    now_ms = snapshot.situation.now_ms
    auto_pay = note_limit_use(snapshot.auto_pay, decision, snapshot.situation)
    if refill is not None and snapshot.payer.card is not None:
        card = ChargedCard(snapshot.payer.card.payment_method_id, snapshot.payer.card.fingerprint)
        auto_pay = replace(auto_pay, in_flight_payment_id=refill.payment_id, charged_card=card)
    is_newly_blocked = isinstance(decision, Block) and not auto_pay.suspended_reason
    if isinstance(decision, Block | Wait) and (is_newly_blocked or decision.reason == LIMIT_REACHED):
        auto_pay = replace(auto_pay, last_refusal=_last_refusal(auto_pay.last_refusal, decision.reason, now_ms))
    return replace(auto_pay, due_at_ms=_due_at_ms(auto_pay, decision, now_ms))


def _last_refusal(last: LastRefusal | None, reason: str, now_ms: int) -> LastRefusal:
    """Return the refusal to keep: the first of several in a row with the same reason."""
    return last if last and last.reason == reason else LastRefusal(reason, now_ms)


def _due_at_ms(auto_pay: AutoPay, decision: Decision, now_ms: int) -> int | None:
    """Return when to evaluate again: when the rule says so, or within RECHECK_MS while a payment has not ended.

    An account leaves the schedule in two steps. Between our read and our write, another evaluation may have read newer
    data, and written nothing because it found the account scheduled. So the account becomes due at once first, and only
    an evaluation that begins after that takes it off the schedule.
    """
    until_ms = decision.until_ms if isinstance(decision, Wait) else None
    if auto_pay.in_flight_payment_id is None and (until_ms or decision != Wait("pending_payment_covers")):
        leaves_schedule = until_ms is None and auto_pay.due_at_ms not in {None, AT_ONCE_MS}
        return AT_ONCE_MS if leaves_schedule else until_ms
    is_scheduled = auto_pay.due_at_ms is not None and now_ms < auto_pay.due_at_ms <= now_ms + RECHECK_MS
    return auto_pay.due_at_ms if is_scheduled else now_ms + RECHECK_MS


def _queue_refill(payment: Payment) -> Charge:
    queue.send(ChargeMessage(payment.account_id, payment.payment_id))
    return Charge(payment.amount_micros)


def _log_change(auto_pay: AutoPay, decision: Decision) -> None:
    log().info(
        "auto-pay changed",
        account_id=auto_pay.account_id,
        payment_id=auto_pay.in_flight_payment_id,
        failures=auto_pay.failures,
        suspended_reason=auto_pay.suspended_reason,
        **msgspec.to_builtins(decision),
    )
