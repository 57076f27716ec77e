"""Writes that a concurrent one comes before, alone and together, and writes that are refused for another reason."""

from collections.abc import Callable

import pytest
from pynamodb.exceptions import CancellationReason, PutError, TransactWriteError, VerboseClientError
from pynamodb.transactions import TransactWrite

from chalicelib.accounts.account import AccountBusy
from chalicelib.accounts.taxes import TaxesBusy
from chalicelib.auto_pay.auto_pay import AutoPayBusy
from chalicelib.budgets.budget import BudgetsBusy
from chalicelib.cards.table import CardsBusy
from chalicelib.clients.change_rebilling import RebillingBusy
from chalicelib.conflicts import conditional_transaction, conditional_write
from chalicelib.connection.refusals import ConnectionBusy
from chalicelib.errors import Busy
from chalicelib.idempotency import IdempotencyRow
from chalicelib.invoices.issue import InvoicesBusy
from chalicelib.invoices.mailing import MailingsBusy
from chalicelib.ledger.post import LedgerBusy, OutOfTime
from chalicelib.moves.refusals import MoveBusy
from chalicelib.notices.change_choice import NoticesBusy
from chalicelib.payments.table import PaymentBusy
from chalicelib.portal.invitation import InvitationsBusy
from chalicelib.statements.month_statement import StatementBusy
from chalicelib.subscriptions.subscription import SubscriptionBusy
from local.resources import Deployment

IS_NEW = IdempotencyRow.idempotency_key.does_not_exist()
TOO_LONG = "x" * 3000
"""Longer than a sort key may be."""


def row(key: str) -> IdempotencyRow:
    return IdempotencyRow("acme", key, operation="test", content_hash="0", resource_id="1", created_at_ms=1)


def save(key: str) -> bool:
    return conditional_write(row(key).save, condition=IS_NEW)


def save_together(*keys: str) -> bool:
    def add_writes(transaction: TransactWrite) -> None:
        for key in keys:
            transaction.save(row(key), condition=IS_NEW)

    return conditional_transaction(add_writes)


def test_the_first_write_is_applied_and_the_second_is_not(stack: Deployment) -> None:
    assert [save("a"), save("a")] == [True, False]


def test_of_writes_that_are_made_together_all_are_applied_or_none(stack: Deployment) -> None:
    assert [save_together("b", "c"), save_together("c", "d"), save("d")] == [True, False, True]


@pytest.mark.parametrize(("write", "refusal"), [(save, PutError), (save_together, TransactWriteError)])
def test_a_write_that_is_refused_for_another_reason_is_raised(
    stack: Deployment, write: Callable[[str], bool], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        write(TOO_LONG)


def test_what_is_raised_while_the_writes_are_collected_is_raised_and_nothing_is_written(stack: Deployment) -> None:
    def add_writes(transaction: TransactWrite) -> None:
        transaction.save(row("e"), condition=IS_NEW)
        raise KeyError("e")

    with pytest.raises(KeyError):
        conditional_transaction(add_writes)
    assert save("e")


NONE, CONDITION, CONFLICT, THROTTLED = "None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError"


def canceled(*codes: str) -> Callable[[], None]:
    """Return a transaction that DynamoDB cancels, with the reason of each item."""

    def write() -> None:
        reasons = [{"Code": code} for code in codes]
        answer = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
        cause = VerboseClientError(answer, "TransactWriteItems", {}, cancellation_reasons=read(codes))
        raise TransactWriteError("canceled", cause)

    return write


def read(codes: tuple[str, ...]) -> list[CancellationReason | None]:
    return [None if code == NONE else CancellationReason(code) for code in codes]


@pytest.mark.parametrize("codes", [(NONE, CONDITION), (CONFLICT, NONE), (CONDITION, CONFLICT)])
def test_a_transaction_that_met_a_concurrent_write_is_not_applied(codes: tuple[str, ...]) -> None:
    assert not conditional_write(canceled(*codes))


@pytest.mark.parametrize("codes", [(THROTTLED, NONE), (CONDITION, THROTTLED), (NONE, NONE), ()])
def test_a_transaction_that_is_canceled_for_anything_else_as_well_is_raised(codes: tuple[str, ...]) -> None:
    with pytest.raises(TransactWriteError):
        conditional_write(canceled(*codes))


BUSY = {
    LedgerBusy: ("ledger-busy", "The wallet is being changed by others"),
    OutOfTime: ("ledger-busy", "The wallet is being changed by others"),
    PaymentBusy: ("payment-busy", "The payment is being changed by others"),
    RebillingBusy: ("rebilling-busy", "The prices are being changed by others"),
    TaxesBusy: ("taxes-busy", "The taxes are being changed by others"),
    InvitationsBusy: ("invitations-busy", "The client is being invited by others"),
    ConnectionBusy: ("connection-busy", "The connection is being changed by others"),
    MoveBusy: ("move-busy", "The client is being changed by others"),
    AccountBusy: ("account-busy", "The account is being changed by others"),
    AutoPayBusy: ("auto-pay-busy", "Auto-pay is being changed by others"),
    BudgetsBusy: ("budgets-busy", "The budgets are being changed by others"),
    CardsBusy: ("cards-busy", "The cards are being changed by others"),
    SubscriptionBusy: ("subscription-busy", "The subscription is being changed by others"),
    InvoicesBusy: ("invoices-busy", "Other documents of the account are being issued"),
    StatementBusy: ("statement-busy", "The wallet is moving right now"),
    MailingsBusy: ("mailings-busy", "Other documents of the account are being mailed"),
    NoticesBusy: ("notices-busy", "The choice of mails is being changed by others"),
}


@pytest.mark.parametrize(("kind", "told"), BUSY.items())
def test_what_is_busy_is_told_in_the_words_of_the_api_and_may_be_tried_again_in_a_second(
    kind: type[Busy], told: tuple[str, str]
) -> None:
    refusal = kind(account_id="acme")
    assert (refusal.type, refusal.title) == told
    assert (refusal.status, refusal.headers, refusal.about) == (503, {"Retry-After": "1"}, {"account_id": "acme"})
    assert refusal.detail.casefold() == f"{refusal.title}; try again".casefold()
    assert kind("no turn came").detail == "no turn came"


def test_every_refusal_of_what_is_busy_is_listed_here() -> None:
    found, left = set[type[Busy]](), [Busy]
    while left:
        more = left.pop().__subclasses__()
        found.update(more)
        left += more
    assert found == BUSY.keys()
