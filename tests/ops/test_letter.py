"""What is read of a dead letter, which ones are chosen, and how they are grouped."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ops.dead_letters.groups import DAY_MS, Group, add_to_groups, age
from ops.dead_letters.letter import GAVE_UP, Event, Letter, read_events, read_letter
from ops.dead_letters.letter_filter import LetterFilter
from tests.build import event


def received(body: str, **attributes: str) -> dict[str, Any]:
    """Return a message as SQS hands it over."""
    given = {name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()}
    message = {"MessageId": "letter-1", "Body": body, "Attributes": {"SentTimestamp": "1790000000000"}}
    return message | ({"MessageAttributes": given} if given else {})


def letter(*events: dict[str, Any], **attributes: str) -> Letter:
    return read_letter(received(json.dumps(events[0] if len(events) == 1 else events), **attributes))


@pytest.mark.parametrize(
    "wrap",
    [
        json.dumps,
        lambda sent: "\ufeff" + json.dumps([sent]),
        lambda sent: json.dumps({"Type": "Notification", "Message": json.dumps(sent)}),
        lambda sent: json.dumps({"detail-type": "usage", "source": "bus", "detail": sent}),
    ],
)
def test_the_event_is_read_whatever_is_around_it(wrap: Any) -> None:
    assert read_events(wrap(event("acme"))) == (Event("acme", "/messaging", "event-1"),)


def test_what_is_broken_about_an_event_does_not_hide_the_rest() -> None:
    assert read_events(json.dumps({"subject": "acme", "id": 7, "specversion": "1.0"})) == (Event("acme"),)


@given(st.text() | st.recursive(st.none() | st.text(), st.lists).map(json.dumps))
@example("[" * 100_000)
@example('{"a":' * 100_000)
@example('{"Message": "' + "[" * 100_000 + '"}')
@example("\ud800")
@example('{"detail": 1}')
@example("[]")
def test_any_body_makes_a_letter(body: str) -> None:
    assert read_letter(received(body)).events


def test_a_letter_that_sqs_moved_says_so() -> None:
    read = letter(event("acme"))
    assert (read.reason, read.message_id) == (GAVE_UP, "letter-1")
    assert "record_usage" in read.detail


def test_a_letter_that_was_put_says_what_its_attributes_say() -> None:
    read = read_letter(received("[", reason="not_json", detail="ends", account_id="acme", message_id="message-1"))
    assert (read.reason, read.detail, read.message_id) == ("not_json", "ends", "message-1")
    assert read.events == (Event("acme"),)


@pytest.mark.parametrize(
    ("choice", "touched", "covered"),
    [
        (LetterFilter(), True, True),
        (LetterFilter(reasons=frozenset({"conflict"})), True, True),
        (LetterFilter(reasons=frozenset({"too_old"})), False, False),
        (LetterFilter(accounts=frozenset({"acme"})), True, False),
        (LetterFilter(accounts=frozenset({"acme", "bakery"})), True, True),
        (LetterFilter(accounts=frozenset({"nobody"})), False, False),
        (LetterFilter(accounts=frozenset({"acme"}), ids=frozenset({"event-2"})), False, False),
        (LetterFilter(ids=frozenset({"event-2"})), True, False),
        (LetterFilter(ids=frozenset({"message-1"})), True, True),
        (LetterFilter(ids=frozenset({"message-1"}), accounts=frozenset({"acme"})), True, False),
        (LetterFilter(except_ids=frozenset({"message-1"})), False, False),
        (LetterFilter(except_ids=frozenset({"event-2"})), False, False),
        (LetterFilter(except_ids=frozenset({"event-3"})), True, True),
    ],
)
def test_a_message_of_two_events_is_touched_by_one_and_covered_by_both(
    choice: LetterFilter, touched: bool, covered: bool
) -> None:
    both = letter(event("acme", 1), event("bakery", 2), reason="conflict", message_id="message-1")
    assert (choice.matches_any(both), choice.matches_all(both)) == (touched, covered)


def test_a_letter_of_no_known_account_is_chosen_by_no_account() -> None:
    unreadable = read_letter(received("not json", reason="not_json"))
    assert not LetterFilter(accounts=frozenset({"acme"})).matches_any(unreadable)
    assert LetterFilter(reasons=frozenset({"not_json"})).matches_all(unreadable)


def test_letters_are_grouped_by_reason_and_account() -> None:
    groups: dict[tuple[str, str], Group] = {}
    add_to_groups(groups, [letter(event("acme", number), reason="conflict") for number in (1, 2)])
    add_to_groups(groups, [letter(event("bakery"), event("acme")), read_letter(received("x\x1b[2J", reason="no\x1b"))])
    counts = {key: group.count for key, group in groups.items()}
    assert counts == {("conflict", "acme"): 2, (GAVE_UP, "(2 accounts)"): 1, ("no\ufffd", ""): 1}
    assert "event-1 of /messaging" in groups["conflict", "acme"].example


@pytest.mark.parametrize(
    ("span_ms", "written"),
    [(0, "0 min"), (59 * 60_000, "59 min"), (90 * 60_000, "1 h 30 min"), (3 * DAY_MS + 4 * 3_600_000, "3 d 4 h")],
)
def test_an_age_is_written_in_its_two_largest_units(span_ms: int, written: str) -> None:
    assert age(span_ms) == written
