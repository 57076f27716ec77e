"""The periods of the usage page, and what clients used in them: pure rules."""

import csv
import io

import pytest

from chalicelib.history.spreadsheet import sheet
from chalicelib.ledger.client_usage import ClientMeter
from chalicelib.ledger.daily_usage import Usage
from chalicelib.portal.client_shares import MonthRow, Share, costs_by_month, only_meter, own_share, shares
from chalicelib.portal.meter_totals import meter_totals
from chalicelib.portal.period import PRESETS, Period, PeriodInvalid, own_period, preset_period
from chalicelib.portal.usage_csv import write_client_months, write_days

TODAY = "2026-03-01"


def test_the_usual_periods_end_today_or_with_the_last_month() -> None:
    found = {name: preset_period(name, TODAY) for name in PRESETS}
    assert {name: (each.first, each.last, each.days) for name, each in found.items()} == {
        "7": ("2026-02-23", TODAY, 7),
        "30": ("2026-01-31", TODAY, 30),
        "90": ("2025-12-02", TODAY, 90),
        "month": (TODAY, TODAY, 1),
        "last-month": ("2026-02-01", "2026-02-28", 28),
    }
    assert found["90"].months == ["2025-12", "2026-01", "2026-02", "2026-03"]


@pytest.mark.parametrize(
    ("start", "end", "period"),
    [
        ("2026-02-01", "2026-02-10", ("2026-02-01", "2026-02-10")),
        ("2026-02-01", None, ("2026-02-01", TODAY)),
        (None, "2026-02-10", ("2026-01-12", "2026-02-10")),
        ("2026-03-01", "2026-04-30", (TODAY, TODAY)),
        ("2025-03-01", TODAY, ("2025-03-01", TODAY)),
    ],
)
def test_chosen_days_make_a_period_up_to_today(start: str | None, end: str | None, period: tuple[str, str]) -> None:
    assert own_period(start, end, TODAY) == Period(None, *period)


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        ("2026-02-10", "2026-02-01", "order"),
        ("2026-03-02", None, "future"),
        ("2025-02-28", TODAY, "length"),
    ],
)
def test_days_that_make_no_period_are_told_apart(start: str, end: str | None, reason: str) -> None:
    with pytest.raises(PeriodInvalid) as refused:
        own_period(start, end, TODAY)
    assert refused.value.about == {"field": "from", "reason": reason}


ROWS: list[MonthRow] = [
    (("2026-02", "acme.a"), {"sms": ClientMeter(2_000_000, 100, 300, 2), "email": ClientMeter(1_000_000, 7, 0, 1)}),
    (("2026-02", "acme.b"), {"sms": ClientMeter(1_000_000, 500, 400, 1)}),
    (("2026-03", "acme.a"), {"sms": ClientMeter(1_000_000, 50, 150, 1)}),
]


def test_clients_come_by_what_they_cost() -> None:
    found = shares(ROWS)
    assert found == [Share("acme.b", 500, 400), Share("acme.a", 157, 450)]
    assert [each.price_micros - each.cost_micros for each in found] == [-100, 293]
    assert shares(only_meter(ROWS, "email")) == [Share("acme.a", 7, 0)]
    assert own_share(1000, found) == Share(None, 343, 0)
    assert own_share(0, found).cost_micros == 0  # a client's usage came in between the two reads


def test_costs_of_clients_are_charted_by_month() -> None:
    assert costs_by_month(ROWS) == {
        "2026-02-01": {"sms": Usage(3_000_000, 600, 3), "email": Usage(1_000_000, 7, 1)},
        "2026-03-01": {"sms": Usage(1_000_000, 50, 1)},
    }


def test_meters_come_by_what_they_cost() -> None:
    days = {
        "2026-02-01": {"sms": Usage(2_345_678, 5, 1), "free": Usage(1_234, 0, 1)},
        "2026-02-02": {"sms": Usage(1_000_000, 5, 2), "voice": Usage(1_004_999, 90, 1)},
    }
    found = meter_totals(days, ["sms", "free"])
    assert [(each.meter, each.quantity_micros, each.amount_micros, each.count) for each in found] == [
        ("voice", 1_004_999, 90, 1),
        ("sms", 3_345_678, 10, 3),
        ("free", 1_234, 0, 1),
    ]
    assert [each.color for each in found[1:]] == [0, 1]


def table_of(text: str, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=delimiter))


def test_a_file_of_days_has_the_numbers_of_the_api() -> None:
    days = {
        "2026-02-02": {"sms": Usage(248_000_000, 12_400_000, 248)},
        "2026-02-01": {"email": Usage(3_000_000, 7_500, 3)},
    }
    assert table_of(write_days(sheet("en"), days, "usd")) == [
        ["Day (UTC)", "Meter", "Quantity", "Amount", "Currency", "Number of events"],
        ["2026-02-01", "email", "3", "0.0075", "usd", "3"],
        ["2026-02-02", "sms", "248", "12.40", "usd", "248"],
    ]
    assert table_of(write_days(sheet("de"), days, "usd"), ";")[1][3] == "0,0075"


def test_a_file_of_clients_has_both_sides() -> None:
    header, first, *rest = table_of(write_client_months(sheet("en"), ROWS, "jpy"))
    assert header[4:6] == ["You paid", "Client paid"]
    assert first == ["2026-02", "acme.a", "email", "1", "0.000007", "0", "jpy", "1"]
    assert len(rest) == 3
