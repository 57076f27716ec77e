"""The door to the table `portal_sessions`."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.clock import now_ms
from chalicelib.portal import table
from chalicelib.portal.session import Form, Session
from chalicelib.portal.table import SessionRow
from tests.filled import filled

pytestmark = pytest.mark.usefixtures("memory")


def put(**changes: Any) -> Session:
    made = filled(Session, **{"expires_at_ms": now_ms(), "attempt": 1, **changes})
    table.put(made)
    return made


def test_a_session_with_everything_comes_back_as_it_was_written() -> None:
    full = put()
    assert table.find(full.session_id) == full


def test_a_session_with_nothing_but_what_it_must_have_comes_back_as_it_was_written() -> None:
    plain = replace(put(), session_id="plain", subject=None, return_url=None, locale=None, page=None, opened_at_ms=None)
    table.put(plain)
    assert table.find("plain") == plain


def test_what_was_never_begun_is_not_there() -> None:
    assert table.find("unheard of") is None
    assert table.take("unheard of", 1) is None
    table.delete("unheard of")


def test_a_link_is_taken_once() -> None:
    link = filled(Session, opened_at_ms=None)
    table.put(link)
    assert table.take(link.session_id, 5) == link
    assert table.take(link.session_id, 6) is None
    assert table.find(link.session_id) == replace(link, opened_at_ms=5)


def test_a_session_is_extended_and_forgotten_a_week_after_its_end() -> None:
    session = put()
    longer = replace(session, expires_at_ms=session.expires_at_ms + 60_000)
    table.extend(longer)
    assert table.find(session.session_id) == longer
    row = SessionRow.get(session.session_id)
    assert row.expires_at == longer.expires_at_ms // 1000 + 7 * 86_400


def test_a_session_that_has_ended_is_not_brought_back_by_extending_it() -> None:
    session = put()
    table.delete(session.session_id)
    table.extend(session)
    table.finish_attempt(session.session_id, "balance", 1)
    assert table.find(session.session_id) is None


def test_an_attempt_is_finished_once_and_none_is_gone_back_to() -> None:
    session = put()
    for finished, attempt in ((1, 2), (1, 2), (2, 3), (1, 3), (99_999, 3)):
        table.finish_attempt(session.session_id, "balance", finished)
        assert table.find(session.session_id) == replace(session, attempt=attempt)


def test_the_forms_of_each_kind_have_attempts_of_their_own() -> None:
    session = put(plan_attempt=None, credit_attempt=None, mail_attempt=None)
    forms: tuple[Form, ...] = ("plan", "credit", "mail")
    for form in forms:
        table.finish_attempt(session.session_id, form, 7)
        table.finish_attempt(session.session_id, form, 1)
        table.finish_attempt(session.session_id, form, 1)
    found = table.find(session.session_id)
    assert found == replace(session, plan_attempt=2, credit_attempt=2, mail_attempt=2)
    assert found is not None
    assert [found.attempt_of(form) for form in ("balance", *forms)] == [1, 2, 2, 2]
