"""Statements as the API shows them. Pure."""

from typing import Final, Literal

import msgspec

from chalicelib.base_url import public_base_url
from chalicelib.clock import iso
from chalicelib.ledger.posting import CREDIT, DEBIT, Direction
from chalicelib.money import format_amount, format_micros
from chalicelib.statements.month_statement import MonthStatement, StatementLine

URL: Final = "/v1/accounts/{account_id}/statements/{month}"


class StatementLineView(msgspec.Struct):
    """All usage of a meter, with its quantity, or all other transactions of one kind."""

    kind: str
    meter: str | None
    quantity: str | None
    count: int
    amount: str


class StatementSideView(msgspec.Struct):
    """The credits or the debits of the month, and their total."""

    total: str
    lines: list[StatementLineView]


class CardPaymentsView(msgspec.Struct):
    """The payments of the subscription, which were charged to the card. They are in no balance."""

    count: int
    total: str


class StatementView(msgspec.Struct):
    """A wallet's month in UTC; `end` is not included. The balances may be negative, all other amounts are not.

    `opening_balance` and the credits less the debits are `closing_balance`. While the month is `so_far`, that is the
    balance at `as_of`.
    """

    account_id: str
    month: str
    start: str
    end: str
    state: Literal["so_far", "over"]
    as_of: str
    currency: str
    opening_balance: str
    credits: StatementSideView
    debits: StatementSideView
    closing_balance: str
    card_payments: CardPaymentsView
    pdf: str
    csv: str


def view(statement: MonthStatement) -> StatementView:
    """Present a statement."""
    currency, month = statement.currency, statement.month
    url = public_base_url().api_path(URL, account_id=statement.account_id, month=month.name)
    return StatementView(
        account_id=statement.account_id,
        month=month.name,
        start=iso(month.start_ms),
        end=iso(month.end_ms),
        state="over" if statement.is_over else "so_far",
        as_of=iso(statement.as_of_ms),
        currency=currency,
        opening_balance=format_amount(statement.opening_micros, currency),
        credits=_side(statement, CREDIT),
        debits=_side(statement, DEBIT),
        closing_balance=format_amount(statement.closing_micros, currency),
        card_payments=CardPaymentsView(statement.card.count, format_amount(statement.card.amount_micros, currency)),
        pdf=f"{url}.pdf",
        csv=f"{url}.csv",
    )


def _side(statement: MonthStatement, direction: Direction) -> StatementSideView:
    lines = [_line(each, statement.currency) for each in statement.of(direction)]
    return StatementSideView(format_amount(statement.total(direction), statement.currency), lines)


def _line(line: StatementLine, currency: str) -> StatementLineView:
    return StatementLineView(
        kind=line.kind,
        meter=line.meter,
        quantity=None if line.quantity_micros is None else format_micros(line.quantity_micros),
        count=line.count,
        amount=format_amount(line.amount_micros, currency),
    )
