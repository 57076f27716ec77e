"""Accounts that leave traces of a person everywhere, and what of them is left."""

from collections.abc import Callable

from click.testing import CliRunner, Result
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import BillingDetails
from chalicelib.accounts.table import AccountRow
from chalicelib.activity import table as activity
from chalicelib.activity.entry import Entry, FieldChange
from chalicelib.budgets import table as budgets
from chalicelib.budgets.budget import Budgets
from chalicelib.catalog.catalog import catalog
from chalicelib.history.adjust import AdjustmentRequest, adjust
from chalicelib.idempotency import Key
from chalicelib.invoices import archive
from chalicelib.invoices.issue import issue_for
from chalicelib.notices import table as notices
from chalicelib.notices.choice import Choice
from chalicelib.portal import table as sessions
from chalicelib.portal.invitation import Invitation
from chalicelib.portal.invitation_table import put_new
from chalicelib.portal.session import Session
from chalicelib.text import Line
from ops.__main__ import ops
from ops.forgetting.forget_account import plan
from tests.filled import filled
from tests.payments.payer import Payer

NewPayer = Callable[..., Payer]


def forget(account_id: str, *options: str, typed: str = "") -> Result:
    return CliRunner().invoke(ops, ["forget", account_id, *options], input=typed)


def leave_traces(payer: Payer) -> Payer:
    """Let an account have personal data everywhere, and nothing open."""
    account_id, now_ms = payer.account_id, clock.now_ms()
    details = BillingDetails(name="Jane Doe", address=["1 Main St"], email="jane@doe.example")
    assert accounts.change(replace(payer.account(), billing_details=details, name="Jane Doe", country="US"))
    payer.top_up()
    issue_for(account_id, payer.payment().payment_id, catalog())
    debit = AdjustmentRequest("debit", "25", Line("Paid out to Jane Doe"))
    adjust(payer.account(), debit, key=Key("pay-out", "operator"), actor="operator")
    assert notices.put_choice(account_id, Choice(["jane@doe.example"], version=1))
    assert budgets.write(filled(Budgets, account_id=account_id, budgets=(), version=1), over=0)
    put_new(filled(Invitation, account_id=account_id, number=1, sent_to="jane@doe.example", workspace_id=None))
    session = filled(Session, account_id=account_id, session_id=f"session-{account_id}", expires_at_ms=now_ms + 10**6)
    sessions.put(session)
    archive.keep_statement(account_id, "2026-10", b"%PDF Jane Doe")
    archive.keep_statement(account_id, "2026-10", b"%PDF Jane Doe again")
    changes = (FieldChange("email", "old@doe.example", "jane@doe.example"), FieldChange("standing", None, "active"))
    fields = {"account_id": account_id, "at_ms": now_ms, "changes": changes}
    activity.put_new(Entry(entry_id="1#account#1", kind="account", actor="Jane Doe", **fields))  # type: ignore[arg-type]
    activity.put_new(Entry(entry_id="2#card#1", kind="card", actor="operator:Al", **fields))  # type: ignore[arg-type]
    return payer


def traces(account_id: str) -> list[str]:
    """Return where something of Jane is left, of what is to go."""
    found = [each for each, count in plan(account_id).counts.items() if count]
    row = AccountRow.get(account_id)
    return found + (["row"] if "doe" in str(row.values()).lower() else [])
