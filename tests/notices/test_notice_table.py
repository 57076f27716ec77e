"""The door to the table `notices`."""

import pytest

from chalicelib import clock
from chalicelib.clock import from_ms, now_ms
from chalicelib.notices import table
from chalicelib.notices.choice import Choice
from chalicelib.notices.table import NoticeRow
from chalicelib.tables import read_rows
from tests.build import unique
from tests.filled import STRANGE, filled

pytestmark = pytest.mark.usefixtures("memory")


def test_an_account_that_has_not_chosen_has_the_default() -> None:
    assert table.choice_of("nobody") == Choice()


def test_a_choice_with_everything_comes_back_as_it_was_written() -> None:
    account_id = unique("account")
    chosen = filled(Choice, version=1, recipients=["kim@acme.example", "jo@bücher.example"])
    assert table.put_choice(account_id, chosen)
    assert table.choice_of(account_id) == chosen


def test_a_choice_is_written_over_the_version_before_it_or_not_at_all() -> None:
    account_id = unique("account")
    assert not table.put_choice(account_id, Choice(version=2))
    assert table.put_choice(account_id, Choice(version=1))
    assert not table.put_choice(account_id, Choice(version=1))
    assert table.put_choice(account_id, Choice(version=2))
    assert table.choice_of(account_id).version == 2


def test_choices_are_read_together_without_those_of_accounts_that_have_made_none() -> None:
    account_id = unique("account")
    chosen = filled(Choice, version=1)
    assert table.put_choice(account_id, chosen)
    assert table.choices_of([account_id, "nobody"]) == {account_id: chosen}
    assert table.choice_in(read_rows(table.choice_keys(account_id)), account_id) == chosen
    assert table.choice_in(read_rows(table.choice_keys("nobody")), "nobody") == Choice()


def test_a_mail_is_claimed_once_until_its_lease_is_over_and_never_after_it_was_sent() -> None:
    account_id, now = unique("account"), now_ms()
    assert table.claim(account_id, STRANGE, "event-1") == "claimed"
    assert table.claim(account_id, STRANGE, "event-1") == "busy"
    assert table.claim(account_id, "another", "event-1") == "claimed"
    with clock.moved_to(from_ms(now + table.LEASE_MS + 10_000)):
        assert table.claim(account_id, STRANGE, "event-1") == "claimed"
        table.note_sent(account_id, STRANGE, "ses-1")
    with clock.moved_to(from_ms(now + 10 * table.LEASE_MS)):
        assert table.claim(account_id, STRANGE, "event-1") == "sent"


def test_the_mark_of_a_mail_is_forgotten_after_sixty_days() -> None:
    account_id = unique("account")
    table.claim(account_id, "receipt", "event-1")
    row = NoticeRow.get(account_id, f"{table.MARK}receipt")
    assert 59.9 < (row.expires_at - now_ms() / 1000) / 86_400 <= 60


def test_a_mark_is_no_choice() -> None:
    account_id = unique("account")
    table.claim(account_id, table.CHOICE, "event-1")
    assert table.choice_of(account_id) == Choice()
