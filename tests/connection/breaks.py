"""Clients of a workspace with something open, for a break to meet."""

from chalicelib.accounts import table as accounts
from chalicelib.idempotency import Key
from chalicelib.reversals import table as reversals
from chalicelib.reversals.issue_refund import RefundRequest, refund
from chalicelib.reversals.refund import Refund
from chalicelib.reversals.reversal import Reversals
from chalicelib.text import Line
from local.stripe_emulator.client import Emulator
from tests.connection.owner import Owner
from tests.payments.payer import Payer

CREATE = "/v1/payment_intents"


def charged_without_answer(owner: Owner, emulator: Emulator) -> Payer:
    """Return a client whose card was charged, and whose payment is still open here."""
    owner.connect()
    client = owner.new_client()
    emulator.fault("500_after_effect", method="POST", path=CREATE, times=2)
    client.top_up()
    emulator.clear_faults()
    client.assert_charged_but_not_credited()
    return client


def refund_of(client: Payer, amount: str = "10") -> Refund:
    request, key = RefundRequest(reason=Line("asked for"), amount=amount), Key("refund-1", "operator")
    return refund(accounts.get(client.account_id), client.payment().payment_id, request, key=key, actor="operator")


def reversals_of(client: Payer) -> Reversals:
    return reversals.read(client.payment())
