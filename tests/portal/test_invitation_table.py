"""The door to the table `invitations`."""

import pytest
from msgspec.structs import replace

from chalicelib.portal import invitation_table, table
from chalicelib.portal.invitation import Invitation, session_of_invitation
from tests.filled import filled

pytestmark = pytest.mark.usefixtures("memory")


def put(account_id: str, number: int = 1) -> Invitation:
    made = filled(Invitation, account_id=account_id, number=number, sent_at_ms=None, opened_at_ms=None)
    assert invitation_table.put_new(made)
    return made


def test_an_invitation_comes_back_as_it_was_written() -> None:
    full = filled(Invitation, account_id="full")
    assert invitation_table.put_new(full)
    assert invitation_table.find("full", full.number) == full
    assert invitation_table.find("full", full.number + 1) is None


def test_a_number_is_given_once() -> None:
    assert not invitation_table.put_new(replace(put("taken"), secret_hash="another"))


def test_the_newest_come_first_and_go_on_below_a_number() -> None:
    for number in (1, 2, 10):
        put("many", number)
    assert [each.number for each in invitation_table.newest("many", limit=2)] == [10, 2]
    assert [each.number for each in invitation_table.newest("many", limit=2, before=2)] == [1]


def test_one_opens_once_with_the_session_of_the_first() -> None:
    made = put("opened")
    first, second = (session_of_invitation(made, token, 1_790_000_000_000) for token in ("first", "second"))
    assert invitation_table.open_once(made, first)
    assert not invitation_table.open_once(made, second)
    assert table.find(first.session_id) == first
    assert table.find(second.session_id) is None
    (kept,) = invitation_table.newest("opened", limit=1)
    assert kept == replace(made, opened_at_ms=first.created_at_ms)


def test_a_mail_that_was_sent_is_noted() -> None:
    made = put("sent")
    assert invitation_table.note_sent(made, 7) == invitation_table.find("sent", 1) == replace(made, sent_at_ms=7)
