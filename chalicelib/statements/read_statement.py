"""Make the statement of a month from the ledger's totals."""

from typing import Final

from chalicelib import clock
from chalicelib.accounts.account import Account
from chalicelib.backoff import attempts
from chalicelib.ledger.page_table import read_non_usage_pages
from chalicelib.ledger.span_totals import Total, sum_span
from chalicelib.ledger.table import read_days, read_wallet
from chalicelib.payments.newest_of_kind import read_portions
from chalicelib.payments.place import placed_ms
from chalicelib.statements.month_statement import Month, MonthStatement, StatementBusy, lines_of
from chalicelib.threads import side_by_side

FIRST_DAY: Final = "0"
LAST_DAY: Final = "9999-12-31"
ATTEMPTS: Final = 8
"""About two seconds: how long the index of pages may be behind the wallet, or a wallet move between two reads."""


class WalletMismatch(Exception):
    """A wallet that does not move has another balance than its transactions: its ledger is damaged."""


def read_statement(account: Account, month: Month) -> MonthStatement:
    """Return a wallet's month, from its first day to its last, or to now. Raises StatementBusy, WalletMismatch.

    The wallet, its days and its pages are read at the same time, but not at one moment. They belong together if what
    ever moved the wallet gives its balance; then the balances of the month are right, too.
    """
    account_id, sequences = account.account_id, []
    for _ in attempts(ATTEMPTS):
        as_of_ms = clock.now_ms()
        days, pages, wallet, card = side_by_side(
            lambda: read_days(account_id, FIRST_DAY, LAST_DAY),
            lambda: list(read_non_usage_pages(account_id)),
            lambda: read_wallet(account_id),
            lambda: _sum_card_payments(account_id, month),
        )
        totals = sum_span(days, pages, from_ms=month.start_ms, to_ms=month.end_ms)
        if totals.balance_micros == wallet.balance_micros:
            return MonthStatement(
                account_id=account_id,
                month=month,
                currency=account.currency,
                as_of_ms=as_of_ms,
                opening_micros=totals.opening_micros,
                lines=lines_of(totals),
                closing_micros=totals.closing_micros,
                card=card,
            )
        sequences.append(wallet.sequence)
    if len(set(sequences)) == 1:
        raise WalletMismatch(f"the wallet of {account_id!r} has another balance than its transactions; verify it")
    raise StatementBusy(account_id=account_id)


def _sum_card_payments(account_id: str, month: Month) -> Total:
    """Sum the payments of the subscription that have succeeded, by the time at which the history shows them."""
    total = Total()
    for portion in read_portions(account_id, "subscription", from_ms=month.start_ms, to_ms=month.end_ms - 1):
        for payment in portion.payments:
            if payment.state == "succeeded" and month.start_ms <= placed_ms(payment) < month.end_ms:
                total.add(payment.amount_micros)
    return total
