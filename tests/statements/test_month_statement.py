"""What a statement says of a wallet's month, whatever moved the wallet and in whatever order it was posted."""

from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.accounts import table as accounts
from chalicelib.accounts.account import Account
from chalicelib.clock import DAY_MS, moved_to, parse_iso
from chalicelib.ledger.post import post
from chalicelib.ledger.posting import Posting
from chalicelib.ledger.span_totals import Total
from chalicelib.ledger.table import DailyUsageRow, read_wallet
from chalicelib.payments import table as payments
from chalicelib.statements.month_statement import (
    File,
    MonthStatement,
    StatementLine,
    StatementNotFound,
    month_named,
    months_of,
    read_file_name,
    read_month,
)
from chalicelib.statements.read_statement import WalletMismatch, read_statement
from tests.build import account, credit, debit, receipt, unique
from tests.depth import examples
from tests.payments.build import payment
from tests.wire import Wire

pytestmark = pytest.mark.usefixtures("memory")

MADE_MS = parse_iso("2026-08-20T08:00:00.000Z")
NOW = datetime(2026, 10, 20, tzinfo=UTC)
SEPTEMBER = month_named("2026-09")
_numbers = count(1)


def at(day: str, time: str = "12:00:00.000") -> int:
    return parse_iso(f"2026-{day}T{time}Z")


@pytest.fixture
def wallet() -> Account:
    made = replace(account(unique("account")), created_at_ms=MADE_MS)
    assert accounts.create(made)
    return made


def statement_of(account: Account, month: str = "2026-09") -> MonthStatement:
    with moved_to(NOW):
        return read_statement(account, month_named(month))


def moved(account: Account, day: str, **changes: object) -> Posting:
    """Return the posting of a credit."""
    return credit(next(_numbers), account.account_id, occurred_at_ms=at(day), **changes)


def used(account: Account, day: str, time: str = "12:00:00.000", **changes: object) -> Posting:
    return debit(next(_numbers), account.account_id, occurred_at_ms=at(day, time), **changes)


def refund(account: Account, day: str, micros: int) -> Posting:
    return moved(account, day, type="debit", kind="refund", amount_micros=micros)


def test_a_month_leads_from_its_opening_to_its_closing_balance(wallet: Account) -> None:
    post([moved(wallet, "08-21", amount_micros=50_000_000), used(wallet, "08-31", "23:59:59.999")])
    post([moved(wallet, "09-02"), moved(wallet, "09-03", kind="auto_pay"), refund(wallet, "09-04", 10_000_000)])
    post(
        [
            used(wallet, "09-01", "00:00:00.000"),
            used(wallet, "09-30", "23:59:59.999"),
            used(wallet, "09-05", meter="email"),
        ]
    )
    post([used(wallet, "10-01", "00:00:00.000"), moved(wallet, "10-02", kind="adjustment", amount_micros=1)])
    found = statement_of(wallet)
    assert (found.opening_micros, found.closing_micros) == (49_950_000, 89_800_000)
    assert [(each.direction, each.kind, each.meter, each.count, each.amount_micros) for each in found.lines] == [
        ("credit", "auto_pay", None, 1, 25_000_000),
        ("credit", "top_up", None, 1, 25_000_000),
        ("debit", "usage", "sms", 2, 100_000),
        ("debit", "usage", "email", 1, 50_000),
        ("debit", "refund", None, 1, 10_000_000),
    ]
    assert found.lines[2].quantity_micros == 2_000_000
    assert found.is_over


def test_the_months_follow_each_other_and_the_last_ends_with_the_balance(wallet: Account) -> None:
    post([moved(wallet, "08-21"), used(wallet, "08-22"), used(wallet, "09-22"), used(wallet, "10-19")])
    post([used(wallet, "09-10"), moved(wallet, "10-01")])
    august, september, october = (statement_of(wallet, f"2026-{month}") for month in ("08", "09", "10"))
    assert august.opening_micros == 0
    assert (september.opening_micros, october.opening_micros) == (august.closing_micros, september.closing_micros)
    assert october.closing_micros == read_wallet(wallet.account_id).balance_micros
    assert not october.is_over


def test_usage_and_a_credit_in_one_page_are_told_apart_at_the_edge_of_a_month(wallet: Account) -> None:
    one_page = [
        used(wallet, "08-31", "23:59:58.000"),
        credit(next(_numbers), wallet.account_id, occurred_at_ms=at("08-31", "23:59:59.000"), kind="allowance"),
        used(wallet, "09-01", "00:00:01.000"),
        credit(next(_numbers), wallet.account_id, occurred_at_ms=at("09-01", "00:00:02.000"), kind="adjustment"),
    ]
    post(one_page)
    found = statement_of(wallet)
    assert found.opening_micros == 24_950_000
    assert [(each.kind, each.count) for each in found.lines] == [("adjustment", 1), ("usage", 1)]
    assert found.closing_micros == 49_900_000


