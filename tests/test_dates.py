import pytest

from chalicelib.clock import iso
from chalicelib.dates import EARLIEST_MS, LATEST_MS, read_day, read_end, read_start
from chalicelib.http_input import InvalidRequest

FIRST, LAST = "1980-01-01", "9990-01-01"


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-11-23", "2026-11-23T00:00:00.000Z", "2026-11-24T00:00:00.000Z"),
        ("2024-02-29", "2024-02-29T00:00:00.000Z", "2024-03-01T00:00:00.000Z"),
        ("2026-11-23T20:41:05.120Z", "2026-11-23T20:41:05.120Z", "2026-11-23T20:41:05.120Z"),
        ("2026-11-23T20:41:05+02:00", "2026-11-23T18:41:05.000Z", "2026-11-23T18:41:05.000Z"),
    ],
)
def test_a_day_is_whole_and_a_moment_is_one(text: str, start: str, end: str) -> None:
    assert (iso(read_start(text, "from")), iso(read_end(text, "to"))) == (start, end)


@pytest.mark.parametrize("text", ["0001-01-01", "0001-01-01T00:00:00+14:00", "1969-12-31", "1970-01-01T00:00:00Z"])
def test_what_is_too_early_means_from_the_beginning(text: str) -> None:
    assert read_start(text, "from") == read_end(text, "to") == EARLIEST_MS


@pytest.mark.parametrize(
    "text", ["9999-12-31", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999Z", "9998-01-01"]
)
def test_what_is_too_late_means_without_end(text: str) -> None:
    assert read_start(text, "from") == read_end(text, "to") == LATEST_MS


def test_a_day_is_returned_as_it_is_stored() -> None:
    assert read_day("2026-11-23", "from") == "2026-11-23"
    assert (read_day("0001-01-01", "from"), read_day("9999-12-31", "to")) == (FIRST, LAST)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "x", "2026", "2026-11", "2026-02-30", "0000-01-01", "10000-01-01", "-2026-11-23", "2026-11-23\n"),
        *("20261123", "2026-W53-7", "2026-11-23Z", "\u0662\u0660\u0662\u0666-11-23", "9" * 5_000, "\ud800", "\x00"),
    ],
)
def test_what_is_no_day_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        read_day(text, "until")
    assert refusal.value.about["field"] == "until"
    refusal.value.detail.encode()


@pytest.mark.parametrize(
    "text", ["2026-11-23T20:41:05", "2026-W53-7", "2026-11-23T25:00:00Z", "now", "\ud800", "2026-02-30"]
)
def test_what_is_no_moment_is_refused_with_its_field(text: str) -> None:
    for read in (read_start, read_end):
        with pytest.raises(InvalidRequest) as refusal:
            read(text, "to")
        assert refusal.value.about["field"] == "to"
