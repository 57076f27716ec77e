"""Which changes of a difference are events."""

from typing import Any

import msgspec
import pytest

from chalicelib.notices.event import Event
from chalicelib.streams import MalformedRecord
from tests.build import TIME_MS
from tests.notices.records import difference, difference_record
from tests.notices.told import difference_events

OPEN = difference()
RESOLVED = difference(resolved_at_ms=TIME_MS + 86_400)


def told(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[Event]:
    return difference_events(difference_record(after, before))


def test_a_difference_is_told_when_it_is_found_and_when_it_is_resolved() -> None:
    (found,), (resolved,) = told(None, OPEN), told(OPEN, RESOLVED)
    assert (found.type, resolved.type) == ("difference.found", "difference.resolved")
    assert found.detail.id == "difference.found:acme:payment#pay_1:1790000000000"
    about = msgspec.to_builtins(found.detail)
    assert (about["at_stripe"], about["in_rows"], about["in_ledger"]) == ("25.00", None, None)
    assert about["account_id"] == "acme"
    assert found.at_ms < resolved.at_ms


@pytest.mark.parametrize(
    ("before", "after"),
    [(OPEN, {**OPEN, "seen_at_ms": 1_790_000_086_400}), (RESOLVED, RESOLVED), (OPEN, None), (None, RESOLVED)],
)
def test_what_is_seen_again_is_not_told_again(before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
    assert told(before, after) == []


def test_one_that_comes_again_is_told_with_another_id() -> None:
    (again,) = told(RESOLVED, {**OPEN, "found_at_ms": 1_790_000_172_800})
    assert again.type == "difference.found"
    assert again.detail.id != told(None, OPEN)[0].detail.id


def test_something_at_stripe_that_names_no_payment_of_ours_has_no_account() -> None:
    (found,) = told(None, {**OPEN, "account_id": "stripe#platform"})
    assert found.detail.account_id == ""
    assert "stripe#platform" in found.detail.id


def test_a_difference_that_cannot_be_read_is_malformed() -> None:
    with pytest.raises(MalformedRecord):
        told(None, {**OPEN, "found_at_ms": "yesterday"})
