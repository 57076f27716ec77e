"""Refill a wallet: look at an account as it is now, decide, and write what follows from it."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import msgspec
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.accounts.tax import tax_of
from chalicelib.auto_pay import table
from chalicelib.auto_pay.auto_pay import AT_ONCE_MS, AutoPay, AutoPayBusy, ChargedCard, LastRefusal
from chalicelib.auto_pay.decision import Charge, Decision, Refuse, Situation, Wait, decide, situation_of
from chalicelib.auto_pay.payment_outcomes import follow
from chalicelib.auto_pay.reversal_outcomes import follow_reversals
from chalicelib.catalog.catalog import Catalog
from chalicelib.idempotency import Claim
from chalicelib.ledger.post import pause
from chalicelib.ledger.table import read_wallet
from chalicelib.log import log
from chalicelib.payments import queue
from chalicelib.payments import table as payments
from chalicelib.payments.new_payment import new_payment
from chalicelib.payments.payment import PREFIX, Payment
from chalicelib.payments.queue import ChargeMessage

ACTOR: Final = "auto-pay"
DESCRIPTION: Final = "Balance added by auto-pay"
RACES: Final = 10
"""Writers of one row at once: three streams, the schedule and a person."""

LOOK_AGAIN_MS: Final = 10 * 60 * 1000
"""When to look at a refill in flight, or at another payment that is awaited, if nobody has told of its end."""


class Seen(msgspec.Struct, frozen=True):
    """An account as it was read: its auto-pay with all that has become of payments, and what the rule is told."""

    account: Account
    auto_pay: AutoPay
    payments: Sequence[Payment]
    situation: Situation


def consider(account_id: str, catalog: Catalog) -> Decision:
    """Look at an account and move its auto-pay one step on; return what was decided.

    The payment is on its row, with auto-pay waiting for it, before it goes onto the charges queue. Cut off in between,
    the payments' sweeper finds it. Anybody may call this at any time, any number of times. Raises AutoPayBusy.
    """
    tried: Payment | None = None
    for attempt in range(RACES):
        auto_pay = table.find(account_id)
        if auto_pay is None or auto_pay.at_rest:
            return Wait("disabled")
        if tried and auto_pay.in_flight_payment_id == tried.payment_id:
            return _sent(tried)  # the write was done, only its answer was lost
        seen = look(auto_pay, accounts.get(account_id), catalog)
        decision = decide(seen.auto_pay, seen.situation)
        tried = payment_of(seen, decision, catalog) if isinstance(decision, Charge) else None
        wanted = after(seen, decision, tried)
        if wanted == auto_pay:
            return decision
        if not table.write(replace(wanted, version=auto_pay.version + 1), over=auto_pay.version, payment=tried):
            pause(attempt)
        elif wanted.due_at_ms != AT_ONCE_MS:
            _log(wanted, decision)
            return _sent(tried) if tried else decision
    raise AutoPayBusy(account_id)


def look(auto_pay: AutoPay, account: Account, catalog: Catalog, *, without: str | None = None) -> Seen:
    """Read what the rule needs besides auto-pay, strongly consistent, and account for what became of payments.

    A payment that it is to be seen `without` is left out.

    Auto-pay was read first: a refill that begins after that moves its version. Then come the payments, then the wallet:
    a payment that ends in between is counted twice, and its end is looked at again, rather than missed and paid again.
    What went back comes last: it is on its payment before the wallet is debited, so no debit is taken for usage.
    """
    now_ms = clock.now_ms()
    found = [each for each in payments.recent(account.account_id, now_ms) if each.payment_id != without]
    awaited = auto_pay.in_flight_payment_id
    if awaited and all(each.payment_id != awaited for each in found):
        older = payments.find(account.account_id, awaited)
        found += [older] if older else []
    wallet = read_wallet(account.account_id)
    reversed_ = payments.reversed_since(account.account_id, now_ms)
    followed = follow(auto_pay, found, account.card, catalog.auto_pay)
    followed = follow_reversals(followed, reversed_, found, now_ms, card=account.card, policy=catalog.disputes)
    situation = situation_of(followed, account=account, wallet=wallet, payments=found, catalog=catalog, now_ms=now_ms)
    return Seen(account, followed, found, situation)


def after(seen: Seen, decision: Decision, payment: Payment | None) -> AutoPay:
    """Return auto-pay as it is after a decision. Pure."""
    auto_pay, now_ms = seen.auto_pay, seen.situation.now_ms
    if payment is not None and seen.account.card is not None:
        card = ChargedCard(seen.account.card.payment_method_id, seen.account.card.fingerprint)
        auto_pay = replace(auto_pay, in_flight_payment_id=payment.payment_id, charged_card=card)
    refused = isinstance(decision, Refuse) and not auto_pay.suspended_reason
    if isinstance(decision, Refuse | Wait) and (refused or decision.reason == "monthly_limit_reached"):
        auto_pay = replace(auto_pay, last_refusal=_refusal(auto_pay.last_refusal, decision.reason, now_ms))
    return replace(auto_pay, due_at_ms=_due_at_ms(auto_pay, decision, now_ms))


def _refusal(last: LastRefusal | None, reason: str, now_ms: int) -> LastRefusal:
    """Return the refusal to keep: of several in a row with one reason, the first."""
    return last if last and last.reason == reason else LastRefusal(reason, now_ms)


def _due_at_ms(auto_pay: AutoPay, decision: Decision, now_ms: int) -> int | None:
    """Return when to look again by itself: when the rule says so, or in a while where an end is awaited.

    An account leaves the schedule in two steps, for what was seen may be older than the write, and whoever has seen
    what came since may have found the account scheduled, and left it so. First it is due at once; only a look that
    begins after that takes it off. Whoever sees newer things meanwhile finds it scheduled otherwise than it should be.
    """
    until_ms = decision.until_ms if isinstance(decision, Wait) else None
    if auto_pay.in_flight_payment_id is None and (until_ms or decision != Wait("pending_payment_covers")):
        leaves = until_ms is None and auto_pay.due_at_ms not in {None, AT_ONCE_MS}
        return AT_ONCE_MS if leaves else until_ms
    waits = auto_pay.due_at_ms is not None and now_ms < auto_pay.due_at_ms <= now_ms + LOOK_AGAIN_MS
    return auto_pay.due_at_ms if waits else now_ms + LOOK_AGAIN_MS


def payment_of(seen: Seen, charge: Charge, catalog: Catalog) -> Payment:
    """Make the payment of a charge. Its id is made of the version that it is decided on: one version, one payment."""
    account, moment_ms = seen.account, seen.situation.now_ms
    attempt = sha256(f"{account.account_id}/{seen.auto_pay.version}".encode()).hexdigest()[:20]
    claim = Claim(f"{PREFIX}{moment_ms:012x}{attempt}", moment_ms)
    tax = tax_of(account, catalog)
    return new_payment(
        account,
        claim,
        kind="auto_pay",
        amount_micros=charge.amount_micros,
        actor=ACTOR,
        description=DESCRIPTION,
        off_session=True,
        tax=tax,
    )


def _sent(payment: Payment) -> Charge:
    queue.send(ChargeMessage(payment.account_id, payment.payment_id))
    return Charge(payment.amount_micros)


def _log(auto_pay: AutoPay, decision: Decision) -> None:
    log().info(
        "auto-pay moved on",
        account_id=auto_pay.account_id,
        payment_id=auto_pay.in_flight_payment_id,
        failures=auto_pay.failures,
        suspended_reason=auto_pay.suspended_reason,
        **msgspec.to_builtins(decision),
    )
