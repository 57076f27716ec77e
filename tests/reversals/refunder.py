"""What happens to a payer's money after it was paid: refunds, disputes, and the events about them."""

import json
from itertools import count

from msgspec.structs import replace

from chalicelib import clock
from chalicelib.claim import Claim
from chalicelib.idempotency import Key, new_id
from chalicelib.ledger import statement
from chalicelib.ledger.transaction import Transaction
from chalicelib.ledger.verify import verify
from chalicelib.money import parse_micros
from chalicelib.payments import table
from chalicelib.payments.new_payment import new_payment
from chalicelib.payments.payment import PREFIX, Kind, Payment
from chalicelib.payments.resolve import charge
from chalicelib.reversals import table as reversals_table
from chalicelib.reversals.dispute import Dispute
from chalicelib.reversals.issue_refund import RefundRequest, refund
from chalicelib.reversals.refund import Refund
from chalicelib.reversals.resolve import check_again
from chalicelib.reversals.reversal import Reversals
from chalicelib.reversals.table import DueReversal
from chalicelib.stripe_api.event import Verdict
from chalicelib.text import Line
from local.stripe_emulator.client import Emulator
from tests.payments.payer import Json, Payer, deliver

REFUNDS = "/v1/refunds"
UNIT = 1_000_000
_copies = count(1)


def refund_payment(payer: Payer, amount: str | None = None, key: str = "refund-1", reason: str = "goodwill") -> Refund:
    """Refund the payer's only payment, as the operator."""
    request = RefundRequest(reason=Line(reason), amount=amount)
    return refund(payer.account(), payer.payment().payment_id, request, key=Key(key, "operator"), actor="operator")


def pay(payer: Payer, amount: str, kind: Kind = "top_up") -> Payment:
    """Charge the payer's card without the catalog: in any currency, for anything."""
    now_ms = clock.now_ms()
    claim = Claim(new_id(PREFIX, now_ms), now_ms)
    made = new_payment(
        payer.load(),
        claim,
        kind="top_up",
        description="Balance added by card",
        amount_micros=parse_micros(amount),
        actor="tester",
    )
    return charge(table.put_new(replace(made, kind=kind))[0]).payment


def reversals(payer: Payer) -> Reversals:
    """Return what became of the payer's only payment."""
    return reversals_table.read(payer.payment())


def only_refund(payer: Payer) -> Refund:
    (only,) = reversals(payer).refunds
    return only


def only_dispute(payer: Payer) -> Dispute:
    (only,) = reversals(payer).disputes
    return only


def events(payer: Payer, *types: str) -> list[Json]:
    """Return Stripe's events about what became of the payer's payments, oldest first; of some types, or all."""
    about = {charge["id"] for charge in payer.charges}
    found = [event for event in payer.emulator.events() if about & _ids(event)]
    return [
        {name: value for name, value in event.items() if name != "account"}
        for event in found
        if event["type"].startswith(types or ("refund.", "charge.", "radar.")) and event["type"] != "charge.succeeded"
    ]


def _ids(event: Json) -> set[str]:
    found = event["data"]["object"]
    return {str(found.get(name)) for name in ("id", "charge", "latest_charge")}


def tell(payer: Payer, *types: str) -> list[Verdict]:
    """Deliver Stripe's events of some types (or all), each under an id of its own, as a delivery that was never had."""
    return [deliver({**event, "id": f"{event['id']}_{next(_copies)}"}) for event in events(payer, *types)]


def tell_one(event: Json) -> Verdict:
    """Deliver one event under an id of its own."""
    return deliver({**event, "id": f"{event['id']}_{next(_copies)}"})


def sweep_all(payer: Payer) -> None:
    """Let the sweeper come to all refunds and disputes of the payer's only payment."""
    seen = reversals(payer)
    payment = seen.payment
    for each in seen.refunds:
        check_again(DueReversal(payment.account_id, payment.payment_id, "refund", each.refund_id))
    for dispute in seen.disputes:
        check_again(DueReversal(payment.account_id, payment.payment_id, "dispute", dispute.dispute_id))


def moves(payer: Payer) -> list[Transaction]:
    """Return what refunds and disputes did to the wallet, in the order in which it was posted."""
    found = statement.read_history(payer.account_id, limit=100).transactions
    return sorted(
        (each for each in found if each.identity.source in {"/refunds", "/disputes"}), key=lambda each: each.sequence
    )


def kinds(payer: Payer) -> list[tuple[str, int]]:
    """Return the kinds and signed amounts (in whole units of money) of what refunds and disputes did."""
    return [(each.content.kind, each.leg.signed_micros // UNIT) for each in moves(payer)]


def stripes_refunds(emulator: Emulator, payer: Payer) -> list[Json]:
    """Return the refunds that Stripe made for the payer."""
    return [each for each in emulator.objects("refund") if each["charge"] in json.dumps(payer.charges)]


def assert_sound(payer: Payer) -> None:
    """Check the ledger, and that nothing that is decided is left unposted."""
    assert verify(payer.account_id).difference is None
    for payment in table.newest(payer.account_id, limit=100).payments:
        assert reversals_table.read(payment).postings() == []


def assert_refunded_once(payer: Payer, amount: int = 25) -> None:
    """Check that one refund is at Stripe, on one row, and debited once."""
    (made,) = stripes_refunds(payer.emulator, payer)
    assert made["amount"] == amount * 100
    found = only_refund(payer)
    assert (found.state, found.stripe_refund_id) == ("succeeded", made["id"])
    assert kinds(payer) == [("refund", -amount)]
    assert payer.balance_micros == (25 - amount) * UNIT
    assert payer.payment().refunded_micros == amount * UNIT
    assert payer.payment().state == "succeeded"
    assert_sound(payer)


def dispute(payer: Payer, outcome: str = "", amount: int | None = None) -> None:
    found = payer.emulator.open_dispute(payer.charges[0]["id"], amount=amount)
    if outcome:
        payer.emulator.close_dispute(found["id"], "win" if outcome == "win" else "lose")