def test_a_call_counts_by_its_parts_as_the_usage_page_shows_it(wallet: Account) -> None:
    post([receipt(next(_numbers), wallet.account_id, occurred_at_ms=at("09-10"))])
    assert {each.meter: each.amount_micros for each in statement_of(wallet).lines} == {
        "voice_engine_minute": 8_717,
        "llm_minute": 17_433,
        "knowledge_lookup": 0,
        "telephony_minute": 12_203,
    }


def test_a_month_in_which_nothing_happened_carries_the_balance(wallet: Account) -> None:
    post([moved(wallet, "08-21")])
    found = statement_of(wallet)
    assert (found.opening_micros, found.lines, found.closing_micros) == (25_000_000, (), 25_000_000)


def test_the_subscription_is_told_apart_and_moves_no_balance(wallet: Account) -> None:
    for number, (day, kind, state) in enumerate(
        [
            ("08-31", "subscription", "succeeded"),
            ("09-01", "subscription", "succeeded"),
            ("09-30", "subscription", "failed"),
            ("09-02", "top_up", "succeeded"),
            ("10-01", "subscription", "succeeded"),
        ]
    ):
        made = payment(
            account_id=wallet.account_id,
            payment_id=f"pay_{at(day, '00:00:00.000'):012x}{number:020x}",
            created_at_ms=at(day, "00:00:00.000"),
            kind=kind,
            state=state,
        )
        payments.put_new(made)
    found = statement_of(wallet)
    assert (found.card.count, found.closing_micros) == (1, 0)


def test_a_wallet_whose_days_are_damaged_has_no_statement(wallet: Account) -> None:
    post([used(wallet, "09-10")])
    DailyUsageRow(wallet.account_id, "2026-09-10").delete()
    with pytest.raises(WalletMismatch):
        statement_of(wallet)


def test_a_month_of_any_number_of_events_takes_four_calls(wallet: Account) -> None:
    """Usage is read by its days: no page that holds nothing else is opened, and none is read."""
    post([moved(wallet, "09-02")])
    for batch in range(3):
        post([used(wallet, f"09-{batch + 3:02d}", amount_micros=1) for _ in range(200)])
    with Wire() as wire:
        assert statement_of(wallet).lines[1].count == 600
    assert wire.calls == 4


SPANS = st.lists(st.tuples(st.integers(0, 60), st.booleans(), st.integers(0, 10**9)), max_size=12)


@given(SPANS)
@settings(max_examples=examples(12), deadline=None)
def test_whatever_moved_it_in_whatever_order_the_months_add_up(moves: list[tuple[int, bool, int]]) -> None:
    made = replace(account(unique("account")), created_at_ms=MADE_MS)
    assert accounts.create(made)
    postings = [
        make(next(_numbers), made.account_id, occurred_at_ms=MADE_MS + day * DAY_MS, amount_micros=micros)
        for day, is_credit, micros in moves
        for make in [credit if is_credit else debit]
    ]
    for part in (postings[::2], postings[1::2]):
        post(part)
    found = [statement_of(made, f"2026-{month}") for month in ("08", "09", "10")]
    assert [each.opening_micros for each in found] == [0, *(each.closing_micros for each in found[:2])]
    assert found[-1].closing_micros == read_wallet(made.account_id).balance_micros


def test_figures_that_do_not_add_up_are_no_statement() -> None:
    with pytest.raises(ValueError, match="does not add up"):
        MonthStatement(
            account_id="acme",
            month=SEPTEMBER,
            currency="usd",
            as_of_ms=at("10-01"),
            opening_micros=1,
            lines=(StatementLine("credit", "top_up", 1, 5),),
            closing_micros=5,
            card=Total(),
        )


def test_there_is_a_statement_of_each_month_since_the_account_was_made() -> None:
    made = replace(account("acme"), created_at_ms=parse_iso("2025-11-30T23:59:59.999Z"))
    assert months_of(made, at("02-01")) == ["2026-02", "2026-01", "2025-12", "2025-11"]
    assert read_month("2026-02", made, at("02-01")).end_ms == at("03-01", "00:00:00.000")
    for name in ("2025-10", "2026-03", "2026-2", "2026-13", "now", ""):
        with pytest.raises(StatementNotFound, match="from 2025-11 to 2026-02"):
            read_month(name, made, at("02-01"))


def test_the_name_of_a_file_is_a_month_and_one_ending() -> None:
    assert read_file_name("2026-11.pdf") == ("2026-11", File.PDF)
    assert read_file_name("2026-11.csv") == ("2026-11", File.CSV)
    for other in ("2026-11", "2026-11.", "2026-11.xml", ".pdfx", "pdf"):
        assert read_file_name(other) == (other, None)
