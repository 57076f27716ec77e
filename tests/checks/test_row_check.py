"""What the ledger has of payments and refunds, against rows that change while a wallet is verified."""

from chalicelib.checks.row_check import RowCheck
from chalicelib.ledger.page_table import read_pages
from chalicelib.ledger.read_page import transactions_of
from chalicelib.ledger.transaction import Transaction
from chalicelib.ledger.wallet import END_OF_TIME_MS
from tests.payments.payer import Payer
from tests.reversals.refunder import refund_payment


def posted(payer: Payer) -> list[Transaction]:
    return [each for page in read_pages(payer.account_id, 0, END_OF_TIME_MS) for each in transactions_of(page)]


def test_a_refund_that_comes_while_a_wallet_is_verified_is_no_difference(paid: Payer) -> None:
    refund_payment(paid, "1", key="first")
    rows = RowCheck(paid.account_id)
    assert [rows.difference(each) for each in posted(paid)] == [None, None]
    refund_payment(paid, "2", key="second")
    assert [rows.difference(each) for each in posted(paid)] == [None, None, None]
