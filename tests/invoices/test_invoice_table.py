"""The door to the table `invoices`."""

import pytest
from msgspec.structs import replace

from chalicelib.catalog.seller import DEFAULT_COLOR
from chalicelib.cursor import InvalidCursor
from chalicelib.invoices import table
from chalicelib.invoices.invoice import Brand, Invoice, Line, TaxLine
from chalicelib.invoices.table import CreditedAmount, State
from tests.build import unique
from tests.filled import filled
from tests.invoices.documents import invoice

pytestmark = pytest.mark.usefixtures("memory")


def issued(account_id: str, sequence: int) -> Invoice:
    made = invoice(account_id=account_id, sequence=sequence, cause=f"pay_{sequence}")
    assert table.add(made)
    return made


def test_a_document_comes_back_as_it_was_written() -> None:
    made = issued(unique("account"), 1)
    assert table.find(made.account_id, 1) == table.get(made.account_id, 1) == made
    assert table.find(made.account_id, 2) is None


def test_a_document_with_everything_comes_back_as_it_was_written() -> None:
    lines, tax = (filled(Line, amount_micros=5),), filled(TaxLine, inclusive=False, amount_micros=2)
    full = filled(Invoice, sequence=1, lines=lines, tax=tax, total_micros=7)
    assert table.add(full)
    assert table.find(full.account_id, 1) == full


def test_an_account_without_documents_begins_with_the_first_number() -> None:
    assert table.read("nobody", "pay_1") == State(0, {}, {})
    assert table.newest("nobody", limit=5) == table.InvoiceBatch([], None)


def test_numbers_follow_each_other_and_a_cause_has_one_document() -> None:
    account_id = unique("account")
    first = issued(account_id, 1)
    for taken in (replace(first, cause="pay_2"), replace(first, sequence=3, cause="pay_2"), replace(first, sequence=2)):
        assert not table.add(taken)
    issued(account_id, 2)
    state = table.read(account_id, "pay_1", "pay_2", "pay_3")
    assert (state.last, state.sequences) == (2, {"pay_1": 1, "pay_2": 2})


def test_what_is_credited_moves_with_the_note_and_over_what_was_read_or_not_at_all() -> None:
    account_id = unique("account")
    issued(account_id, 1)
    before, after = CreditedAmount(), CreditedAmount(5, 1)
    note = invoice(account_id=account_id, sequence=2, cause="re_1", kind="credit_note")
    assert not table.add(note, crediting="pay_1", before=CreditedAmount(9, 9), after=after)
    assert table.find(account_id, 2) is None
    assert table.add(note, crediting="pay_1", before=before, after=after)
    assert table.read(account_id, "pay_1").credited == {"pay_1": after}
    taken_back = invoice(account_id=account_id, sequence=3, cause="re_1#failed")
    assert table.add(taken_back, crediting="pay_1", before=after, after=before)
    assert table.read(account_id, "pay_1").credited == {"pay_1": before}


def test_documents_are_listed_newest_first_and_page_by_page() -> None:
    account_id = unique("account")
    made = [issued(account_id, sequence) for sequence in range(1, 6)]
    table.change_brand(account_id, {"color": "#7a3e9d"})
    first = table.newest(account_id, limit=2)
    second = table.newest(account_id, limit=2, cursor=first.next_cursor)
    last = table.newest(account_id, limit=2, cursor=second.next_cursor)
    assert [first.invoices, second.invoices, last.invoices] == [made[:2:-1], made[2:0:-1], made[:1]]
    assert last.next_cursor is None
    assert table.newest(account_id, limit=5).next_cursor is None


@pytest.mark.parametrize("cursor", ["x", "é", "MDE", "OTk5OTk5OTk5OTk5OQ", "===="])
def test_a_cursor_that_no_list_has_given_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        table.newest("acme", limit=5, cursor=cursor)


def test_of_a_brand_only_what_is_sent_is_changed() -> None:
    account_id = unique("account")
    assert table.find_brand(account_id) is None
    table.change_brand(account_id, {})
    assert table.find_brand(account_id) is None
    table.change_brand(account_id, {"color": "#7a3e9d", "logo": "ab" * 32})
    table.change_brand(account_id, {"logo": None})
    assert table.find_brand(account_id) == Brand("#7a3e9d", None)
    table.change_brand(account_id, {"color": None})
    assert table.find_brand(account_id) in {None, Brand(DEFAULT_COLOR, None)}
