"""The same statement as JSON, as CSV for programs and for people, and on paper."""

import csv
import io

import pytest
from msgspec.structs import replace

from chalicelib.catalog.catalog import catalog
from chalicelib.clock import parse_iso
from chalicelib.history.spreadsheet import sheet
from chalicelib.ledger.span_totals import Total
from chalicelib.statements.month_statement import MonthStatement, StatementLine, month_named
from chalicelib.statements.statement_csv import COLUMNS, write_statement
from chalicelib.statements.statement_pdf import DrawnStatement
from chalicelib.statements.view import view
from tests.invoices.documents import BUYER, SELLER
from tests.invoices.paper import Paper, read

STATEMENT = MonthStatement(
    account_id="acme",
    month=month_named("2026-11"),
    currency="usd",
    as_of_ms=parse_iso("2026-12-05T10:00:00.000Z"),
    opening_micros=-12_500_000,
    lines=(
        StatementLine("credit", "top_up", 3, 150_000_000),
        StatementLine("debit", "usage", 1240, 24_812_300, "sms", 1_240_000_000),
        StatementLine("debit", "usage", 1, 100, "a_meter_that_is_not_sold_any_more" * 6, 1_000_000),
        StatementLine("debit", "refund", 1, 5_000_000),
    ),
    closing_micros=107_687_600,
    card=Total(2, 98_000_000),
)


@pytest.mark.usefixtures("memory")
def test_json_has_exact_amounts_and_leads_to_the_files() -> None:
    shown = view(STATEMENT)
    assert (shown.opening_balance, shown.credits.total, shown.debits.total) == ("-12.50", "150.00", "29.8124")
    assert (shown.closing_balance, shown.card_payments.total, shown.state) == ("107.6876", "98.00", "over")
    assert (shown.debits.lines[0].meter, shown.debits.lines[0].quantity) == ("sms", "1240")
    assert shown.pdf == "/v1/accounts/acme/statements/2026-11.pdf"
    assert view(replace(STATEMENT, as_of_ms=parse_iso("2026-11-30T23:59:59.999Z"))).state == "so_far"


def test_csv_leads_from_the_first_row_to_the_last() -> None:
    rows = list(csv.DictReader(io.StringIO(write_statement(STATEMENT, None))))
    assert [each["type"] for each in rows] == [
        "opening_balance",
        "credit",
        "debit",
        "debit",
        "debit",
        "closing_balance",
    ]
    signs = {"opening_balance": 1, "credit": 1, "debit": -1, "closing_balance": 0}
    assert sum(signs[each["type"]] * round(float(each["amount"]) * 10**6) for each in rows) == 107_687_600
    assert rows[2] == dict(
        zip(COLUMNS, ("2026-11", "debit", "usage", "sms", "1240", "1240", "24.8123", "usd"), strict=True)
    )


def test_a_german_spreadsheet_can_sum_it() -> None:
    header, first, *_ = write_statement(STATEMENT, sheet("de-DE")).splitlines()
    assert header.startswith('\ufeff"Monat (UTC)";')
    assert first == '"2026-11";"opening_balance";"";"";"";"";"-12,50";"usd"'


def drawn(locale: str, statement: MonthStatement = STATEMENT) -> bytes:
    found = DrawnStatement(statement, catalog().meters, seller=SELLER, buyer=BUYER, logo=None, locale=locale)
    return found.draw()


def said(pages: list[Paper]) -> str:
    return "\n".join(row.says for page in pages for row in page.rows)


def test_the_same_figures_of_the_same_day_give_the_same_bytes() -> None:
    later = replace(STATEMENT, as_of_ms=STATEMENT.as_of_ms + 3_600_000)
    assert drawn("en") == drawn("en", later)


@pytest.mark.parametrize(
    ("locale", "texts"),
    [
        ("en", ("Statement", "November2026", "Openingbalance", "-$12.50", "1,240messages", "$107.6876", "(2payments)")),
        ("de", ("Kontoauszug", "Anfangsguthaben", "-12,50", "1.240Nachrichten", "Erstattung", "(2Zahlungen)")),
        ("ja", ("明細書", "2026年11月")),
    ],
)
def test_the_paper_is_in_the_language_and_nothing_overlaps(locale: str, texts: tuple[str, ...]) -> None:
    large = replace(STATEMENT, opening_micros=10**40, closing_micros=10**40 + 120_187_600)
    for statement in (STATEMENT, large):
        pages = read(drawn(locale, statement))
        for page in pages:
            for place, row in enumerate(page.rows):
                assert row.box.left >= 0
                assert row.box.right <= page.width
                assert not any(row.box.overlaps(other.box, 0.5) for other in page.rows[place + 1 :]), row
    whole = said(read(drawn(locale)))
    assert [text for text in texts if text not in whole] == []
